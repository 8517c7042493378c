package io.tarn.index.centroid;

import io.tarn.index.feature.Schema;
import io.tarn.index.quantize.Quantizer;

/** Models for tests that need one but care little which. */
public final class TestModels {
  private TestModels() {}

  /** One list, numbered 0, whose centroid is the origin, and no codes. */
  public static Model anyOf(Schema schema) {
    return withLists(schema, 0);
  }

  /**
   * The centroids of all lists are the origin, and there are no codes.
   *
   * @param ascending numbers of the lists; if there are none, there is a list 0
   */
  public static Model withLists(Schema schema, int... ascending) {
    int[] listIds = ascending.length == 0 ? new int[1] : ascending;
    return new Model(
        schema.metric(),
        schema.dimension(),
        listIds,
        listIds[listIds.length - 1] + 1,
        new float[listIds.length * schema.dimension()],
        new Quantizer.None());
  }
}
