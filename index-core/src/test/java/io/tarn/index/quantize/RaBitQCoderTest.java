package io.tarn.index.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.feature.Metric;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Estimates against distances in double precision, and their errors against the promise. */
class RaBitQCoderTest {
  private static final long SEED = 20_240_613;

  /** The bounds of searches, in standard errors, and how often a Gaussian lies beyond each. */
  private static final double[] ERRORS = {2, 2.5};

  private static final double[] BEYOND = {0.0228, 0.0062};

  /** Of statistics: a result that is right fails once in 30,000 times, and the seed is fixed. */
  private static final double MARGIN = 4;

  private final SplittableRandom random = new SplittableRandom(SEED);

  @ParameterizedTest
  @CsvSource({
    "L2, 8, 20000",
    "L2, 31, 20000",
    "L2, 128, 20000",
    "L2, 784, 5000",
    "COSINE, 8, 20000",
    "COSINE, 100, 20000",
    "COSINE, 784, 5000",
    "INNER_PRODUCT, 20, 20000",
    "INNER_PRODUCT, 257, 10000"
  })
  void estimatesAreUnbiasedAndTheirErrorsBounded(Metric metric, int dimension, int samples) {
    RaBitQCoder coder = new RaBitQCoder(metric, dimension);
    Rotation rotation = new Rotation(dimension);
    RowCode code = new RowCode(dimension);
    double sum = 0;
    double squares = 0;
    int[] above = new int[ERRORS.length];
    int[] below = new int[ERRORS.length];
    for (int i = 0; i < samples; i++) {
      float[] centroid = vector(metric, dimension, new float[dimension], 1);
      float[] row = vector(metric, dimension, centroid, 0.5f);
      float[] query = vector(metric, dimension, centroid, 0.5f);
      coder.encode(row, 0, centroid, 0, code);
      double spread = Math.sqrt(distance(Metric.L2, query, centroid));
      double estimate =
          distance(metric, query, centroid)
              + code.offset
              - code.scale * signedSum(code, rotated(rotation, query, centroid));
      double error = (estimate - distance(metric, query, row)) / (code.error * spread);
      sum += error;
      squares += error * error;
      for (int bound = 0; bound < ERRORS.length; bound++) {
        above[bound] += error > ERRORS[bound] ? 1 : 0;
        below[bound] += error < -ERRORS[bound] ? 1 : 0;
      }
    }
    System.out.printf(
        "%s, d = %d, seed %d: mean %.4f, deviation %.4f, beyond the bounds %s and %s of %d%n",
        metric,
        dimension,
        SEED,
        sum / samples,
        Math.sqrt(squares / samples),
        Arrays.toString(above),
        Arrays.toString(below),
        samples);
    assertThat(sum / samples).isCloseTo(0, within(MARGIN / Math.sqrt(samples)));
    assertThat(Math.sqrt(squares / samples)).isBetween(0.85, 1.02);
    for (int bound = 0; bound < ERRORS.length; bound++) {
      double expected = samples * BEYOND[bound];
      double most = expected + MARGIN * Math.sqrt(expected);
      assertThat((double) above[bound]).isLessThan(most);
      assertThat((double) below[bound]).isLessThan(most);
    }
  }

  /** Three standard errors, as searches allow for full codes. */
  private static final double FULL_ERRORS = 3;

  private static final double BEYOND_FULL = 0.00135;

