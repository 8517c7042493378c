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
  /** A part is not larger, unless a segment is, or all tasks run in this JVM. */
  private static final long MAX_PART_BYTES = 256L << 20;

  /**
   * Of the heap, where there is one; a file takes about as much memory as it has bytes, or less.
   */
  private static final double LOCAL_HEAP_SHARE = 0.25;

  /** Less is not worth a task of its own. */
  private static final long MIN_PART_BYTES = 1L << 20;

  private final ArrayList<ArrayList<LiveSegment>> parts = new ArrayList<>();

  /** The parts that have rows of a list. */
  private final HashMap<Integer, BitSet> partsOfList = new HashMap<>();

  private long liveRows;

  /**
   * Divides an index. On a cluster into as many parts as would keep all tasks busy; in one JVM, of
   * which all tasks share the memory, into as few as fit.
   *
   * @param tasks how many run at once
   * @param isLocal whether they all run in this JVM
   */
  static Parts of(List<LiveSegment> segments, int tasks, boolean isLocal) {
    if (isLocal) {
      long share = (long) (Runtime.getRuntime().maxMemory() * LOCAL_HEAP_SHARE);
      return ofBytes(segments, Math.max(MAX_PART_BYTES, share));
    }
    long bytes =
        segments.stream()
            .filter(segment -> segment.liveRows() > 0)
            .mapToLong(segment -> segment.ref().file().bytes())
            .sum();
    return ofBytes(
        segments, Math.max(MIN_PART_BYTES, Math.min(MAX_PART_BYTES, bytes / Math.max(1, tasks))));
  }

  /** Divides an index into parts that are not larger than so many bytes, unless a segment is. */
  static Parts ofBytes(List<LiveSegment> segments, long limit) {
    Parts parts = new Parts();
    long partBytes = limit;
    for (LiveSegment segment : segments) {
      if (segment.liveRows() == 0) {
        continue;
      }
      parts.liveRows += segment.liveRows();
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
