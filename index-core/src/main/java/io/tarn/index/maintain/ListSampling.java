package io.tarn.index.maintain;

import io.tarn.index.segment.ListRuns;
import io.tarn.index.segment.Segment;
import java.io.Serializable;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * Which of the newest rows of some lists are looked at to find centroids: every n-th of a segment,
 * so that what is held has a limit, however many rows there are. It depends on the snapshot alone,
 * and each segment can be drawn from by itself.
 */
public final class ListSampling implements Serializable {
  private static final long serialVersionUID = 1L;

  /** For all lists together: 256 MiB. */
  private static final long MAX_FLOATS = 64L << 20;

  /** For one list: 32 MiB. */
  private static final long MAX_FLOATS_PER_LIST = 8L << 20;

  private final int dimension;
  private final TreeMap<Integer, Long> strides = new TreeMap<>();

  private ListSampling(int dimension, Map<Integer, Long> live, long mostRows) {
    this.dimension = dimension;
    live.forEach((list, rows) -> strides.put(list, Math.max(1, (rows + mostRows - 1) / mostRows)));
  }

  /**
   * Draws about so many rows a list.
   *
   * @param live by list how many live rows it has
   * @param floats for all lists together, if that is less than there may be
   */
  static ListSampling of(int dimension, SortedMap<Integer, Long> live, long floats) {
    long perList = Math.min(MAX_FLOATS, floats) / Math.max(1, live.size());
    return new ListSampling(
        dimension, live, Math.max(2, Math.min(MAX_FLOATS_PER_LIST, perList) / dimension));
  }

  /** Draws as many rows as there may be, to divide lists by. */
  public static ListSampling toDivide(int dimension, SortedMap<Integer, Long> live) {
    return of(dimension, live, MAX_FLOATS);
  }

  /** The lists whose rows are drawn. */
  Set<Integer> lists() {
    return strides.keySet();
  }

  /**
   * The rows that are drawn of one list of a segment, row-major.
   *
   * @param number the place of the segment in its snapshot
   * @param run of the segment's {@link Segment#lists}
   * @param isNewest whether a row is the newest of its id
   * @return empty if it is none of the lists
   */
  public float[] draw(Segment segment, int number, int run, IntPredicate isNewest) {
    ListRuns runs = segment.lists();
    Long stride = strides.get(runs.list(run));
    if (stride == null) {
      return new float[0];
    }
    long first = first(number, runs.list(run), stride);
    int from = runs.start(run);
    int to = runs.end(run);
    float[] rows = new float[Math.toIntExact(count(from, to, isNewest, first, stride) * dimension)];
    long passed = 0;
    int used = 0;
    for (int row = from; row < to; row++) {
      if (isNewest.test(row) && passed++ % stride == first) {
        segment.vectors().copy(row - segment.deletes(), rows, used);
        used += dimension;
      }
    }
    return rows;
  }

  /** What was drawn of one list, in the order of the segments, as one array. */
  public static float[] joined(Collection<float[]> drawn) {
    float[] rows = new float[drawn.stream().mapToInt(some -> some.length).sum()];
    int used = 0;
    for (float[] some : drawn) {
      System.arraycopy(some, 0, rows, used, some.length);
      used += some.length;
    }
    return rows;
  }

  /** Not 0 in each segment: of lists that have a row or two in each, all would be drawn. */
  private static long first(int number, int list, long stride) {
    return new SplittableRandom((long) number << Integer.SIZE | list).nextLong(stride);
  }

  private static long count(int from, int to, IntPredicate isNewest, long first, long stride) {
    long newest = 0;
    for (int row = from; row < to; row++) {
      newest += isNewest.test(row) ? 1 : 0;
    }
    return (newest + stride - 1 - first) / stride;
  }
}
