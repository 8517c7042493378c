package io.tarn.index.kernel.simd;

import io.tarn.index.kernel.VectorKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The kernels with the Vector API, at the widest vectors the processor has. */
public final class SimdKernels implements VectorKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  /** Rows of a and of b in one register tile: 4 × 4 sums, 4 + 1 loaded vectors. */
  private static final int TILE = 4;

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
    float sum = sum0.add(sum1).add(sum2.add(sum3)).reduceLanes(VectorOperators.ADD);
    for (; i < dimension; i++) {
      float d = a[aOffset + i] - b[bOffset + i];
      sum += d * d;
    }
    return sum;
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
    float sum = sum0.add(sum1).add(sum2.add(sum3)).reduceLanes(VectorOperators.ADD);
    for (; i < dimension; i++) {
      sum += a[aOffset + i] * b[bOffset + i];
    }
    return sum;
  }

  private static FloatVector addProduct(
      float[] a, int aOffset, float[] b, int bOffset, FloatVector sum) {
    return FloatVector.fromArray(SPECIES, a, aOffset)
        .fma(FloatVector.fromArray(SPECIES, b, bOffset), sum);
  }

  @Override
  public void dotMatrix(
      float[] a,
      int aOffset,
      int aCount,
      float[] b,
      int bOffset,
      int bCount,
      int dimension,
      float[] out) {
    int tiledA = aCount - aCount % TILE;
    int tiledB = bCount - bCount % TILE;
    for (int i = 0; i < tiledA; i += TILE) {
      for (int j = 0; j < tiledB; j += TILE) {
        tile(
            a,
            aOffset + i * dimension,
            b,
            bOffset + j * dimension,
            dimension,
            out,
            i * bCount + j,
            bCount);
      }
    }
    for (int i = 0; i < aCount; i++) {
      for (int j = i < tiledA ? tiledB : 0; j < bCount; j++) {
        out[i * bCount + j] =
            dot(a, aOffset + i * dimension, b, bOffset + j * dimension, dimension);
      }
    }
  }

  /**
   * Sixteen inner products at once. Every value loaded is used four times, so that the loop is
   * bound by arithmetic and not by the cache.
   */
  private static void tile(
      float[] a, int a0, float[] b, int b0, int dimension, float[] out, int at, int stride) {
    int a1 = a0 + dimension;
    int a2 = a1 + dimension;
    int a3 = a2 + dimension;
    int b1 = b0 + dimension;
    int b2 = b1 + dimension;
    int b3 = b2 + dimension;
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = s00;
    FloatVector s02 = s00;
    FloatVector s03 = s00;
    FloatVector s10 = s00;
    FloatVector s11 = s00;
    FloatVector s12 = s00;
    FloatVector s13 = s00;
    FloatVector s20 = s00;
    FloatVector s21 = s00;
    FloatVector s22 = s00;
    FloatVector s23 = s00;
    FloatVector s30 = s00;
    FloatVector s31 = s00;
    FloatVector s32 = s00;
    FloatVector s33 = s00;
    int vectorized = SPECIES.loopBound(dimension);
    for (int i = 0; i < vectorized; i += LANES) {
      FloatVector v0 = FloatVector.fromArray(SPECIES, a, a0 + i);
      FloatVector v1 = FloatVector.fromArray(SPECIES, a, a1 + i);
      FloatVector v2 = FloatVector.fromArray(SPECIES, a, a2 + i);
      FloatVector v3 = FloatVector.fromArray(SPECIES, a, a3 + i);
      FloatVector w = FloatVector.fromArray(SPECIES, b, b0 + i);
      s00 = v0.fma(w, s00);
      s10 = v1.fma(w, s10);
      s20 = v2.fma(w, s20);
      s30 = v3.fma(w, s30);
      w = FloatVector.fromArray(SPECIES, b, b1 + i);
      s01 = v0.fma(w, s01);
      s11 = v1.fma(w, s11);
      s21 = v2.fma(w, s21);
      s31 = v3.fma(w, s31);
      w = FloatVector.fromArray(SPECIES, b, b2 + i);
      s02 = v0.fma(w, s02);
      s12 = v1.fma(w, s12);
      s22 = v2.fma(w, s22);
      s32 = v3.fma(w, s32);
      w = FloatVector.fromArray(SPECIES, b, b3 + i);
      s03 = v0.fma(w, s03);
      s13 = v1.fma(w, s13);
      s23 = v2.fma(w, s23);
      s33 = v3.fma(w, s33);
    }
    storeRow(out, at, s00, s01, s02, s03);
    storeRow(out, at + stride, s10, s11, s12, s13);
    storeRow(out, at + 2 * stride, s20, s21, s22, s23);
    storeRow(out, at + 3 * stride, s30, s31, s32, s33);
    if (vectorized < dimension) {
      addTail(a, a0, b, b0, vectorized, dimension, out, at, stride);
    }
  }

  private static void storeRow(
      float[] out, int at, FloatVector s0, FloatVector s1, FloatVector s2, FloatVector s3) {
    out[at] = s0.reduceLanes(VectorOperators.ADD);
    out[at + 1] = s1.reduceLanes(VectorOperators.ADD);
    out[at + 2] = s2.reduceLanes(VectorOperators.ADD);
    out[at + 3] = s3.reduceLanes(VectorOperators.ADD);
  }

  private static void addTail(
      float[] a,
      int a0,
      float[] b,
      int b0,
      int from,
      int dimension,
      float[] out,
      int at,
      int stride) {
    for (int i = 0; i < TILE; i++) {
      for (int j = 0; j < TILE; j++) {
        float sum = 0;
        for (int d = from; d < dimension; d++) {
          sum += a[a0 + i * dimension + d] * b[b0 + j * dimension + d];
        }
        out[at + i * stride + j] += sum;
      }
    }
  }

  @Override
  public String description() {
    return "SIMD, " + LANES + " floats wide";
  }
}
