package io.tarn.index.kernel.simd;

import io.tarn.index.kernel.PackedRows;
import io.tarn.index.kernel.VectorKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The kernels with the Vector API, at the widest vectors the processor has.
 *
 * <p>A row has one vector of sums. Additions to it wait for each other; so rows are taken four at a
 * time, which do not, and share what is loaded of the query and what it takes to sum up lanes.
 * Several vectors of sums for each row make methods so large that the compiler gives up on them.
 */
public final class SimdKernels implements VectorKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  @Override
  public float squaredL2(float[] a, int aOffset, float[] b, int bOffset, int dimension) {
    FloatVector sums = FloatVector.zero(SPECIES);
    int i = 0;
    for (; i + LANES <= dimension; i += LANES) {
      FloatVector difference =
          FloatVector.fromArray(SPECIES, a, aOffset + i)
              .sub(FloatVector.fromArray(SPECIES, b, bOffset + i));
      sums = difference.fma(difference, sums);
    }
    float sum = Lanes.sum(sums);
    for (; i < dimension; i++) {
      float difference = a[aOffset + i] - b[bOffset + i];
      sum += difference * difference;
    }
    return sum;
  }

  @Override
  public void squaredL2(
      float[] query,
      float[] rows,
      int rowOffset,
      int[] numbers,
      int from,
      int to,
      int dimension,
      float[] out) {
    if (to - from < 4) {
      for (int r = from; r < to; r++) {
        out[r] = squaredL2(query, 0, rows, rowOffset + numbers[r] * dimension, dimension);
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

  @Override
  public void squaredL2(
      float[] query, float[] rows, int rowOffset, int rowCount, int dimension, float[] out) {
    int r = 0;
    for (; r + 4 <= rowCount; r += 4) {
      int a = rowOffset + r * dimension;
      int b = a + dimension;
      int c = b + dimension;
      squaredL2OfFour(query, rows, a, b, c, c + dimension, dimension, out, r);
    }
    for (; r < rowCount; r++) {
      out[r] = squaredL2(query, 0, rows, rowOffset + r * dimension, dimension);
    }
  }

  private static void squaredL2OfFour(
      float[] query,
      float[] rows,
      int a,
      int b,
      int c,
      int d,
      int dimension,
      float[] out,
      int outOffset) {
    FloatVector sumA = FloatVector.zero(SPECIES);
    FloatVector sumB = sumA;
    FloatVector sumC = sumA;
    FloatVector sumD = sumA;
    int i = 0;
    for (; i + LANES <= dimension; i += LANES) {
      FloatVector q = FloatVector.fromArray(SPECIES, query, i);
      FloatVector differenceA = q.sub(FloatVector.fromArray(SPECIES, rows, a + i));
      sumA = differenceA.fma(differenceA, sumA);
      FloatVector differenceB = q.sub(FloatVector.fromArray(SPECIES, rows, b + i));
      sumB = differenceB.fma(differenceB, sumB);
      FloatVector differenceC = q.sub(FloatVector.fromArray(SPECIES, rows, c + i));
      sumC = differenceC.fma(differenceC, sumC);
      FloatVector differenceD = q.sub(FloatVector.fromArray(SPECIES, rows, d + i));
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
      float aDifference = query[i] - rows[a + i];
      aSum += aDifference * aDifference;
      float bDifference = query[i] - rows[b + i];
      bSum += bDifference * bDifference;
      float cDifference = query[i] - rows[c + i];
      cSum += cDifference * cDifference;
      float dDifference = query[i] - rows[d + i];
      dSum += dDifference * dDifference;
    }
    out[outOffset] = aSum;
    out[outOffset + 1] = bSum;
    out[outOffset + 2] = cSum;
    out[outOffset + 3] = dSum;
  }

  @Override
  public float dot(float[] a, int aOffset, float[] b, int bOffset, int dimension) {
    FloatVector sums = FloatVector.zero(SPECIES);
    int i = 0;
    for (; i + LANES <= dimension; i += LANES) {
      sums =
          FloatVector.fromArray(SPECIES, a, aOffset + i)
              .fma(FloatVector.fromArray(SPECIES, b, bOffset + i), sums);
    }
    float sum = Lanes.sum(sums);
    for (; i < dimension; i++) {
      sum += a[aOffset + i] * b[bOffset + i];
    }
    return sum;
  }

  @Override
  public void dot(
      float[] query,
      float[] rows,
      int rowOffset,
      int[] numbers,
      int from,
      int to,
      int dimension,
      float[] out) {
    if (to - from < 4) {
      for (int r = from; r < to; r++) {
        out[r] = dot(query, 0, rows, rowOffset + numbers[r] * dimension, dimension);
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

  @Override
  public void dot(
      float[] query, float[] rows, int rowOffset, int rowCount, int dimension, float[] out) {
    int r = 0;
    for (; r + 4 <= rowCount; r += 4) {
      int a = rowOffset + r * dimension;
      int b = a + dimension;
      int c = b + dimension;
      dotOfFour(query, rows, a, b, c, c + dimension, dimension, out, r);
    }
    for (; r < rowCount; r++) {
      out[r] = dot(query, 0, rows, rowOffset + r * dimension, dimension);
    }
  }

  private static void dotOfFour(
      float[] query,
      float[] rows,
      int a,
      int b,
      int c,
      int d,
      int dimension,
      float[] out,
      int outOffset) {
    FloatVector sumA = FloatVector.zero(SPECIES);
    FloatVector sumB = sumA;
    FloatVector sumC = sumA;
    FloatVector sumD = sumA;
    int i = 0;
    for (; i + LANES <= dimension; i += LANES) {
      FloatVector q = FloatVector.fromArray(SPECIES, query, i);
      sumA = q.fma(FloatVector.fromArray(SPECIES, rows, a + i), sumA);
      sumB = q.fma(FloatVector.fromArray(SPECIES, rows, b + i), sumB);
      sumC = q.fma(FloatVector.fromArray(SPECIES, rows, c + i), sumC);
      sumD = q.fma(FloatVector.fromArray(SPECIES, rows, d + i), sumD);
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
      aSum += query[i] * rows[a + i];
      bSum += query[i] * rows[b + i];
      cSum += query[i] * rows[c + i];
      dSum += query[i] * rows[d + i];
    }
    out[outOffset] = aSum;
    out[outOffset + 1] = bSum;
    out[outOffset + 2] = cSum;
    out[outOffset + 3] = dSum;
  }

  @Override
  public int countBelow(float[] values, int count, float limit) {
    int below = 0;
    int i = 0;
    for (; i + LANES <= count; i += LANES) {
      below +=
          FloatVector.fromArray(SPECIES, values, i).compare(VectorOperators.LT, limit).trueCount();
    }
    for (; i < count; i++) {
      below += values[i] < limit ? 1 : 0;
    }
    return below;
  }

  @Override
  public int placesBelow(float[] values, int count, float limit, int[] places) {
    int below = 0;
    int i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
      long mask = below(values, i, limit);
      mask |= below(values, i + LANES, limit) << LANES;
      mask |= below(values, i + 2 * LANES, limit) << 2 * LANES;
      mask |= below(values, i + 3 * LANES, limit) << 3 * LANES;
      // The processor cannot guess how many there are: they are stored by fours, the last of which
      // may be none and are stored over.
      int end = below + Long.bitCount(mask);
      for (; below < end; below += 4) {
        places[below] = i + Long.numberOfTrailingZeros(mask);
        mask &= mask - 1;
        places[below + 1] = i + Long.numberOfTrailingZeros(mask);
        mask &= mask - 1;
        places[below + 2] = i + Long.numberOfTrailingZeros(mask);
        mask &= mask - 1;
        places[below + 3] = i + Long.numberOfTrailingZeros(mask);
        mask &= mask - 1;
      }
      below = end;
    }
    for (; i < count; i++) {
      if (values[i] < limit) {
        places[below++] = i;
      }
    }
    return below;
  }

  private static long below(float[] values, int at, float limit) {
    VectorMask<Float> below =
        FloatVector.fromArray(SPECIES, values, at).compare(VectorOperators.LT, limit);
    return Lanes.MASKS_ARE_BITS || below.anyTrue() ? below.toLong() : 0;
  }

  @Override
  public int panelWidth() {
    return SimdNearest.PANEL_WIDTH;
  }

  @Override
  public void nearest(
      float[] rows,
      int rowOffset,
      int rowCount,
      PackedRows packed,
      int[] nearest,
      float[] scores,
      int outOffset) {
    SimdNearest.nearest(rows, rowOffset, rowCount, packed, nearest, scores, outOffset);
  }

  @Override
  public String description() {
    return "SIMD, " + LANES + " floats wide";
  }
}
