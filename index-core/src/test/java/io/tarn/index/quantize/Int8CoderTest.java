package io.tarn.index.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.Metric;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Estimates against distances in double precision, and their errors against the bound. */
class Int8CoderTest {
  private static final long SEED = 20_250_118;

  private final SplittableRandom random = new SplittableRandom(SEED);

  @ParameterizedTest
  @CsvSource({
    "L2, 1",
    "L2, 2",
    "L2, 31",
    "L2, 784",
    "COSINE, 3",
    "COSINE, 100",
    "INNER_PRODUCT, 20"
  })
  void errorsAreNeverBeyondTheBoundAndSometimesNearIt(Metric metric, int dimension) {
    Int8Coder coder = new Int8Coder(metric, dimension);
    RowCode code = new RowCode(new Quantizer.Int8(), dimension);
    double largest = 0;
    for (int i = 0; i < 2000; i++) {
      float[] centroid = vector(dimension, new float[dimension], 1);
      float[] row = vector(dimension, centroid, 0.5f);
      coder.encode(row, 0, centroid, 0, code);
      // Of all queries the one along what is left out strains the bound most.
      float[] query = i % 2 == 0 ? vector(dimension, centroid, 0.5f) : worst(row, centroid, code);
      double estimate = distance(metric, query, centroid) + code.offset;
      for (int j = 0; j < dimension; j++) {
        estimate -= (double) code.scale * code.bits[j] * (query[j] - centroid[j]);
      }
      double bound = code.error * Math.sqrt(distance(Metric.L2, query, centroid));
      double error = Math.abs(estimate - distance(metric, query, row));
      // Beside the bound there is the rounding of residuals and factors to floats.
      double rounding =
          1e-6 * (distance(Metric.L2, row, new float[dimension]) + Math.abs(estimate) + 1);
      assertThat(error).isLessThanOrEqualTo(bound + rounding);
      largest = Math.max(largest, error / (bound + rounding));
      double step = code.scale / (metric == Metric.L2 ? 2 : 1);
      double perStep = code.error / (metric == Metric.L2 ? 2 : 1) / step;
      assertThat(perStep).isLessThanOrEqualTo(0.5001 * Math.sqrt(dimension));
    }
    assertThat(largest).isGreaterThan(dimension == 1 ? 0 : 0.5);
  }

  private static float[] worst(float[] row, float[] centroid, RowCode code) {
    float[] query = new float[row.length];
    double step = 0;
    for (int i = 0; i < row.length; i++) {
      step = Math.max(step, Math.abs(row[i] - centroid[i]) / 127);
    }
    for (int i = 0; i < row.length; i++) {
      query[i] = centroid[i] + 1000 * (float) (row[i] - centroid[i] - step * code.bits[i]);
    }
    return query;
  }

  @Test
  void theLargestValueTakesTheWholeRange() {
    RowCode code = new RowCode(new Quantizer.Int8(), 4);
    float[] rows = {9, -254, 127, 1, 3, 9};
    new Int8Coder(Metric.INNER_PRODUCT, 4).encode(rows, 1, new float[] {7, 0, 0, 0, 0}, 1, code);
    assertThat(code.bits).containsExactly(-127, 64, 1, 2);
    assertThat(code.scale).isEqualTo(2);
    assertThat(code.offset).isZero();
    assertThat(code.error).isBetween(1.7f, 1.74f);
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void aRowOnItsCentroidHasAllZeroFactors(Metric metric) {
    float[] row = vector(20, new float[20], 1);
    RowCode code = new RowCode(new Quantizer.Int8(), 20);
    new Int8Coder(metric, 20).encode(row, 0, row, 0, code);
    assertThat(code.offset).isZero();
    assertThat(code.scale).isZero();
    assertThat(code.error).isZero();
    assertThat(code.bits).containsOnly(0);
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void factorsThatOverflowAreNoNumbers(Metric metric) {
    RowCode code = new RowCode(new Quantizer.Int8(), 50);
    for (float huge : new float[] {1e30f, 3e38f}) {
      float[] row = new float[50];
      float[] centroid = new float[50];
      Arrays.fill(row, huge);
      Arrays.fill(centroid, -huge);
      new Int8Coder(metric, 50).encode(row, 0, centroid, 0, code);
      assertThat(Float.isFinite(code.offset)).isFalse();
    }
  }

  private float[] vector(int dimension, float[] around, float deviation) {
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = around[i] + deviation * (float) random.nextGaussian();
    }
    return vector;
  }

  /** As if lengths were one, under cosine; estimates need no more. */
  private static double distance(Metric metric, float[] a, float[] b) {
    double product = 0;
    double squared = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      squared += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    return switch (metric) {
      case L2 -> squared;
      case COSINE -> 1 - product;
      case INNER_PRODUCT -> -product;
    };
  }
}
