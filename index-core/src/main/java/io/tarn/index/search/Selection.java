package io.tarn.index.search;

import io.tarn.index.filter.BoundFilter;
import java.util.ArrayList;
import java.util.List;

/**
 * The rows of a view that a search may return: those that are live and, if there is a filter, for
 * which it is true. One bitmap a segment.
 */
final class Selection {
  private final List<long[]> bitmaps;
  private final long count;
  private final boolean filtered;

  private Selection(List<long[]> bitmaps, long count, boolean filtered) {
    this.bitmaps = bitmaps;
    this.count = count;
    this.filtered = filtered;
  }

  static Selection of(LiveRows live) {
    return new Selection(live.bitmaps(), live.count(), false);
  }

  static Selection of(LiveRows live, List<LoadedSegment> segments, BoundFilter filter) {
    List<long[]> bitmaps = new ArrayList<>();
    long count = 0;
    for (int s = 0; s < segments.size(); s++) {
      long[] rows = filter.matching(segments.get(s).segment);
      long[] ofLive = live.bitmaps().get(s);
      for (int word = 0; word < rows.length; word++) {
        rows[word] &= ofLive[word];
        count += Long.bitCount(rows[word]);
      }
      bitmaps.add(rows);
    }
    return new Selection(bitmaps, count, true);
  }

  long count() {
    return count;
  }

  /** Whether a filter, and not only being live, decides. */
  boolean isFiltered() {
    return filtered;
  }

  long[] bitmap(int segment) {
    return bitmaps.get(segment);
  }

  /** The rows from {@code row}, possibly negative, to {@code row + 63}; row + i is bit i. */
  static long window(long[] bitmap, int row) {
    int word = row >> 6;
    int shift = row & 63;
    long low = word >= 0 && word < bitmap.length ? bitmap[word] >>> shift : 0;
    long high =
        shift != 0 && word + 1 >= 0 && word + 1 < bitmap.length
            ? bitmap[word + 1] << 64 - shift
            : 0;
    return low | high;
  }
}
