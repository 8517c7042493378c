package io.tarn.index.search;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.segment.CodeColumns;

/**
 * Codes of several bits a value, one row after the other, with which the distance of single rows is
 * estimated: of those that their signs do not rule out, or of all rows of a list.
 */
final class RowCodes {
  /**
   * How many standard errors a bound lies off the estimate of {@link
   * io.tarn.index.quantize.RaBitQCoder}: a Gaussian falls farther on one side with a probability of
   * 0.13%. That is less than {@link CodeBlocks#errors} leave, and with so small errors it is cheap.
   */
  static final float ERRORS = 3;

  private static final int FACTORS = 3;

  /** Factors beyond this are not used: products with them would overflow. */
  private static final float MAX_FACTOR = 1e18f;

  /** Scales below this, but zero, are of values that have lost digits. */
  private static final float MIN_SCALE = 1e-30f;

  /** Estimates beyond this are none. */
  private static final float MAX_ESTIMATE = 1e36f;

  private final CodeKernels kernels = Kernels.codes();
  private final boolean rotated;
  private final int dimension;
  private final int bits;
  private final int rowBytes;
  private final byte[] codes;

  /** What is to be added to each packed value, so that they lie around zero. */
  private final float shift;

  /** How much rounding may be in a product, for each unit of scale and length. */
  private final float rounding;

  /** Of each row the offset, the scale, and by how much the estimate is off at most. */
  private final float[] factors;

  private RowCodes(int dimension, int bits, float shift, boolean rotated, Packed packed) {
    this.dimension = dimension;
    this.bits = bits;
    this.shift = shift;
    this.rotated = rotated;
    this.rowBytes = packed.rowBytes;
    this.codes = packed.codes;
    this.rounding = CodeBlocks.ROUNDING * (1 << bits) * (float) Math.sqrt(dimension);
    this.factors = new float[FACTORS * packed.offsets.length];
    float errors = rotated ? ERRORS : 1;
    for (int row = 0; row < packed.offsets.length; row++) {
      put(row, packed.offsets[row], packed.scales[row], errors * packed.errors[row]);
    }
  }

  private record Packed(
      int rowBytes, byte[] codes, float[] offsets, float[] scales, float[] errors) {}

  /**
   * Those of the codes that are of several bits; null if there are none.
   *
   * @param columns may be null
   */
  static RowCodes of(int dimension, CodeColumns columns) {
    if (columns == null) {
      return null;
    }
    CodeColumns.Full full = columns.full();
    if (columns.quantizer() instanceof Quantizer.Int8) {
      Packed packed =
          new Packed(
              columns.codeBytes(),
              columns.bits(),
              columns.offsets(),
              columns.scales(),
              columns.errors());
      return new RowCodes(dimension, Byte.SIZE, 0, false, packed);
    }
    if (columns.quantizer() instanceof Quantizer.RaBitQ rabitq && full != null) {
      Packed packed =
          new Packed(
              full.codeBytes(), full.codes(), columns.offsets(), full.scales(), full.errors());
      // Packed values are counted from the most negative one, those of a byte from the middle.
      float shift = rabitq.bits() == Byte.SIZE ? 0.5f : 0.5f - (1 << rabitq.bits() - 1);
      return new RowCodes(dimension, rabitq.bits(), shift, true, packed);
    }
    return null;
  }

  private void put(int row, float offset, float scale, float error) {
    boolean isCodable =
        Math.abs(offset) < MAX_ESTIMATE
            && error < MAX_FACTOR
            && (scale == 0 || (scale > MIN_SCALE && scale < MAX_FACTOR));
    factors[FACTORS * row] = isCodable ? offset : 0;
    factors[FACTORS * row + 1] = isCodable ? scale : 0;
    factors[FACTORS * row + 2] = isCodable ? error : Float.POSITIVE_INFINITY;
  }

  /** The most memory that the codes of {@code rows} rows take. */
  static long bytesFor(Quantizer quantizer, int dimension, int rows) {
    long packed = CodeColumns.packedBytesFor(quantizer, dimension, rows);
    return packed == 0 ? 0 : packed + (long) FACTORS * Float.BYTES * rows;
  }

  long memoryBytes() {
    return codes.length + (long) Float.BYTES * factors.length;
  }

  /** Whether they are of rotated vectors. */
  boolean isRotated() {
    return rotated;
  }

  /**
   * Estimates the distance of a row, and leaves its bounds in {@code query}.
   *
   * @param row counted from the first feature
   * @param query ready for the list of the row, and for vectors that are rotated or not as these
   */
  void estimate(int row, ResidualQuery query) {
    float product =
        kernels.weightedSum(query.values, codes, row * rowBytes, dimension, bits)
            + shift * query.sum;
    float offset = factors[FACTORS * row];
    float scale = factors[FACTORS * row + 1];
    float estimate = query.base + offset - scale * product;
    float error =
        factors[FACTORS * row + 2] * query.length
            + scale * rounding * query.reach
            + CodeBlocks.ROUNDING * Math.abs(offset)
            + query.baseError;
    // Whatever is too large, or no number, is no estimate.
    boolean isKnown = Math.abs(estimate) < MAX_ESTIMATE && error < MAX_ESTIMATE;
    query.lower = isKnown ? estimate - error : Float.NEGATIVE_INFINITY;
    query.upper = isKnown ? estimate + error : Float.POSITIVE_INFINITY;
  }
}
