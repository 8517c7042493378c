package io.tarn.spark.neighbours;

import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.io.Serializable;

/**
 * Which rows are neighbours: those whose distance, as searches report it, is not larger than a
 * limit. Whatever it says of Euclidean distances allows for the rounding of all that is computed.
 */
final class Reach implements Serializable {
  /** Squares of what is larger overflow. */
  static final float MAX_MEASURED = 1e18f;

  private static final double UNIT_ROUNDING = 0x1p-24;

  private final Metric metric;
  private final float limit;
  private final double rounding;
  private final double euclidean;

  /**
   * @param limit squared l2, or 1 - cosine
   * @throws IllegalArgumentException under inner product, which is no distance
   */
  Reach(Metric metric, int dimension, float limit) {
    this.metric = metric;
    this.limit = limit;
    // Sums of so many products, each rounded; squares below the smallest number vanish.
    this.rounding = 2 * (dimension + 16) * UNIT_ROUNDING;
    double vanishing = Math.sqrt(dimension * (double) Float.MIN_NORMAL);
    this.euclidean =
        switch (metric) {
          case L2 -> Math.sqrt(limit) * (1 + rounding) + vanishing;
          // Of vectors of length 1, but for rounding: |x - y|² = 2 (1 - xy).
          case COSINE -> Math.sqrt(2.0 * limit + 8 * rounding);
          case INNER_PRODUCT ->
              throw new IllegalArgumentException("an inner product is no distance");
        };
  }

  /** The largest Euclidean distance of neighbours. */
  double euclidean() {
    return euclidean;
  }

  /** By how much a computed Euclidean distance may be wrong. */
  double slack(double distance) {
    return distance * rounding + euclidean * rounding;
  }

  /** The distance of two rows if they are neighbours; otherwise NaN. */
  float distance(float[] a, int atA, float[] b, int atB, int dimension) {
    VectorKernels kernels = Kernels.best();
    float distance =
        metric == Metric.L2
            ? kernels.squaredL2(a, atA, b, atB, dimension)
            : Math.max(0, 1 - kernels.dot(a, atA, b, atB, dimension));
    return distance <= limit ? distance : Float.NaN;
  }
}
