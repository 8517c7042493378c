package io.tarn.index.search;

import io.tarn.index.kernel.CodeKernels;

/**
 * A query as the {@link RowCodes} of one list see it: its difference from the centroid, rotated if
 * they are. Reused from list to list.
 */
final class ResidualQuery {
  private static final int NO_LIST = -1;

  /** The difference, and zeros up to whole chunks of packed values. */
  final float[] values;

  /** The sum of the values. */
  float sum;

  /** The distance of query and centroid, by the metric. */
  float base;

  /** The Euclidean distance of query and centroid, or a little more. */
  float length;

  /** No less than the lengths of all vectors together from which the values were computed. */
  float reach;

  /** By how much the base may be off, and what of it goes into distances. */
  float baseError;

  /** What {@link RowCodes#estimate} found: no distance is smaller. */
  float lower;

  /** What {@link RowCodes#estimate} found: no distance is larger. */
  float upper;

  private int list = NO_LIST;
  private boolean rotated;

  ResidualQuery(int dimension) {
    int chunk = CodeKernels.MAX_CHUNK_VALUES;
    values = new float[(dimension + chunk - 1) / chunk * chunk];
  }

  /** Forgets the query. */
  void clear() {
    list = NO_LIST;
  }

  /** Whether it is ready for a list. */
  boolean isFor(int otherList, boolean isRotated) {
    return list == otherList && rotated == isRotated;
  }

  /**
   * Makes ready for a list whose difference from the query has just been put into {@link #values}.
   *
   * @param distance of query and centroid, by the metric
   * @param rounding more than the rounding of that distance
   * @param spread their Euclidean distance
   * @param detour the length of what was added to query and centroid before they were subtracted
   */
  void prepare(
      int newList, boolean isRotated, float distance, float rounding, float spread, float detour) {
    list = newList;
    rotated = isRotated;
    base = distance;
    length = spread;
    baseError = 2 * rounding + Float.MIN_NORMAL;
    // The rounding is a share of the squared lengths of query and centroid, or of what is between.
    reach = spread + 1.5f * (float) Math.sqrt(rounding / CodeBlocks.ROUNDING) + 2 * detour;
    float total = 0;
    for (float value : values) {
      total += value;
    }
    sum = total;
  }
}
