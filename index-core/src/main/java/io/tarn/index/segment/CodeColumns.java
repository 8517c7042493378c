package io.tarn.index.segment;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.quantize.Quantizer;

/**
 * The codes of a segment's features as a {@link io.tarn.index.quantize.RowCoder} made them; the
 * i-th entry belongs to feature row {@code deletes + i}.
 *
 * @param quantizer whose codes they are
 * @param codeBytes bytes of one code
 * @param bits the codes, row-major; with {@link CodeKernels#CHUNK_PADDING} bytes behind them if
 *     they are packed values
 * @param offsets the part of the distance that does not depend on the query
 * @param scales what one unit of the query's product with the code takes off the distance
 * @param errors the error for each unit of the query's distance to the centroid
 * @param full the codes with all bits; null if {@code bits} are all there is
 */
public record CodeColumns(
    Quantizer quantizer,
    int codeBytes,
    byte[] bits,
    float[] offsets,
    float[] scales,
    float[] errors,
    Full full) {

  /** Codes of one bit. */
  public CodeColumns(byte[] bits, float[] offsets, float[] scales, float[] errors) {
    this(
        new Quantizer.RaBitQ(),
        offsets.length == 0 ? 0 : bits.length / offsets.length,
        bits,
        offsets,
        scales,
        errors,
        null);
  }

  /**
   * The codes with all bits, packed values with {@link CodeKernels#CHUNK_PADDING} bytes behind
   * them.
   */
  public record Full(int codeBytes, byte[] codes, float[] scales, float[] errors) {}

  /** Room for the codes of so many rows; null if the quantizer has none. */
  public static CodeColumns allocate(Quantizer quantizer, int dimension, int rows) {
    int codeBytes = quantizer.codeBytes(dimension);
    int fullBytes = quantizer.fullCodeBytes(dimension);
    if (codeBytes == 0) {
      return null;
    }
    Full full =
        fullBytes == 0
            ? null
            : new Full(fullBytes, packed(rows, fullBytes), new float[rows], new float[rows]);
    byte[] bits =
        quantizer instanceof Quantizer.Int8
            ? packed(rows, codeBytes)
            : new byte[Math.multiplyExact(rows, codeBytes)];
    return new CodeColumns(
        quantizer, codeBytes, bits, new float[rows], new float[rows], new float[rows], full);
  }

  private static byte[] packed(int rows, int codeBytes) {
    return new byte[Math.addExact(Math.multiplyExact(rows, codeBytes), CodeKernels.CHUNK_PADDING)];
  }

  /** Bytes of memory that {@link #allocate} takes, beside {@link #packedBytesFor}. */
  public static long unpackedBytesFor(Quantizer quantizer, int dimension, long rows) {
    int codeBytes = quantizer.codeBytes(dimension);
    int fullBytes = quantizer.fullCodeBytes(dimension);
    long ofSigns = quantizer instanceof Quantizer.Int8 ? 0 : codeBytes;
    int factors = (codeBytes > 0 ? 3 : 0) + (fullBytes > 0 ? 2 : 0);
    return rows * (ofSigns + (long) Float.BYTES * factors);
  }

  /** Bytes of memory that packed values take, which searches read as they are. */
  public static long packedBytesFor(Quantizer quantizer, int dimension, long rows) {
    int fullBytes = quantizer.fullCodeBytes(dimension);
    int rowBytes = quantizer instanceof Quantizer.Int8 ? quantizer.codeBytes(dimension) : fullBytes;
    return rowBytes == 0 ? 0 : rows * rowBytes + CodeKernels.CHUNK_PADDING;
  }

  /** Bytes of memory the codes take. */
  public long memoryBytes() {
    long bytes = bits.length + 3L * Float.BYTES * offsets.length;
    return full == null ? bytes : bytes + full.codes.length + 2L * Float.BYTES * full.scales.length;
  }
}
