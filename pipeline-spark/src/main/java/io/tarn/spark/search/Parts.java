package io.tarn.spark.search;

import io.tarn.index.snapshot.SegmentRef;
import io.tarn.spark.live.LiveSegment;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An index in parts, each some of its segments: what one task holds at a time. As segments are
 * sorted by list, and large ones hold few lists, most queries concern few parts.
 */
final class Parts implements Serializable {
  /** A part is not larger, unless a segment is. */
  private static final long MAX_PART_BYTES = 256L << 20;

  /** Less is not worth a task of its own. */
  private static final long MIN_PART_BYTES = 1L << 20;

  private final ArrayList<ArrayList<LiveSegment>> parts = new ArrayList<>();

  /** The parts that have rows of a list. */
  private final HashMap<Integer, BitSet> partsOfList = new HashMap<>();

  private long liveRows;

  /**
   * Divides an index.
   *
   * @param tasks how many parts would be welcome
   */
  static Parts of(List<LiveSegment> segments, int tasks) {
    Parts parts = new Parts();
    long bytes = 0;
    for (LiveSegment segment : segments) {
      bytes += segment.liveRows() == 0 ? 0 : segment.ref().file().bytes();
      parts.liveRows += segment.liveRows();
    }
    long limit = Math.max(MIN_PART_BYTES, Math.min(MAX_PART_BYTES, bytes / Math.max(1, tasks)));
    long partBytes = limit;
    for (LiveSegment segment : segments) {
      if (segment.liveRows() == 0) {
        continue;
      }
      if (partBytes + segment.ref().file().bytes() > limit) {
        parts.parts.add(new ArrayList<>());
        partBytes = 0;
      }
      partBytes += segment.ref().file().bytes();
      parts.add(segment);
    }
    return parts;
  }

  private void add(LiveSegment segment) {
    parts.get(parts.size() - 1).add(segment);
    for (int list : segment.lists()) {
      partsOfList.computeIfAbsent(list, unused -> new BitSet()).set(parts.size() - 1);
    }
  }

  /** How many parts there are. */
  int count() {
    return parts.size();
  }

  /** How many rows are live. */
  long liveRows() {
    return liveRows;
  }

  /** The segments of a part, by their refs, with their live rows. */
  Map<SegmentRef, long[]> segments(int part) {
    Map<SegmentRef, long[]> segments = new LinkedHashMap<>();
    parts.get(part).forEach(segment -> segments.put(segment.ref(), segment.live()));
    return segments;
  }

  /** All parts. */
  BitSet all() {
    BitSet all = new BitSet();
    all.set(0, count());
    return all;
  }

  /**
   * The parts that have rows of some lists.
   *
   * @param listIds the numbers of all lists of the model
   * @param places where in these the lists are
   */
  BitSet with(int[] listIds, int[] places) {
    BitSet concerned = new BitSet();
    for (int place : places) {
      BitSet having = partsOfList.get(listIds[place]);
      if (having != null) {
        concerned.or(having);
      }
    }
    return concerned;
  }
}
