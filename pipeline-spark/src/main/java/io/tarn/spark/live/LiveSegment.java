package io.tarn.spark.live;

import io.tarn.index.snapshot.SegmentRef;
import java.io.Serializable;

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

  /** How many rows are live. */
  public long liveRows() {
    long count = 0;
    for (long word : live) {
      count += Long.bitCount(word);
    }
    return count;
  }
}
