package io.tarn.index.kernel;

/** The kernels in plain Java. Four sums each, so that additions do not wait for each other. */
final class ScalarKernels implements VectorKernels {
  @Override
  public float squaredL2(float[] a, int aOffset, float[] b, int bOffset, int dimension) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    int i = 0;
    for (; i + 4 <= dimension; i += 4) {
      float d0 = a[aOffset + i] - b[bOffset + i];
      float d1 = a[aOffset + i + 1] - b[bOffset + i + 1];
      float d2 = a[aOffset + i + 2] - b[bOffset + i + 2];
      float d3 = a[aOffset + i + 3] - b[bOffset + i + 3];
      sum0 += d0 * d0;
      sum1 += d1 * d1;
      sum2 += d2 * d2;
      sum3 += d3 * d3;
    }
    for (; i < dimension; i++) {
      float d = a[aOffset + i] - b[bOffset + i];
      sum0 += d * d;
    }
    return sum0 + sum1 + (sum2 + sum3);
  }

  @Override
  public float dot(float[] a, int aOffset, float[] b, int bOffset, int dimension) {
    float sum0 = 0;
    float sum1 = 0;
    float sum2 = 0;
    float sum3 = 0;
    int i = 0;
    for (; i + 4 <= dimension; i += 4) {
      sum0 += a[aOffset + i] * b[bOffset + i];
      sum1 += a[aOffset + i + 1] * b[bOffset + i + 1];
      sum2 += a[aOffset + i + 2] * b[bOffset + i + 2];
      sum3 += a[aOffset + i + 3] * b[bOffset + i + 3];
    }
    for (; i < dimension; i++) {
      sum0 += a[aOffset + i] * b[bOffset + i];
    }
    return sum0 + sum1 + (sum2 + sum3);
  }

  @Override
  public int countBelow(float[] values, int count, float limit) {
    int below = 0;
    for (int i = 0; i < count; i++) {
      below += values[i] < limit ? 1 : 0;
    }
    return below;
  }

  @Override
  public int placesBelow(float[] values, int count, float limit, int[] places) {
    int below = 0;
    for (int i = 0; i < count; i++) {
      if (values[i] < limit) {
        places[below++] = i;
      }
    }
    return below;
  }

  @Override
  public int panelWidth() {
    return ScalarNearest.PANEL_WIDTH;
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
    ScalarNearest.nearest(rows, rowOffset, rowCount, packed, nearest, scores, outOffset);
  }

  @Override
  public String description() {
    return "plain Java";
  }
}
