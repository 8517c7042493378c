package io.tarn.index.kernel;

/**
 * The loops over floats in which nearly all time is spent. Implementations agree up to rounding;
 * each gives the same result for the same row whatever rows stand around it, so that answers do not
 * depend on how rows are batched.
 */
public interface VectorKernels {
  /** The squared Euclidean distance of {@code a[aOffset…]} and {@code b[bOffset…]}. */
  float squaredL2(float[] a, int aOffset, float[] b, int bOffset, int dimension);

  /** The inner product of {@code a[aOffset…]} and {@code b[bOffset…]}. */
  float dot(float[] a, int aOffset, float[] b, int bOffset, int dimension);

  /**
   * The squared distances of one query and many rows.
   *
   * @param rows row-major; the first row begins at {@code rowOffset}
   * @param out receives {@code rowCount} distances
   */
  default void squaredL2(
      float[] query, float[] rows, int rowOffset, int rowCount, int dimension, float[] out) {
    for (int r = 0; r < rowCount; r++) {
      out[r] = squaredL2(query, 0, rows, rowOffset + r * dimension, dimension);
    }
  }

  /** The inner products of one query and many rows, as {@link #squaredL2}. */
  default void dot(
      float[] query, float[] rows, int rowOffset, int rowCount, int dimension, float[] out) {
    for (int r = 0; r < rowCount; r++) {
      out[r] = dot(query, 0, rows, rowOffset + r * dimension, dimension);
    }
  }

  /**
   * The squared distances of one query and rows that lie apart.
   *
   * @param rows row-major; row 0 begins at {@code rowOffset}
   * @param numbers which rows; those from {@code from} up to {@code to} count
   * @param out receives the distance of row {@code numbers[i]} at i
   */
  default void squaredL2(
      float[] query,
      float[] rows,
      int rowOffset,
      int[] numbers,
      int from,
      int to,
      int dimension,
      float[] out) {
    for (int i = from; i < to; i++) {
      out[i] = squaredL2(query, 0, rows, rowOffset + numbers[i] * dimension, dimension);
    }
  }

  /** The inner products of one query and rows that lie apart, as {@link #squaredL2}. */
  default void dot(
      float[] query,
      float[] rows,
      int rowOffset,
      int[] numbers,
      int from,
      int to,
      int dimension,
      float[] out) {
    for (int i = from; i < to; i++) {
      out[i] = dot(query, 0, rows, rowOffset + numbers[i] * dimension, dimension);
    }
  }

  /** How many rows stand side by side in the panels {@link #nearest} takes. */
  int panelWidth();

  /**
   * For each of many rows the nearest of many packed rows: the one with the smallest penalty minus
   * inner product, and of equals the one packed first. With half its squared length as penalty that
   * is the nearest by Euclidean distance.
   *
   * @param rows row-major; the first row begins at {@code rowOffset}
   * @param packed in panels {@link #panelWidth} rows wide
   * @param nearest receives, from {@code outOffset} on, the place of each row's nearest packed row;
   *     -1 if no score is a number below infinity
   * @param scores receives, from {@code outOffset} on, its penalty minus the inner product
   */
  void nearest(
      float[] rows,
      int rowOffset,
      int rowCount,
      PackedRows packed,
      int[] nearest,
      float[] scores,
      int outOffset);

  /** How many of the first {@code count} values are smaller than a limit. */
  int countBelow(float[] values, int count, float limit);

  /**
   * Where the values are that are smaller than a limit.
   *
   * @param places receives the places of those of the first {@code count} values, ascending; has
   *     room for so many, whose content is undefined beyond those found
   * @return how many they are
   */
  int placesBelow(float[] values, int count, float limit, int[] places);

  /** What is logged, such as {@code "SIMD, 16 floats"}. */
  String description();
}
