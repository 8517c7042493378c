package io.tarn.index.maintain;

import io.tarn.index.format.Format;
import io.tarn.index.segment.Segment;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** Writes rows of segments in the order of a segment: deletes first, then list by list. */
final class ListOrder {
  private ListOrder() {}

  /** Says which rows of the segments are written. */
  @FunctionalInterface
  interface Kept {
    boolean test(int segment, int row);
  }

  /** Writes rows of several segments, each list of one after that of the other. */
  static void merge(List<Segment> segments, Kept kept, SegmentOutput output) throws IOException {
    for (int i = 0; i < segments.size(); i++) {
      writeDeletes(segments.get(i), i, kept, output);
    }
    int[] next = segments.stream().mapToInt(Segment::deletes).toArray();
    for (int list = leastList(segments, next);
        list != Format.DELETES_LIST;
        list = leastList(segments, next)) {
      for (int i = 0; i < next.length; i++) {
        Segment segment = segments.get(i);
        int row = next[i];
        for (; row < segment.rowCount() && segment.lists().listOf(row) == list; row++) {
          if (kept.test(i, row)) {
            output.add(list, segment.feature(row));
          }
        }
        next[i] = row;
      }
    }
  }

  private static int leastList(List<Segment> segments, int[] next) {
    int least = Format.DELETES_LIST;
    for (int i = 0; i < next.length; i++) {
      Segment segment = segments.get(i);
      if (next[i] < segment.rowCount()) {
        int list = segment.lists().listOf(next[i]);
        least = least == Format.DELETES_LIST ? list : Math.min(least, list);
      }
    }
    return least;
  }

  /** Writes rows of one segment under other lists. */
  static void move(Segment segment, int[] lists, Kept kept, SegmentOutput output)
      throws IOException {
    long[] sorted = new long[segment.rowCount() - segment.deletes()];
    for (int i = 0; i < sorted.length; i++) {
      int row = segment.deletes() + i;
      sorted[i] = (long) lists[row] << Integer.SIZE | row;
    }
    Arrays.sort(sorted);
    writeDeletes(segment, 0, kept, output);
    for (long listAndRow : sorted) {
      int row = (int) listAndRow;
      if (kept.test(0, row)) {
        output.add((int) (listAndRow >>> Integer.SIZE), segment.feature(row));
      }
    }
  }

  private static void writeDeletes(Segment segment, int number, Kept kept, SegmentOutput output)
      throws IOException {
    for (int row = 0; row < segment.deletes(); row++) {
      if (kept.test(number, row)) {
        output.addDelete(segment.feature(row));
      }
    }
  }
}
