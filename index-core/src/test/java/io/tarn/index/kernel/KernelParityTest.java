package io.tarn.index.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels in use against plain Java. A build in which SIMD does not run fails here. */
class KernelParityTest {
  private static final int MAX_DIMENSION = 4098;

  private final VectorKernels scalar = Kernels.scalar();
  private final VectorKernels best = Kernels.best();

  static IntStream dimensions() {
    return IntStream.concat(
        IntStream.rangeClosed(1, 130), IntStream.of(255, 256, 257, 784, 1023, MAX_DIMENSION));
  }

  @Test
  void simdIsInUse() {
    assertThat(best.description()).startsWith("SIMD");
    assertThat(best).isNotInstanceOf(scalar.getClass());
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void distancesAgree(int dimension) {
    int offset = 3;
    float[] a = random(dimension + offset, dimension);
    float[] b = random(dimension + offset, -dimension);
    double tolerance = 1e-6 * dimension;
    assertThat((double) best.dot(a, offset, b, offset, dimension))
        .isCloseTo(scalar.dot(a, offset, b, offset, dimension), within(tolerance));
    assertThat((double) best.squaredL2(a, offset, b, offset, dimension))
        .isCloseTo(scalar.squaredL2(a, offset, b, offset, dimension), within(4 * tolerance));
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void aRowHasTheSameDistanceInAnyBatch(int dimension) {
    int rows = 5;
    float[] query = random(dimension, 1);
    float[] matrix = random(dimension * rows, 2);
    float[] together = new float[rows];
    best.squaredL2(query, matrix, 0, rows, dimension, together);
    for (int r = 0; r < rows; r++) {
      assertThat(together[r]).isEqualTo(best.squaredL2(query, 0, matrix, r * dimension, dimension));
    }
    best.dot(query, matrix, 0, rows, dimension, together);
    for (int r = 0; r < rows; r++) {
      assertThat(together[r]).isEqualTo(best.dot(query, 0, matrix, r * dimension, dimension));
    }
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void matrixProductsAgree(int dimension) {
    for (int aRows : new int[] {1, 4, 7}) {
      for (int bRows : new int[] {1, 3, 8, 9}) {
        float[] a = random(aRows * dimension + 1, 3);
        float[] b = random(bRows * dimension + 2, 4);
        float[] expected = new float[aRows * bRows];
        float[] actual = new float[aRows * bRows];
        scalar.dotMatrix(a, 1, aRows, b, 2, bRows, dimension, expected);
        best.dotMatrix(a, 1, aRows, b, 2, bRows, dimension, actual);
        assertThat(actual)
            .usingComparatorWithPrecision(1e-6f * dimension)
            .containsExactly(expected);
      }
    }
  }

  @Test
  void extremeValuesOverflowAlike() {
    float[] huge = new float[33];
    Arrays.fill(huge, 2e38f);
    float[] tiny = new float[33];
    Arrays.fill(tiny, Float.MIN_VALUE);
    float[] negative = new float[33];
    Arrays.fill(negative, -2e38f);
    for (float[] a : new float[][] {huge, tiny, negative}) {
      for (float[] b : new float[][] {huge, tiny, negative}) {
        assertAlike(best.dot(a, 0, b, 0, 33), scalar.dot(a, 0, b, 0, 33));
        assertAlike(best.squaredL2(a, 0, b, 0, 33), scalar.squaredL2(a, 0, b, 0, 33));
      }
    }
  }

  private static void assertAlike(float actual, float expected) {
    if (Float.isFinite(expected)) {
      assertThat(actual).isCloseTo(expected, withinPercentage(1e-4));
    } else {
      assertThat(actual).isEqualTo(expected);
    }
  }

  private static float[] random(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }
}