  /**
   * @param most what the error may be on average, as a part of that of one bit: the best that a
   *     uniform grid can do for a Gaussian is 0.486, 0.143 and 0.0145
   */
  @ParameterizedTest
  @CsvSource({
    "L2, 8, 2, 6000, 0.50",
    "L2, 128, 2, 6000, 0.50",
    "L2, 784, 2, 1500, 0.50",
    "COSINE, 100, 2, 6000, 0.50",
    "INNER_PRODUCT, 31, 2, 6000, 0.50",
    "L2, 31, 4, 6000, 0.145",
    "L2, 128, 4, 6000, 0.145",
    "COSINE, 784, 4, 1500, 0.145",
    "INNER_PRODUCT, 20, 4, 6000, 0.145",
    "L2, 20, 8, 6000, 0.012",
    "COSINE, 100, 8, 6000, 0.012",
    "L2, 784, 8, 1500, 0.012",
    "INNER_PRODUCT, 257, 8, 3000, 0.012"
  })
  void estimatesOfFullCodesAreUnbiasedAndTheirErrorsBounded(
      Metric metric, int dimension, int bits, int samples, double most) {
    RaBitQCoder coder = new RaBitQCoder(metric, dimension, bits);
    Rotation rotation = new Rotation(dimension);
    RowCode code = new RowCode(new Quantizer.RaBitQ(bits), dimension);
    double sum = 0;
    double squares = 0;
    double ratios = 0;
    int above = 0;
    int below = 0;
    for (int i = 0; i < samples; i++) {
      float[] centroid = vector(metric, dimension, new float[dimension], 1);
      float[] row = vector(metric, dimension, centroid, 0.5f);
      float[] query = vector(metric, dimension, centroid, 0.5f);
      coder.encode(row, 0, centroid, 0, code);
      ratios += code.fullError / code.error;
      double spread = Math.sqrt(distance(Metric.L2, query, centroid));
      double estimate =
          distance(metric, query, centroid)
              + code.offset
              - code.fullScale * gridSum(code, bits, rotated(rotation, query, centroid));
      double error = (estimate - distance(metric, query, row)) / (code.fullError * spread);
      sum += error;
      squares += error * error;
      above += error > FULL_ERRORS ? 1 : 0;
      below += error < -FULL_ERRORS ? 1 : 0;
    }
    System.out.printf(
        "%s, d = %d, %d bits, seed %d: mean %.4f, deviation %.4f, beyond the bound %d and %d of"
            + " %d, error %.4f of that of one bit%n",
        metric,
        dimension,
        bits,
        SEED,
        sum / samples,
        Math.sqrt(squares / samples),
        above,
        below,
        samples,
        ratios / samples);
    assertThat(sum / samples).isCloseTo(0, within(MARGIN / Math.sqrt(samples)));
    assertThat(Math.sqrt(squares / samples)).isBetween(0.85, 1.04);
    double mostBeyond = samples * BEYOND_FULL + MARGIN * Math.sqrt(samples * BEYOND_FULL);
    assertThat((double) above).isLessThan(mostBeyond);
    assertThat((double) below).isLessThan(mostBeyond);
    assertThat(ratios / samples).isLessThan(most);
  }

