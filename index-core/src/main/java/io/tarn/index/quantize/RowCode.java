package io.tarn.index.quantize;

/** The code of one row, reused from row to row: what {@link RaBitQCoder} computes. */
public final class RowCode {
  /**
   * Bit i of the code, in bit i % 8 of byte i / 8: whether the rotated residual is not negative.
   */
  public final byte[] bits;

  /** The part of the distance that does not depend on the query. */
  public float offset;

  /** How much one unit of the signed sum of the query takes off the distance. */
  public float scale;

  /** The standard error of the distance for each unit of the query's distance to the centroid. */
  public float error;

  public RowCode(int dimension) {
    bits = new byte[(dimension + Byte.SIZE - 1) / Byte.SIZE];
  }
}
