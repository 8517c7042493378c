package io.tarn.index.feature;

import io.tarn.index.feature.RejectedFeatureException.Reason;

/** Which vectors an index takes, and the form in which it stores them. */
public final class VectorRules {
  private VectorRules() {}

  /**
   * Checks a vector and brings it to its stored form: unit length under {@link Metric#COSINE},
   * unchanged otherwise. Used for features and for queries alike.
   *
   * @return the stored form; the argument itself where nothing had to change
   * @throws RejectedFeatureException if the vector is null, has the wrong dimension, holds NaN or
   *     an infinity, or is zero under cosine
   */
  public static float[] accept(Schema schema, float[] vector) throws RejectedFeatureException {
    if (vector == null) {
      throw new RejectedFeatureException(Reason.MISSING_VECTOR, "the vector is missing");
    }
    if (vector.length != schema.dimension()) {
      throw new RejectedFeatureException(
          Reason.WRONG_DIMENSION,
          "the vector has " + vector.length + " values, the index has " + schema.dimension());
    }
    for (int i = 0; i < vector.length; i++) {
      if (!Float.isFinite(vector[i])) {
        throw new RejectedFeatureException(
            Reason.NOT_FINITE, "value " + i + " of the vector is " + vector[i]);
      }
    }
    return schema.metric() == Metric.COSINE ? toUnitLength(vector) : vector;
  }

  private static float[] toUnitLength(float[] vector) throws RejectedFeatureException {
    double squaredNorm = 0;
    for (float value : vector) {
      squaredNorm += (double) value * value;
    }
    if (squaredNorm == 0) {
      throw new RejectedFeatureException(
          Reason.ZERO_VECTOR, "a zero vector has no direction, which cosine needs");
    }
    double scale = 1 / Math.sqrt(squaredNorm);
    float[] unit = new float[vector.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (vector[i] * scale);
    }
    return unit;
  }
}