  /** Values are odd multiples of a half, the most negative number 0; as the format says. */
  private static double gridSum(RowCode code, int bits, float[] values) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += (gridValue(code, bits, i) + 0.5 - (1 << bits - 1)) * values[i];
    }
    return sum;
  }

  private static int gridValue(RowCode code, int bits, int i) {
    return switch (bits) {
      case 2 -> code.full[i / 64 * 16 + i % 16] >> 2 * (i % 64 / 16) & 3;
      case 4 -> code.full[i / 32 * 16 + i % 16] >> 4 * (i % 32 / 16) & 15;
      default -> code.full[i] + 128;
    };
  }

  /** The signs are those of one bit, and values are rounded to the grid at some scale. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 64, 65, 100})
  void aFullCodeIsTheRoundedRow(int dimension) {
    for (int bits : new int[] {2, 4, 8}) {
      float[] row = vector(Metric.L2, dimension, new float[dimension], 1);
      float[] centroid = vector(Metric.L2, dimension, new float[dimension], 1);
      RowCode code = new RowCode(new Quantizer.RaBitQ(bits), dimension);
      RowCode signs = new RowCode(dimension);
      new RaBitQCoder(Metric.L2, dimension, bits).encode(row, 0, centroid, 0, code);
      new RaBitQCoder(Metric.L2, dimension).encode(row, 0, centroid, 0, signs);
      assertThat(code.bits).isEqualTo(signs.bits);
      assertThat(code.offset).isEqualTo(signs.offset);
      assertThat(code.scale).isEqualTo(signs.scale);
      assertThat(code.error).isEqualTo(signs.error);
      float[] residual = rotated(new Rotation(dimension), row, centroid);
      for (int i = 0; i < dimension; i++) {
        int value = gridValue(code, bits, i);
        assertThat(value >> bits - 1 == 1).isEqualTo(residual[i] >= 0);
        for (int j = 0; j < dimension; j++) {
          if (residual[j] > residual[i]) {
            assertThat(gridValue(code, bits, j)).isGreaterThanOrEqualTo(value);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 8})
  void fullCodesOfExtremeRows(int bits) {
    RowCode code = new RowCode(new Quantizer.RaBitQ(bits), 50);
    RaBitQCoder coder = new RaBitQCoder(Metric.L2, 50, bits);
    float[] zero = new float[50];
    coder.encode(zero, 0, zero, 0, code);
    assertThat(code.fullScale).isZero();
    assertThat(code.fullError).isZero();
    float[] row = new float[50];
    for (float size : new float[] {1e-30f, 1, 1e15f}) {
      Arrays.fill(row, size);
      row[7] = -3 * size;
      coder.encode(row, 0, zero, 0, code);
      assertThat(code.fullScale / size).isBetween(1e-3f, 10f);
      assertThat(code.fullError).isPositive().isLessThan(code.error);
    }
    Arrays.fill(row, 3e38f);
    float[] opposite = new float[50];
    Arrays.fill(opposite, -3e38f);
    coder.encode(row, 0, opposite, 0, code);
    assertThat(Float.isFinite(code.fullScale)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 9, 100})
  void aBitSaysThatAValueOfTheRotatedResidualIsNotNegative(int dimension) {
    float[] row = vector(Metric.L2, dimension, new float[dimension], 1);
    float[] centroid = vector(Metric.L2, dimension, new float[dimension], 1);
    RowCode code = new RowCode(dimension);
    new RaBitQCoder(Metric.L2, dimension).encode(row, 0, centroid, 0, code);
    float[] residual = rotated(new Rotation(dimension), row, centroid);
    assertThat(code.bits).hasSize((dimension + 7) / 8);
    for (int i = 0; i < 8 * code.bits.length; i++) {
      boolean expected = i < dimension && residual[i] >= 0;
      assertThat((code.bits[i / 8] >> i % 8 & 1) == 1).as("bit %d", i).isEqualTo(expected);
    }
  }

  @Test
  void rowsAndCentroidsAreTakenFromWhereTheyBegin() {
    float[] rows = {9, 9, 1, 2, 3, 9};
    float[] centroids = {9, 0.5f, 0, -1};
    RowCode among = new RowCode(3);
    RowCode alone = new RowCode(3);
    RaBitQCoder coder = new RaBitQCoder(Metric.INNER_PRODUCT, 3);
    coder.encode(rows, 2, centroids, 1, among);
    coder.encode(new float[] {1, 2, 3}, 0, new float[] {0.5f, 0, -1}, 0, alone);
    assertThat(among).usingRecursiveComparison().isEqualTo(alone);
    assertThat(alone.offset).isEqualTo(-(0.5f * 0.5f - 4));
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void aRowOnItsCentroidHasAllZeroFactors(Metric metric) {
    float[] row = vector(metric, 20, new float[20], 1);
    RowCode code = new RowCode(20);
    new RaBitQCoder(metric, 20).encode(row, 0, row, 0, code);
    assertThat(code.offset).isZero();
    assertThat(code.scale).isZero();
    assertThat(code.error).isZero();
  }

  @ParameterizedTest
  @EnumSource(
      value = Metric.class,
      names = {"L2", "INNER_PRODUCT"})
  void inOneDimensionNothingIsLost(Metric metric) {
    RowCode code = new RowCode(1);
    float[] centroid = {3};
    for (float value : new float[] {-5, 2.5f, 3, 4}) {
      for (float asked : new float[] {-1, 3, 10}) {
        float[] query = {asked};
        new RaBitQCoder(metric, 1).encode(new float[] {value}, 0, centroid, 0, code);
        double estimate =
            distance(metric, query, centroid)
                + code.offset
                - code.scale * signedSum(code, rotated(new Rotation(1), query, centroid));
        assertThat(estimate).isCloseTo(distance(metric, query, new float[] {value}), within(1e-5));
        assertThat(code.error).isZero();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void factorsOfTinyRowsAreNumbers(Metric metric) {
    RowCode code = new RowCode(50);
    float[] row = new float[50];
    Arrays.fill(row, 1e-30f);
    row[7] = -3e-30f;
    new RaBitQCoder(metric, 50).encode(row, 0, new float[50], 0, code);
    assertThat(code.scale).isBetween(1e-31f, 1e-29f);
    assertThat(code.error).isBetween(1e-32f, 1e-29f);
    assertThat(code.offset).isZero();
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void factorsThatOverflowAreNoNumbers(Metric metric) {
    RowCode code = new RowCode(50);
    for (float huge : new float[] {1e30f, 3e38f}) {
      float[] row = new float[50];
      float[] centroid = new float[50];
      Arrays.fill(row, huge);
      Arrays.fill(centroid, -huge);
      new RaBitQCoder(metric, 50).encode(row, 0, centroid, 0, code);
      assertThat(Float.isFinite(code.offset)).isFalse();
    }
  }

  private float[] vector(Metric metric, int dimension, float[] around, float deviation) {
    float[] vector = new float[dimension];
    double squaredNorm = 0;
    for (int i = 0; i < dimension; i++) {
      vector[i] = around[i] + deviation * (float) random.nextGaussian();
      squaredNorm += (double) vector[i] * vector[i];
    }
    for (int i = 0; metric == Metric.COSINE && i < dimension; i++) {
      vector[i] /= (float) Math.sqrt(squaredNorm);
    }
    return vector;
  }

  private static float[] rotated(Rotation rotation, float[] vector, float[] from) {
    float[] difference = new float[vector.length];
    for (int i = 0; i < vector.length; i++) {
      difference[i] = vector[i] - from[i];
    }
    rotation.apply(difference);
    return difference;
  }

  private static double signedSum(RowCode code, float[] values) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += (code.bits[i / 8] >> i % 8 & 1) == 1 ? values[i] : -values[i];
    }
    return sum;
  }

  /** Vectors have unit length under cosine. */
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
