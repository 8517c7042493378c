package io.tarn.index.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels in use against plain Java. A build in which SIMD does not run fails here. */
class KernelParityTest {
  private static final int MAX_DIMENSION = 4098;

  /** Larger combinations of sizes are left out, to be done in seconds. */
  private static final int MAX_PRODUCTS = 2_000_000;

  private final VectorKernels scalar = Kernels.scalar();
  private final VectorKernels best = Kernels.best();

  static IntStream dimensions() {
    return IntStream.concat(
        IntStream.rangeClosed(1, 130), IntStream.of(255, 256, 257, 784, 1023, MAX_DIMENSION));
  }

  @Test
  void simdIsInUse() {
    // Other executions of this test ask for narrower vectors than the processor has.
    String floats = System.getProperty("expected.vector.floats", "");
    assertThat(best.description()).startsWith("SIMD, " + floats);
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
  void valuesBelowALimitAreTheSame(int count) {
    float[] values = whole(count + 3, count);
    values[count / 2] = Float.NaN;
    values[count / 3] = Float.NEGATIVE_INFINITY;
    values[count / 4] = Float.POSITIVE_INFINITY;
    for (float limit : new float[] {Float.NEGATIVE_INFINITY, -1, 0, 2, Float.POSITIVE_INFINITY}) {
      int[] expected = IntStream.range(0, count).filter(i -> values[i] < limit).toArray();
      for (VectorKernels kernels : List.of(scalar, best)) {
        int[] places = new int[count];
        assertThat(kernels.placesBelow(values, count, limit, places)).isEqualTo(expected.length);
        assertThat(Arrays.copyOf(places, expected.length)).containsExactly(expected);
        assertThat(kernels.countBelow(values, count, limit)).isEqualTo(expected.length);
      }
    }
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
  void aRowHasTheSameDistanceAmongRowsThatLieApart(int dimension) {
    float[] query = random(dimension, 1);
    int offset = 2;
    float[] matrix = random(offset + dimension * 7, 2);
    int[] numbers = {2, 6, 0, 3, 3, 5, 1};
    float[] found = new float[numbers.length + 1];
    for (VectorKernels kernels : List.of(scalar, best)) {
      for (int to = 1; to <= numbers.length; to++) {
        Arrays.fill(found, -7);
        kernels.squaredL2(query, matrix, offset, numbers, 1, to, dimension, found);
        for (int i = 1; i < to; i++) {
          int at = offset + numbers[i] * dimension;
          assertThat(found[i]).isEqualTo(kernels.squaredL2(query, 0, matrix, at, dimension));
        }
        assertThat(found[0]).isEqualTo(-7);
        assertThat(found[to]).isEqualTo(-7);
        kernels.dot(query, matrix, offset, numbers, 1, to, dimension, found);
        for (int i = 1; i < to; i++) {
          int at = offset + numbers[i] * dimension;
          assertThat(found[i]).isEqualTo(kernels.dot(query, 0, matrix, at, dimension));
        }
        assertThat(found[0]).isEqualTo(-7);
        assertThat(found[to]).isEqualTo(-7);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void nearestRowsAgree(int dimension) {
    for (int rowCount : new int[] {1, 6, 7, 125}) {
      for (int packedCount : new int[] {1, 15, 33, 70}) {
        if (rowCount * packedCount * dimension > MAX_PRODUCTS) {
          continue;
        }
        // Small whole numbers: no rounding, many equals.
        float[] rows = whole(rowCount * dimension + 1, 3);
        float[] candidates = whole(packedCount * dimension + 2, 4);
        Nearest expected = nearest(scalar, rows, 1, rowCount, candidates, 2, dimension);
        Nearest actual = nearest(best, rows, 1, rowCount, candidates, 2, dimension);
        assertThat(expected.scores).containsExactly(bruteForce(rows, 1, candidates, 2, dimension));
        assertThat(actual.scores).containsExactly(expected.scores);
        assertThat(actual.rows).containsExactly(expected.rows);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void scoresOfNearestRowsAgreeUpToRounding(int dimension) {
    float[] rows = random(8 * dimension, 5);
    float[] candidates = random(37 * dimension, 6);
    Nearest expected = nearest(scalar, rows, 0, 8, candidates, 0, dimension);
    Nearest actual = nearest(best, rows, 0, 8, candidates, 0, dimension);
    assertThat(actual.scores)
        .usingComparatorWithPrecision(4e-6f * dimension)
        .containsExactly(expected.scores);
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void aRowHasTheSameNearestInAnyBatch(int dimension) {
    int rowCount = 14;
    float[] rows = random(rowCount * dimension, 7);
    float[] candidates = random(40 * dimension, 8);
    for (VectorKernels kernels : new VectorKernels[] {scalar, best}) {
      Nearest together = nearest(kernels, rows, 0, rowCount, candidates, 0, dimension);
      for (int r = 0; r < rowCount; r++) {
        Nearest alone = nearest(kernels, rows, r * dimension, 1, candidates, 0, dimension);
        assertThat(alone.rows[0]).isEqualTo(together.rows[r]);
        assertThat(alone.scores[0]).isEqualTo(together.scores[r]);
      }
    }
  }

  /** Else a row's distance would change when the code that computes it is compiled. */
  @Test
  void lanesAreAddedInTheSameOrderAlways() {
    int lanes = Integer.parseInt(best.description().replaceAll("\\D", ""));
    float[] a = random(lanes, 5);
    float[] b = random(lanes, 6);
    float[] sums = new float[lanes];
    for (int lane = 0; lane < lanes; lane++) {
      sums[lane] = a[lane] * b[lane];
    }
    for (int stride = lanes / 2; stride > 0; stride /= 2) {
      for (int lane = 0; lane < stride; lane++) {
        sums[lane] += sums[lane + stride];
      }
    }
    for (int call = 0; call < 50_000; call++) {
      assertThat(best.dot(a, 0, b, 0, lanes)).isEqualTo(sums[0]);
    }
  }

  @Test
  void aRowWithoutAFiniteScoreHasNoNearest() {
    for (VectorKernels kernels : new VectorKernels[] {scalar, best}) {
      PackedRows packed = new PackedRows(kernels.panelWidth(), 1, 2);
      packed.add(new float[] {Float.MAX_VALUE}, 0, Float.POSITIVE_INFINITY);
      packed.add(new float[] {-Float.MAX_VALUE}, 0, 0);
      int[] nearest = new int[2];
      float[] scores = new float[2];
      kernels.nearest(new float[] {2, -2}, 0, 2, packed, nearest, scores, 0);
      assertThat(nearest).containsExactly(-1, 1);
      assertThat(scores).containsExactly(Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
    }
  }

  @Test
  void packedRowsThatWereClearedAreForgotten() {
    for (VectorKernels kernels : new VectorKernels[] {scalar, best}) {
      PackedRows packed = new PackedRows(kernels.panelWidth(), 1, 3);
      for (float value : new float[] {1, 2, 3}) {
        packed.add(new float[] {value}, 0, 0);
      }
      packed.clear();
      packed.add(new float[] {1}, 0, 0);
      int[] nearest = new int[1];
      kernels.nearest(new float[] {1}, 0, 1, packed, nearest, new float[1], 0);
      assertThat(packed.count()).isEqualTo(1);
      assertThat(nearest).containsExactly(0);
    }
  }

  private record Nearest(int[] rows, float[] scores) {}

  private static Nearest nearest(
      VectorKernels kernels,
      float[] rows,
      int rowOffset,
      int rowCount,
      float[] candidates,
      int candidateOffset,
      int dimension) {
    int count = (candidates.length - candidateOffset) / dimension;
    PackedRows packed = new PackedRows(kernels.panelWidth(), dimension, count);
    for (int c = 0; c < count; c++) {
      packed.add(candidates, candidateOffset + c * dimension, penalty(c));
    }
    // One place more at either end, to see that nothing else is written.
    Nearest out = new Nearest(new int[rowCount + 2], new float[rowCount + 2]);
    kernels.nearest(rows, rowOffset, rowCount, packed, out.rows, out.scores, 1);
    assertThat(out.rows[0] + out.rows[rowCount + 1]).isZero();
    return new Nearest(
        Arrays.copyOfRange(out.rows, 1, rowCount + 1),
        Arrays.copyOfRange(out.scores, 1, rowCount + 1));
  }

  private static float penalty(int row) {
    return row % 3;
  }

  private static float[] bruteForce(
      float[] rows, int rowOffset, float[] candidates, int candidateOffset, int dimension) {
    float[] smallest = new float[(rows.length - rowOffset) / dimension];
    Arrays.fill(smallest, Float.POSITIVE_INFINITY);
    for (int r = 0; r < smallest.length; r++) {
      for (int c = 0; c < (candidates.length - candidateOffset) / dimension; c++) {
        double score = penalty(c);
        for (int i = 0; i < dimension; i++) {
          score -=
              (double) rows[rowOffset + r * dimension + i]
                  * candidates[candidateOffset + c * dimension + i];
        }
        smallest[r] = (float) Math.min(smallest[r], score);
      }
    }
    return smallest;
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

  private static float[] whole(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = random.nextInt(-2, 3);
    }
    return values;
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
