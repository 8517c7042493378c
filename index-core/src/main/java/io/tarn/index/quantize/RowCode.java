package io.tarn.index.quantize;

/** The code of one row, reused from row to row: what a {@link RowCoder} computes. */
public final class RowCode {
  /**
   * What the column {@code code} holds. Of {@link RaBitQCoder} bit i, in bit i % 8 of byte i / 8:
   * whether value i of the rotated residual is not negative. Of {@link Int8Coder} value i in byte
   * i.
   */
  public final byte[] bits;

  /** What {@code code_full} holds, as {@link RaBitQCoder} says; empty if there is none. */
  public final byte[] full;

  /** The part of the distance that does not depend on the query. */
  public float offset;

  /** How much one unit of the query's product with the code takes off the distance. */
  public float scale;

  /**
   * The error of the distance for each unit of the query's distance to the centroid: the standard
   * error for {@link RaBitQCoder}, the largest for {@link Int8Coder}.
   */
  public float error;

  /** As {@link #scale}, of the full code. */
  public float fullScale;

  /** As {@link #error}, of the full code. */
  public float fullError;

  /** For codes of one bit. */
  public RowCode(int dimension) {
    this(new Quantizer.RaBitQ(), dimension);
  }

  /** For the codes of a quantizer. */
  public RowCode(Quantizer quantizer, int dimension) {
    bits = new byte[quantizer.codeBytes(dimension)];
    full = new byte[quantizer.fullCodeBytes(dimension)];
  }
}
