package io.tarn.index.maintain;

import io.tarn.index.feature.Metric;
import java.io.Serializable;

/**
 * Rows that are added up to a centroid. Sums in floating point depend on the order: those of
 * several lists are added in the order of the lists.
 */
public final class CentroidSum implements Serializable {
  private static final long serialVersionUID = 1L;

  private final double[] sums;
  private long rows;

  CentroidSum(int dimension) {
    this.sums = new double[dimension];
  }

  void add(float[] vectors, int from) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += vectors[from + i];
    }
    rows++;
  }

  /** Adds the rows of the next list to these. */
  public CentroidSum plus(CentroidSum next) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += next.sums[i];
    }
    rows += next.rows;
    return this;
  }

  /**
   * Puts the mean of the rows, of unit length under cosine, into {@code centroid}; nothing, if they
   * have none.
   */
  void mean(Metric metric, float[] centroid) {
    double scale = scale(metric);
    for (int i = 0; scale > 0 && i < sums.length; i++) {
      centroid[i] = (float) (sums[i] * scale);
    }
  }

  /** What makes a centroid of the sum; 0 if nothing does. */
  private double scale(Metric metric) {
    if (metric != Metric.COSINE) {
      return rows == 0 ? 0 : 1.0 / rows;
    }
    double squared = 0;
    for (double sum : sums) {
      squared += sum * sum;
    }
    return squared == 0 ? 0 : 1 / Math.sqrt(squared);
  }
}
