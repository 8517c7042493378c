package io.tarn.index.quantize;

/** Codes rows one at a time. Not thread-safe. */
public sealed interface RowCoder permits RaBitQCoder, Int8Coder {
  /**
   * Codes the vector that begins at {@code rowOffset}. A vector so long that its factors overflow
   * gets factors that are not finite; readers then look at the vector itself.
   *
   * @param centroidOffset where the centroid of the vector's list begins
   * @param out made for the same quantizer and dimension
   */
  void encode(float[] rows, int rowOffset, float[] centroids, int centroidOffset, RowCode out);
}
