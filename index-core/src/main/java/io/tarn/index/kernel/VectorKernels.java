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
   * The inner products of many rows and many rows, as assignment needs them.
   *
   * @param out {@code out[i * bCount + j]} receives the product of row i of a and row j of b
   */
  void dotMatrix(
      float[] a,
      int aOffset,
      int aCount,
      float[] b,
      int bOffset,
      int bCount,
      int dimension,
      float[] out);

  /** What is logged, such as {@code "SIMD, 16 floats"}. */
  String description();
}
