package io.tarn.spark.live;

import io.tarn.index.snapshot.SegmentRef;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A segment and which of its rows are live: neither superseded, by whatever row of the snapshot,
 * nor deletes.
 *
 * @param ref the segment
 * @param lists the lists that it has rows of, ascending
 * @param live the bitmap of the live rows: row r is bit {@code r & 63} of word {@code r >> 6}; it
 *     has {@code (rows + 63) / 64} words, deletes counted
 */
public record LiveSegment(SegmentRef ref, int[] lists, long[] live) implements Serializable {

  /**
   * Some of the live rows: those behind the first {@code skipped}, at most {@code count}, and then
   * up to the end of a word of the bitmap.
   */
  private LiveSegment some(long skipped, long count) {
    long[] chosen = new long[live.length];
    long before = 0;
    for (int word = 0; word < live.length; word++) {
      if (before >= skipped && before < skipped + count) {
        chosen[word] = live[word];
      }
      before += Long.bitCount(live[word]);
    }
    return new LiveSegment(ref, lists, chosen);
  }

  /** The live rows in so many parts, of about the same size, or fewer if they are few. */
  public List<LiveSegment> split(int parts) {
    if (parts <= 1) {
      return List.of(this);
    }
    long rows = liveRows();
    List<LiveSegment> split = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      long from = rows * part / parts;
      LiveSegment some = some(from, rows * (part + 1) / parts - from);
      if (some.liveRows() > 0) {
        split.add(some);
      }
    }
    return split;
  }

  /** How many rows are live. */
  public long liveRows() {
    long count = 0;
    for (long word : live) {
      count += Long.bitCount(word);
    }
    return count;
  }
}
