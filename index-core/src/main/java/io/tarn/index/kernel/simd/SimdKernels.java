package io.tarn.index.kernel.simd;

import io.tarn.index.kernel.PackedRows;
import io.tarn.index.kernel.VectorKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The kernels with the Vector API, at the widest vectors the processor has. */
public final class SimdKernels implements VectorKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  @Override
  public float squaredL2(float[] a, int aOffset, float[] b, int bOffset, int dimension) {
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    FloatVector sum2 = sum0;
    FloatVector sum3 = sum0;
    int i = 0;
    for (; i + 4 * LANES <= dimension; i += 4 * LANES) {
      FloatVector d0 = difference(a, aOffset + i, b, bOffset + i);
      FloatVector d1 = difference(a, aOffset + i + LANES, b, bOffset + i + LANES);
      FloatVector d2 = difference(a, aOffset + i + 2 * LANES, b, bOffset + i + 2 * LANES);
      FloatVector d3 = difference(a, aOffset + i + 3 * LANES, b, bOffset + i + 3 * LANES);
      sum0 = d0.fma(d0, sum0);
      sum1 = d1.fma(d1, sum1);
      sum2 = d2.fma(d2, sum2);
      sum3 = d3.fma(d3, sum3);
    }
    for (; i + LANES <= dimension; i += LANES) {
      FloatVector d = difference(a, aOffset + i, b, bOffset + i);
      sum0 = d.fma(d, sum0);
    }
    float sum = Lanes.sum(sum0.add(sum1).add(sum2.add(sum3)));
    for (; i < dimension; i++) {
      float d = a[aOffset + i] - b[bOffset + i];
      sum += d * d;
    }
    return sum;
  }

  /**
   * Two rows at a time, each summed as a single one is. Written out, it is too large to become part
   * of its caller: where the compiler made one large method of a search for lists, this loop took
   * three times as long.
   */
  @Override
  public void squaredL2(
      float[] query, float[] rows, int[] numbers, int count, int dimension, float[] out) {
    int r = 0;
    for (; r + 2 <= count; r += 2) {
      int a = numbers[r] * dimension;
      int b = numbers[r + 1] * dimension;
      FloatVector a0 = FloatVector.zero(SPECIES);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      FloatVector b0 = a0;
      FloatVector b1 = a0;
      FloatVector b2 = a0;
      FloatVector b3 = a0;
      int i = 0;
      for (; i + 4 * LANES <= dimension; i += 4 * LANES) {
        FloatVector q0 = FloatVector.fromArray(SPECIES, query, i);
        FloatVector q1 = FloatVector.fromArray(SPECIES, query, i + LANES);
        FloatVector q2 = FloatVector.fromArray(SPECIES, query, i + 2 * LANES);
        FloatVector q3 = FloatVector.fromArray(SPECIES, query, i + 3 * LANES);
        a0 = addSquare(q0, rows, a + i, a0);
        b0 = addSquare(q0, rows, b + i, b0);
        a1 = addSquare(q1, rows, a + i + LANES, a1);
        b1 = addSquare(q1, rows, b + i + LANES, b1);
        a2 = addSquare(q2, rows, a + i + 2 * LANES, a2);
        b2 = addSquare(q2, rows, b + i + 2 * LANES, b2);
        a3 = addSquare(q3, rows, a + i + 3 * LANES, a3);
        b3 = addSquare(q3, rows, b + i + 3 * LANES, b3);
      }
      for (; i + LANES <= dimension; i += LANES) {
        FloatVector q = FloatVector.fromArray(SPECIES, query, i);
        a0 = addSquare(q, rows, a + i, a0);
        b0 = addSquare(q, rows, b + i, b0);
      }
      float aSum = Lanes.sum(a0.add(a1).add(a2.add(a3)));
      float bSum = Lanes.sum(b0.add(b1).add(b2.add(b3)));
      for (; i < dimension; i++) {
        float aDifference = query[i] - rows[a + i];
        float bDifference = query[i] - rows[b + i];
        aSum += aDifference * aDifference;
        bSum += bDifference * bDifference;
      }
      out[r] = aSum;
      out[r + 1] = bSum;
    }
    if (r < count) {
      out[r] = squaredL2(query, 0, rows, numbers[r] * dimension, dimension);
    }
  }

  private static FloatVector addSquare(FloatVector query, float[] rows, int at, FloatVector sum) {
    FloatVector difference = query.sub(FloatVector.fromArray(SPECIES, rows, at));
    return difference.fma(difference, sum);
  }

  private static FloatVector difference(float[] a, int aOffset, float[] b, int bOffset) {
    return FloatVector.fromArray(SPECIES, a, aOffset)
        .sub(FloatVector.fromArray(SPECIES, b, bOffset));
  }

  @Override
  public float dot(float[] a, int aOffset, float[] b, int bOffset, int dimension) {
    FloatVector sum0 = FloatVector.zero(SPECIES);
    FloatVector sum1 = sum0;
    FloatVector sum2 = sum0;
    FloatVector sum3 = sum0;
    int i = 0;
    for (; i + 4 * LANES <= dimension; i += 4 * LANES) {
      sum0 = addProduct(a, aOffset + i, b, bOffset + i, sum0);
      sum1 = addProduct(a, aOffset + i + LANES, b, bOffset + i + LANES, sum1);
      sum2 = addProduct(a, aOffset + i + 2 * LANES, b, bOffset + i + 2 * LANES, sum2);
      sum3 = addProduct(a, aOffset + i + 3 * LANES, b, bOffset + i + 3 * LANES, sum3);
    }
    for (; i + LANES <= dimension; i += LANES) {
      sum0 = addProduct(a, aOffset + i, b, bOffset + i, sum0);
    }
    float sum = Lanes.sum(sum0.add(sum1).add(sum2.add(sum3)));
    for (; i < dimension; i++) {
      sum += a[aOffset + i] * b[bOffset + i];
    }
    return sum;
  }

  /** Two rows at a time, for the reasons of {@link #squaredL2}. */
  @Override
  public void dot(
      float[] query, float[] rows, int[] numbers, int count, int dimension, float[] out) {
    int r = 0;
    for (; r + 2 <= count; r += 2) {
      int a = numbers[r] * dimension;
      int b = numbers[r + 1] * dimension;
      FloatVector a0 = FloatVector.zero(SPECIES);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      FloatVector b0 = a0;
      FloatVector b1 = a0;
      FloatVector b2 = a0;
      FloatVector b3 = a0;
      int i = 0;
      for (; i + 4 * LANES <= dimension; i += 4 * LANES) {
        a0 = addProduct(query, i, rows, a + i, a0);
        b0 = addProduct(query, i, rows, b + i, b0);
        a1 = addProduct(query, i + LANES, rows, a + i + LANES, a1);
        b1 = addProduct(query, i + LANES, rows, b + i + LANES, b1);
        a2 = addProduct(query, i + 2 * LANES, rows, a + i + 2 * LANES, a2);
        b2 = addProduct(query, i + 2 * LANES, rows, b + i + 2 * LANES, b2);
        a3 = addProduct(query, i + 3 * LANES, rows, a + i + 3 * LANES, a3);
        b3 = addProduct(query, i + 3 * LANES, rows, b + i + 3 * LANES, b3);
      }
      for (; i + LANES <= dimension; i += LANES) {
        a0 = addProduct(query, i, rows, a + i, a0);
        b0 = addProduct(query, i, rows, b + i, b0);
      }
      float aSum = Lanes.sum(a0.add(a1).add(a2.add(a3)));
      float bSum = Lanes.sum(b0.add(b1).add(b2.add(b3)));
      for (; i < dimension; i++) {
        aSum += query[i] * rows[a + i];
        bSum += query[i] * rows[b + i];
      }
      out[r] = aSum;
      out[r + 1] = bSum;
    }
    if (r < count) {
      out[r] = dot(query, 0, rows, numbers[r] * dimension, dimension);
    }
  }

  private static FloatVector addProduct(
      float[] a, int aOffset, float[] b, int bOffset, FloatVector sum) {
    return FloatVector.fromArray(SPECIES, a, aOffset)
        .fma(FloatVector.fromArray(SPECIES, b, bOffset), sum);
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
    // Four vectors at a time: how often the inner loop runs is guessed less often.
    for (; i + 4 * LANES <= count; i += 4 * LANES) {
      long mask = below(values, i, limit);
      mask |= below(values, i + LANES, limit) << LANES;
      mask |= below(values, i + 2 * LANES, limit) << 2 * LANES;
      mask |= below(values, i + 3 * LANES, limit) << 3 * LANES;
      for (; mask != 0; mask &= mask - 1) {
        places[below++] = i + Long.numberOfTrailingZeros(mask);
      }
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
