package io.tarn.index.kernel.simd;

import io.tarn.index.kernel.CodeKernels;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The kernels over codes with the Vector API, at the widest vectors the processor has.
 *
 * <p>Vectors stay within one method: the compiler stops inlining ordinary methods, though not those
 * of the Vector API, where much has been inlined already, and a vector that is handed to a method
 * which is not inlined becomes an object.
 */
public final class SimdCodeKernels implements CodeKernels {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, FLOATS.vectorShape());
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, FLOATS.vectorShape());
  private static final int LANES = FLOATS.length();

  /** How much more a byte of a row of bytes stands for. */
  private static final int BYTE_OFFSET = 128;

  private static final int WIDTH = BYTES.length();

  /** Whether {@code selectFrom} takes indexes modulo the length; it fails, otherwise. */
  private static final boolean SELECTING_WRAPS = Runtime.version().feature() >= 24;

  private static final byte LAST_LANE = (byte) (WIDTH - 1);

  /** As many bytes as there are floats in a vector; at 128 bits the upper half goes unused. */
  private static final VectorSpecies<Byte> LANE_BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, 8 * LANES)));

  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, FLOATS.vectorShape());

  /** For each stride below a vector's length: the partner of a lane, and the sign of its own. */
  private static final int SHORT_STRIDES = Integer.numberOfTrailingZeros(LANES);

  private static final VectorShuffle<Float> SWAP_1 = Lanes.swap(1);
  private static final VectorShuffle<Float> SWAP_2 = Lanes.swap(2);
  private static final VectorShuffle<Float> SWAP_4 = Lanes.swap(4);
  private static final VectorShuffle<Float> SWAP_8 = Lanes.swap(8);
  private static final FloatVector SIGN_1 = signs(1);
  private static final FloatVector SIGN_2 = signs(2);
  private static final FloatVector SIGN_4 = signs(4);
  private static final FloatVector SIGN_8 = signs(8);

  private static FloatVector signs(int stride) {
    float[] signs = new float[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      signs[lane] = (lane & stride) == 0 ? 1 : -1;
    }
    return FloatVector.fromArray(FLOATS, signs, 0);
  }

  @Override
  public void hadamard(float[] x, int offset, int size) {
    if (size < LANES) {
      shortHadamard(x, offset, size);
      return;
    }
    for (int i = offset; i < offset + size; i += LANES) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, i);
      v = v.mul(SIGN_1).add(v.rearrange(SWAP_1));
      v = v.mul(SIGN_2).add(v.rearrange(SWAP_2));
      if (SHORT_STRIDES > 2) {
        v = v.mul(SIGN_4).add(v.rearrange(SWAP_4));
      }
      if (SHORT_STRIDES > 3) {
        v = v.mul(SIGN_8).add(v.rearrange(SWAP_8));
      }
      v.intoArray(x, i);
    }
    for (int stride = LANES; stride < size; stride *= 2) {
      for (int start = offset; start < offset + size; start += 2 * stride) {
        for (int i = start; i < start + stride; i += LANES) {
          FloatVector a = FloatVector.fromArray(FLOATS, x, i);
          FloatVector b = FloatVector.fromArray(FLOATS, x, i + stride);
          a.add(b).intoArray(x, i);
          a.sub(b).intoArray(x, i + stride);
        }
      }
    }
  }

  private static void shortHadamard(float[] x, int offset, int size) {
    for (int stride = 1; stride < size; stride *= 2) {
      for (int i = offset; i < offset + size; i++) {
        if ((i - offset & stride) == 0) {
          float a = x[i];
          float b = x[i + stride];
          x[i] = a + b;
          x[i + stride] = a - b;
        }
      }
    }
  }

  @Override
  public long scanBlock(
      byte[] block,
      int at,
      int pairs,
      byte[] tables,
      float[] parameters,
      int parameterAt,
      float base,
      float step,
      float bias,
      float spread,
      float limit,
      float[] estimates,
      float[] lowers,
      int out) {
    FloatVector leastOffset = FloatVector.broadcast(FLOATS, parameters[parameterAt] + base);
    FloatVector offsetStep = FloatVector.broadcast(FLOATS, parameters[parameterAt + 1]);
    FloatVector leastScale = FloatVector.broadcast(FLOATS, parameters[parameterAt + 2]);
    FloatVector scaleStep = FloatVector.broadcast(FLOATS, parameters[parameterAt + 3]);
    FloatVector errorStep = FloatVector.broadcast(FLOATS, parameters[parameterAt + 4] * spread);
    FloatVector minusStep = FloatVector.broadcast(FLOATS, -step);
    FloatVector minusBias = FloatVector.broadcast(FLOATS, -bias);
    int factorsAt = at + pairs * PAIR_BYTES;
    long mask = 0;
    for (int slot = 0; slot < BLOCK_ROWS; slot += WIDTH) {
      ShortVector both = ShortVector.zero(SHORTS);
      ShortVector upper = ShortVector.zero(SHORTS);
      for (int p = 0; p < pairs; p += 2) {
        int from = at + p * PAIR_BYTES + slot;
        int table = 2 * p * TABLE_BYTES;
        ByteVector codes = ByteVector.fromArray(BYTES, block, from);
        ByteVector high =
            codes.reinterpretAsShorts().lanewise(VectorOperators.LSHR, 4).reinterpretAsBytes();
        if (!SELECTING_WRAPS) {
          codes = codes.and(LAST_LANE);
          high = high.and(LAST_LANE);
        }
        ByteVector entries =
            codes
                .selectFrom(ByteVector.fromArray(BYTES, tables, table))
                .add(high.selectFrom(ByteVector.fromArray(BYTES, tables, table + TABLE_BYTES)));
        codes = ByteVector.fromArray(BYTES, block, from + PAIR_BYTES);
        high = codes.reinterpretAsShorts().lanewise(VectorOperators.LSHR, 4).reinterpretAsBytes();
        if (!SELECTING_WRAPS) {
          codes = codes.and(LAST_LANE);
          high = high.and(LAST_LANE);
        }
        entries =
            codes
                .selectFrom(ByteVector.fromArray(BYTES, tables, table + 2 * TABLE_BYTES))
                .add(entries);
        ShortVector added =
            high.selectFrom(ByteVector.fromArray(BYTES, tables, table + 3 * TABLE_BYTES))
                .add(entries)
                .reinterpretAsShorts();
        both = both.add(added);
        upper = upper.add(added.lanewise(VectorOperators.LSHR, 8));
      }
      // Each int of the two has the sums of two rows: of one, and of one half a block later.
      IntVector sums = both.sub(upper.lanewise(VectorOperators.LSHL, 8)).reinterpretAsInts();
      IntVector laterSums = upper.reinterpretAsInts();
      for (int row = slot / QUARTERS; row < BLOCK_ROWS; row += BLOCK_ROWS / QUARTERS) {
        IntVector factors =
            ByteVector.fromArray(BYTES, block, factorsAt + ROW_FACTOR_BYTES * row)
                .reinterpretAsInts();
        FloatVector minusProduct =
            ((FloatVector) sums.and(0xFFFF).convertShape(VectorOperators.I2F, FLOATS, 0))
                .fma(minusStep, minusBias);
        FloatVector error =
            ((FloatVector) factors.and(0xFF).convertShape(VectorOperators.I2F, FLOATS, 0))
                .mul(errorStep);
        FloatVector scale =
            ((FloatVector)
                    factors
                        .lanewise(VectorOperators.LSHR, 8)
                        .and(0xFF)
                        .convertShape(VectorOperators.I2F, FLOATS, 0))
                .fma(scaleStep, leastScale);
        FloatVector estimate =
            ((FloatVector)
                    factors
                        .lanewise(VectorOperators.ASHR, 16)
                        .convertShape(VectorOperators.I2F, FLOATS, 0))
                .fma(offsetStep, leastOffset)
                .add(scale.mul(minusProduct));
        FloatVector lower = estimate.sub(error);
        estimate.intoArray(estimates, out + row);
        lower.intoArray(lowers, out + row);
        VectorMask<Float> below = lower.compare(VectorOperators.LT, limit);
        if (Lanes.MASKS_ARE_BITS || below.anyTrue()) {
          mask |= below.toLong() << row;
        }
        IntVector upperSums = sums.lanewise(VectorOperators.LSHR, 16);
        sums = laterSums;
        laterSums = upperSums;
      }
    }
    return mask;
  }

  @Override
  public float weightedSum(float[] weights, byte[] rows, int rowOffset, int dimension, int bits) {
    if (bits == 2) {
      return weightedSum2(weights, rows, rowOffset, dimension);
    }
    return bits == 4
        ? weightedSum4(weights, rows, rowOffset, dimension)
        : weightedSum8(weights, rows, rowOffset, dimension);
  }

  private static float weightedSum8(float[] weights, byte[] rows, int rowOffset, int dimension) {
    FloatVector sum0 = FloatVector.zero(FLOATS);
    FloatVector sum1 = sum0;
    FloatVector sum2 = sum0;
    FloatVector sum3 = sum0;
    int i = 0;
    for (; i + 4 * LANES <= dimension; i += 4 * LANES) {
      int at = rowOffset + i;
      sum0 =
          ((FloatVector)
                  ByteVector.fromArray(LANE_BYTES, rows, at)
                      .convertShape(VectorOperators.B2F, FLOATS, 0))
              .fma(FloatVector.fromArray(FLOATS, weights, i), sum0);
      sum1 =
          ((FloatVector)
                  ByteVector.fromArray(LANE_BYTES, rows, at + LANES)
                      .convertShape(VectorOperators.B2F, FLOATS, 0))
              .fma(FloatVector.fromArray(FLOATS, weights, i + LANES), sum1);
      sum2 =
          ((FloatVector)
                  ByteVector.fromArray(LANE_BYTES, rows, at + 2 * LANES)
                      .convertShape(VectorOperators.B2F, FLOATS, 0))
              .fma(FloatVector.fromArray(FLOATS, weights, i + 2 * LANES), sum2);
      sum3 =
          ((FloatVector)
                  ByteVector.fromArray(LANE_BYTES, rows, at + 3 * LANES)
                      .convertShape(VectorOperators.B2F, FLOATS, 0))
              .fma(FloatVector.fromArray(FLOATS, weights, i + 3 * LANES), sum3);
    }
    // What lies behind the row meets weights that are zero.
    for (; i < dimension; i += LANES) {
      sum0 =
          ((FloatVector)
                  ByteVector.fromArray(LANE_BYTES, rows, rowOffset + i)
                      .convertShape(VectorOperators.B2F, FLOATS, 0))
              .fma(FloatVector.fromArray(FLOATS, weights, i), sum0);
    }
    return Lanes.sum(sum0.add(sum1).add(sum2.add(sum3)));
  }

  private static float weightedSum4(float[] weights, byte[] rows, int rowOffset, int dimension) {
    FloatVector sum0 = FloatVector.zero(FLOATS);
    FloatVector sum1 = sum0;
    int chunk = rowOffset;
    for (int first = 0; first < dimension; first += 2 * CHUNK_BYTES) {
      for (int j = 0; j < CHUNK_BYTES; j += LANES) {
        int i = first + j;
        IntVector values =
            (IntVector)
                ByteVector.fromArray(LANE_BYTES, rows, chunk + j)
                    .convertShape(VectorOperators.B2I, INTS, 0);
        sum0 =
            ((FloatVector) values.and(15).convertShape(VectorOperators.I2F, FLOATS, 0))
                .fma(FloatVector.fromArray(FLOATS, weights, i), sum0);
        sum1 =
            ((FloatVector)
                    values
                        .lanewise(VectorOperators.LSHR, 4)
                        .and(15)
                        .convertShape(VectorOperators.I2F, FLOATS, 0))
                .fma(FloatVector.fromArray(FLOATS, weights, i + CHUNK_BYTES), sum1);
      }
      chunk += CHUNK_BYTES;
    }
    return Lanes.sum(sum0.add(sum1));
  }

  private static float weightedSum2(float[] weights, byte[] rows, int rowOffset, int dimension) {
    FloatVector sum0 = FloatVector.zero(FLOATS);
    FloatVector sum1 = sum0;
    FloatVector sum2 = sum0;
    FloatVector sum3 = sum0;
    int chunk = rowOffset;
    for (int first = 0; first < dimension; first += 4 * CHUNK_BYTES) {
      for (int j = 0; j < CHUNK_BYTES; j += LANES) {
        int i = first + j;
        IntVector values =
            (IntVector)
                ByteVector.fromArray(LANE_BYTES, rows, chunk + j)
                    .convertShape(VectorOperators.B2I, INTS, 0);
        sum0 =
            ((FloatVector) values.and(3).convertShape(VectorOperators.I2F, FLOATS, 0))
                .fma(FloatVector.fromArray(FLOATS, weights, i), sum0);
        sum1 =
            ((FloatVector)
                    values
                        .lanewise(VectorOperators.LSHR, 2)
                        .and(3)
                        .convertShape(VectorOperators.I2F, FLOATS, 0))
                .fma(FloatVector.fromArray(FLOATS, weights, i + CHUNK_BYTES), sum1);
        sum2 =
            ((FloatVector)
                    values
                        .lanewise(VectorOperators.LSHR, 4)
                        .and(3)
                        .convertShape(VectorOperators.I2F, FLOATS, 0))
                .fma(FloatVector.fromArray(FLOATS, weights, i + 2 * CHUNK_BYTES), sum2);
        sum3 =
            ((FloatVector)
                    values
                        .lanewise(VectorOperators.LSHR, 6)
                        .and(3)
                        .convertShape(VectorOperators.I2F, FLOATS, 0))
                .fma(FloatVector.fromArray(FLOATS, weights, i + 3 * CHUNK_BYTES), sum3);
      }
      chunk += CHUNK_BYTES;
    }
    return Lanes.sum(sum0.add(sum1).add(sum2.add(sum3)));
  }

  @Override
  public float squaredL2(float[] query, byte[] rows, int rowOffset, int dimension) {
    FloatVector sums = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + LANES <= dimension; i += LANES) {
      FloatVector row =
          ((FloatVector)
                  ByteVector.fromArray(LANE_BYTES, rows, rowOffset + i)
                      .convertShape(VectorOperators.B2F, FLOATS, 0))
              .add(BYTE_OFFSET);
      FloatVector difference = FloatVector.fromArray(FLOATS, query, i).sub(row);
      sums = difference.fma(difference, sums);
    }
    float sum = Lanes.sum(sums);
    for (; i < dimension; i++) {
      float difference = query[i] - (rows[rowOffset + i] + BYTE_OFFSET);
      sum += difference * difference;
    }
    return sum;
  }

  @Override
  public void squaredL2(
      float[] query,
      byte[] rows,
      int rowOffset,
      int[] numbers,
      int from,
      int to,
      int dimension,
      float[] out) {
    if (to - from < 4) {
      for (int r = from; r < to; r++) {
        out[r] = squaredL2(query, rows, rowOffset + numbers[r] * dimension, dimension);
      }
      return;
    }
    for (int next = from; next < to; next += 4) {
      // The last four are four as well; some of them may be computed twice.
      int r = Math.min(next, to - 4);
      int a = rowOffset + numbers[r] * dimension;
      int b = rowOffset + numbers[r + 1] * dimension;
      int c = rowOffset + numbers[r + 2] * dimension;
      int d = rowOffset + numbers[r + 3] * dimension;
      squaredL2OfFour(query, rows, a, b, c, d, dimension, out, r);
    }
  }

  private static void squaredL2OfFour(
      float[] query,
      byte[] rows,
      int a,
      int b,
      int c,
      int d,
      int dimension,
      float[] out,
      int outOffset) {
    FloatVector sumA = FloatVector.zero(FLOATS);
    FloatVector sumB = sumA;
    FloatVector sumC = sumA;
    FloatVector sumD = sumA;
    int i = 0;
    for (; i + LANES <= dimension; i += LANES) {
      FloatVector q = FloatVector.fromArray(FLOATS, query, i);
      FloatVector differenceA =
          q.sub(
              ((FloatVector)
                      ByteVector.fromArray(LANE_BYTES, rows, a + i)
                          .convertShape(VectorOperators.B2F, FLOATS, 0))
                  .add(BYTE_OFFSET));
      sumA = differenceA.fma(differenceA, sumA);
      FloatVector differenceB =
          q.sub(
              ((FloatVector)
                      ByteVector.fromArray(LANE_BYTES, rows, b + i)
                          .convertShape(VectorOperators.B2F, FLOATS, 0))
                  .add(BYTE_OFFSET));
      sumB = differenceB.fma(differenceB, sumB);
      FloatVector differenceC =
          q.sub(
              ((FloatVector)
                      ByteVector.fromArray(LANE_BYTES, rows, c + i)
                          .convertShape(VectorOperators.B2F, FLOATS, 0))
                  .add(BYTE_OFFSET));
      sumC = differenceC.fma(differenceC, sumC);
      FloatVector differenceD =
          q.sub(
              ((FloatVector)
                      ByteVector.fromArray(LANE_BYTES, rows, d + i)
                          .convertShape(VectorOperators.B2F, FLOATS, 0))
                  .add(BYTE_OFFSET));
      sumD = differenceD.fma(differenceD, sumD);
    }
    FloatVector sumsAc =
        sumA.blend(sumC, Lanes.UPPER_HALF)
            .add(sumC.blend(sumA, Lanes.UPPER_HALF).rearrange(Lanes.SWAP_HALF));
    FloatVector sumsBd =
        sumB.blend(sumD, Lanes.UPPER_HALF)
            .add(sumD.blend(sumB, Lanes.UPPER_HALF).rearrange(Lanes.SWAP_HALF));
    FloatVector sums =
        sumsAc
            .blend(sumsBd, Lanes.ODD_QUARTERS)
            .add(sumsBd.blend(sumsAc, Lanes.ODD_QUARTERS).rearrange(Lanes.SWAP_QUARTER));
    if (Lanes.QUARTER > 2) {
      sums = sums.add(sums.rearrange(Lanes.SWAP_2));
    }
    if (Lanes.QUARTER > 1) {
      sums = sums.add(sums.rearrange(Lanes.SWAP_1));
    }
    float aSum = sums.lane(0);
    float bSum = sums.lane(Lanes.QUARTER);
    float cSum = sums.lane(2 * Lanes.QUARTER);
    float dSum = sums.lane(3 * Lanes.QUARTER);
    for (; i < dimension; i++) {
      float aDifference = query[i] - (rows[a + i] + BYTE_OFFSET);
      aSum += aDifference * aDifference;
      float bDifference = query[i] - (rows[b + i] + BYTE_OFFSET);
      bSum += bDifference * bDifference;
      float cDifference = query[i] - (rows[c + i] + BYTE_OFFSET);
      cSum += cDifference * cDifference;
      float dDifference = query[i] - (rows[d + i] + BYTE_OFFSET);
      dSum += dDifference * dDifference;
    }
    out[outOffset] = aSum;
    out[outOffset + 1] = bSum;
    out[outOffset + 2] = cSum;
    out[outOffset + 3] = dSum;
  }

  @Override
  public float dot(float[] query, byte[] rows, int rowOffset, int dimension) {
    FloatVector sums = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i + LANES <= dimension; i += LANES) {
      FloatVector row =
          ((FloatVector)
                  ByteVector.fromArray(LANE_BYTES, rows, rowOffset + i)
                      .convertShape(VectorOperators.B2F, FLOATS, 0))
              .add(BYTE_OFFSET);
      sums = FloatVector.fromArray(FLOATS, query, i).fma(row, sums);
    }
    float sum = Lanes.sum(sums);
    for (; i < dimension; i++) {
      sum += query[i] * (rows[rowOffset + i] + BYTE_OFFSET);
    }
    return sum;
  }

  @Override
  public void dot(
      float[] query,
      byte[] rows,
      int rowOffset,
      int[] numbers,
      int from,
      int to,
      int dimension,
      float[] out) {
    if (to - from < 4) {
      for (int r = from; r < to; r++) {
        out[r] = dot(query, rows, rowOffset + numbers[r] * dimension, dimension);
      }
      return;
    }
    for (int next = from; next < to; next += 4) {
      // The last four are four as well; some of them may be computed twice.
      int r = Math.min(next, to - 4);
      int a = rowOffset + numbers[r] * dimension;
      int b = rowOffset + numbers[r + 1] * dimension;
      int c = rowOffset + numbers[r + 2] * dimension;
      int d = rowOffset + numbers[r + 3] * dimension;
      dotOfFour(query, rows, a, b, c, d, dimension, out, r);
    }
  }

  private static void dotOfFour(
      float[] query,
      byte[] rows,
      int a,
      int b,
      int c,
      int d,
      int dimension,
      float[] out,
      int outOffset) {
    FloatVector sumA = FloatVector.zero(FLOATS);
    FloatVector sumB = sumA;
    FloatVector sumC = sumA;
    FloatVector sumD = sumA;
    int i = 0;
    for (; i + LANES <= dimension; i += LANES) {
      FloatVector q = FloatVector.fromArray(FLOATS, query, i);
      sumA =
          q.fma(
              ((FloatVector)
                      ByteVector.fromArray(LANE_BYTES, rows, a + i)
                          .convertShape(VectorOperators.B2F, FLOATS, 0))
                  .add(BYTE_OFFSET),
              sumA);
      sumB =
          q.fma(
              ((FloatVector)
                      ByteVector.fromArray(LANE_BYTES, rows, b + i)
                          .convertShape(VectorOperators.B2F, FLOATS, 0))
                  .add(BYTE_OFFSET),
              sumB);
      sumC =
          q.fma(
              ((FloatVector)
                      ByteVector.fromArray(LANE_BYTES, rows, c + i)
                          .convertShape(VectorOperators.B2F, FLOATS, 0))
                  .add(BYTE_OFFSET),
              sumC);
      sumD =
          q.fma(
              ((FloatVector)
                      ByteVector.fromArray(LANE_BYTES, rows, d + i)
                          .convertShape(VectorOperators.B2F, FLOATS, 0))
                  .add(BYTE_OFFSET),
              sumD);
    }
    FloatVector sumsAc =
        sumA.blend(sumC, Lanes.UPPER_HALF)
            .add(sumC.blend(sumA, Lanes.UPPER_HALF).rearrange(Lanes.SWAP_HALF));
    FloatVector sumsBd =
        sumB.blend(sumD, Lanes.UPPER_HALF)
            .add(sumD.blend(sumB, Lanes.UPPER_HALF).rearrange(Lanes.SWAP_HALF));
    FloatVector sums =
        sumsAc
            .blend(sumsBd, Lanes.ODD_QUARTERS)
            .add(sumsBd.blend(sumsAc, Lanes.ODD_QUARTERS).rearrange(Lanes.SWAP_QUARTER));
    if (Lanes.QUARTER > 2) {
      sums = sums.add(sums.rearrange(Lanes.SWAP_2));
    }
    if (Lanes.QUARTER > 1) {
      sums = sums.add(sums.rearrange(Lanes.SWAP_1));
    }
    float aSum = sums.lane(0);
    float bSum = sums.lane(Lanes.QUARTER);
    float cSum = sums.lane(2 * Lanes.QUARTER);
    float dSum = sums.lane(3 * Lanes.QUARTER);
    for (; i < dimension; i++) {
      aSum += query[i] * (rows[a + i] + BYTE_OFFSET);
      bSum += query[i] * (rows[b + i] + BYTE_OFFSET);
      cSum += query[i] * (rows[c + i] + BYTE_OFFSET);
      dSum += query[i] * (rows[d + i] + BYTE_OFFSET);
    }
    out[outOffset] = aSum;
    out[outOffset + 1] = bSum;
    out[outOffset + 2] = cSum;
    out[outOffset + 3] = dSum;
  }
}
