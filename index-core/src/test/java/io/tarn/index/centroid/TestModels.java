package io.tarn.index.centroid;

import io.tarn.index.feature.Schema;
import io.tarn.index.quantize.Quantizer;

/** Models for tests that need one but care little which. */
public final class TestModels {
  private TestModels() {}

  /** One list, numbered 0, whose centroid is the origin, and no codes. */
  public static Model anyOf(Schema schema) {
    return Model.of(
        schema.metric(), schema.dimension(), new float[schema.dimension()], new Quantizer.None());
  }
}
