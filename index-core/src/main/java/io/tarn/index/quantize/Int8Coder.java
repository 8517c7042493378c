package io.tarn.index.quantize;

import io.tarn.index.feature.Metric;

/**
 * Codes a vector with a byte a dimension: what it is off its list's centroid, divided by a step and
 * rounded. Distances are estimated from the bytes, with a bound on the error that always holds.
 *
 * <p><b>Derivation.</b> Let c be the centroid of a row's list, r = x - c, t the step and v the
 * values r / t, rounded to whole numbers from -127 to 127. With e = |r - t v|,
 *
 * <pre>  |⟨r, q - c⟩ - t ⟨v, q - c⟩| ≤ e · |q - c|  </pre>
 *
 * by Cauchy and Schwarz. The rest is as in {@link RaBitQCoder}: {@link RowCode#scale} is t, doubled
 * under l2, {@link RowCode#error} is e, doubled likewise.
 *
 * <p><b>Why a step for each row.</b> The step is the row's largest difference from its centroid,
 * divided by 127. One step for the index would have to be known before the first row is coded, and
 * a stream brings rows that lie beyond what was known; they would be cut off, and their errors have
 * no bound worth the name. A row's own step costs four bytes and cuts nothing off, and rows near
 * their centroids, which are most of those that a search has to tell apart, get small steps.
 *
 * <p>Beside {@link RaBitQCoder} with eight bits: no row is ever missed in a list that is looked at,
 * as the bound is no matter of probability; and it is wider, by some √d. There is no rotation.
 *
 * <p>Not thread-safe.
 */
public final class Int8Coder implements RowCoder {
  private static final int MAX_VALUE = Byte.MAX_VALUE;

  private final Metric metric;
  private final int dimension;
  private final float[] residual;

  public Int8Coder(Metric metric, int dimension) {
    this.metric = metric;
    this.dimension = dimension;
    this.residual = new float[dimension];
  }

  @Override
  public void encode(
      float[] rows, int rowOffset, float[] centroids, int centroidOffset, RowCode out) {
    double alongCentroid = 0;
    double squaredNorm = 0;
    float largest = 0;
    for (int i = 0; i < dimension; i++) {
      float value = rows[rowOffset + i] - centroids[centroidOffset + i];
      residual[i] = value;
      alongCentroid += (double) value * centroids[centroidOffset + i];
      squaredNorm += (double) value * value;
      largest = Math.max(largest, Math.abs(value));
    }
    float step = largest / MAX_VALUE;
    double squaredError = round(step, out.bits);
    float weight = metric == Metric.L2 ? 2 : 1;
    out.offset = (float) (metric == Metric.L2 ? squaredNorm : -alongCentroid);
    out.scale = weight * step;
    out.error = largest == 0 ? 0 : Math.nextUp(weight * (float) Math.sqrt(squaredError));
  }

  /** Rounds the residual; returns the square of what that leaves out. */
  private double round(float step, byte[] out) {
    float inverse = step == 0 ? 0 : 1 / step;
    double squaredError = 0;
    for (int i = 0; i < dimension; i++) {
      float steps = residual[i] * inverse;
      int value = (int) (steps + (steps < 0 ? -0.5f : 0.5f));
      value = Math.max(-MAX_VALUE, Math.min(MAX_VALUE, value));
      out[i] = (byte) value;
      double error = residual[i] - (double) step * value;
      squaredError += error * error;
    }
    return squaredError;
  }
}
