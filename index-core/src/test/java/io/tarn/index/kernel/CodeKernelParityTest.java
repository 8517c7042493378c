package io.tarn.index.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernels over codes in use against plain Java, and both against their description. */
class CodeKernelParityTest {
  private static final int MAX_DIMENSION = 4098;
  private static final int ROWS = CodeKernels.BLOCK_ROWS;

  /** Where blocks, tables and parameters begin in their arrays: nowhere round. */
  private static final int BLOCK_AT = 37;

  /** Where estimates and bounds are stored from. */
  private static final int OUT = 5;

  private static final int PARAMETERS_AT = 3;

  private static final float INFINITY = Float.POSITIVE_INFINITY;

  private static final int BYTE_ROWS = 5;

  private final CodeKernels scalar = Kernels.scalarCodes();
  private final CodeKernels best = Kernels.codes();

  static IntStream dimensions() {
    return IntStream.concat(
        IntStream.rangeClosed(1, 130), IntStream.of(255, 256, 257, 784, 1023, MAX_DIMENSION));
  }

  @Test
  void simdIsInUse() {
    assertThat(best).isNotInstanceOf(scalar.getClass());
    assertThat(best.getClass().getSimpleName()).startsWith("Simd");
  }

  @Test
  void onceWarmTheBestAreUsedForAll() throws Exception {
    Kernels.awaitWarm();
    assertThat(Kernels.readyCodes()).isSameAs(Kernels.codes());
    assertThat(Kernels.ready()).isSameAs(Kernels.best());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096})
  void transformsAgreeToTheBit(int size) {
    for (float extreme : new float[] {1, Float.MIN_VALUE, 1e30f, Float.MAX_VALUE, INFINITY}) {
      int offset = 5;
      float[] values = random(size + 2 * offset, size);
      values[offset + size / 2] = extreme;
      values[offset] = -0f;
      float[] expected = values.clone();
      float[] actual = values.clone();
      scalar.hadamard(expected, offset, size);
      best.hadamard(actual, offset, size);
      assertThat(bits(actual)).isEqualTo(bits(expected));
      for (int i = 0; i < offset; i++) {
        assertThat(actual[i]).isEqualTo(values[i]);
        assertThat(actual[offset + size + i]).isEqualTo(values[offset + size + i]);
      }
    }
  }

  /**
   * Against the matrix: element (i, j) is 1 or -1 as i and j have an even number of common bits.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 16, 64, 256})
  void theTransformIsThatOfWalshAndHadamard(int size) {
    float[] values = whole(size, size);
    float[] actual = values.clone();
    best.hadamard(actual, 0, size);
    for (int i = 0; i < size; i++) {
      float expected = 0;
      for (int j = 0; j < size; j++) {
        expected += Integer.bitCount(i & j) % 2 == 0 ? values[j] : -values[j];
      }
      assertThat(actual[i]).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void sumsAreExact(int dimension) {
    for (boolean largest : new boolean[] {false, true}) {
      Block block = new Block(dimension, dimension, largest);
      // The estimate is then the sum itself.
      float[] parameters = parameters(0, 0, 1, 0, 0);
      for (CodeKernels kernels : new CodeKernels[] {scalar, best}) {
        Scan scan = block.scan(kernels, parameters, 0, -1, 0, 0, INFINITY);
        assertThat(scan.mask).isEqualTo(-1L);
        for (int row = 0; row < ROWS; row++) {
          assertThat(scan.estimates[row]).as("row %d", row).isEqualTo(block.sum(row));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void estimatesAndBoundsAreAsDescribed(int dimension) {
    Block block = new Block(dimension, -dimension, false);
    SplittableRandom random = new SplittableRandom(dimension);
    float[] parameters =
        parameters(
            random.nextFloat(), random.nextFloat() / 65536, 0.1f, random.nextFloat() / 255, 0.01f);
    float base = (float) random.nextDouble(-3, 3);
    float step = 0.02f;
    float bias = -0.01f * block.sum(0);
    float spread = random.nextFloat();
    for (CodeKernels kernels : new CodeKernels[] {scalar, best}) {
      Scan scan = block.scan(kernels, parameters, base, step, bias, spread, INFINITY);
      for (int row = 0; row < ROWS; row++) {
        double offset = parameters[3] + (double) parameters[4] * block.offsets[row];
        double scale = parameters[5] + (double) parameters[6] * block.scales[row];
        double product = (double) step * block.sum(row) + bias;
        double error = (double) parameters[7] * block.errors[row] * spread;
        double estimate = base + offset - scale * product;
        double magnitude =
            Math.abs(base) + Math.abs(offset) + scale * (step * block.sum(row) - bias) + error;
        assertThat((double) scan.estimates[row]).isCloseTo(estimate, within(1e-6 * magnitude));
        assertThat((double) scan.lowers[row]).isCloseTo(estimate - error, within(1e-6 * magnitude));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void rowsBelowTheLimitAreOfInterest(int dimension) {
    Block block = new Block(dimension, 7, false);
    float[] parameters = parameters(1, 1e-4f, 0.5f, 1e-3f, 0.01f);
    for (CodeKernels kernels : new CodeKernels[] {scalar, best}) {
      float[] lowers = block.scan(kernels, parameters, 1, 0.1f, -3, 2, INFINITY).lowers;
      for (float limit : new float[] {lowers[0], lowers[33], Math.nextUp(lowers[63])}) {
        Scan scan = block.scan(kernels, parameters, 1, 0.1f, -3, 2, limit);
        for (int row = 0; row < ROWS; row++) {
          assertThat((scan.mask >>> row & 1) != 0).isEqualTo(lowers[row] < limit);
        }
      }
      assertThat(block.scan(kernels, parameters, 1, 0.1f, -3, 2, -INFINITY).mask).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void anArrayForBothHasTheLowerBounds(int dimension) {
    Block block = new Block(dimension, 8, false);
    float[] parameters = parameters(1, 1e-4f, 0.5f, 1e-3f, 0.01f);
    for (CodeKernels kernels : new CodeKernels[] {scalar, best}) {
      float[] lowers = block.scan(kernels, parameters, 1, 0.1f, -3, 2, INFINITY).lowers;
      float[] both = new float[OUT + ROWS + 1];
      both[OUT - 1] = 7;
      both[OUT + ROWS] = 7;
      block.scan(kernels, parameters, 1, 0.1f, -3, 2, INFINITY, both, both);
      assertThat(Arrays.copyOfRange(both, OUT, OUT + ROWS)).isEqualTo(lowers);
      assertThat(both[OUT - 1]).isEqualTo(7);
      assertThat(both[OUT + ROWS]).isEqualTo(7);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 16, 17, 100, 784})
  void aBlockWhoseOffsetIsMinusInfinityIsOfInterestAsAWhole(int dimension) {
    Block block = new Block(dimension, 11, false);
    float[] parameters = parameters(-INFINITY, 0, 0, 0, 0);
    for (CodeKernels kernels : new CodeKernels[] {scalar, best}) {
      for (float limit : new float[] {-Float.MAX_VALUE, 0, INFINITY}) {
        assertThat(block.scan(kernels, parameters, 1e30f, 1e13f, -1e18f, 1e15f, limit).mask)
            .isEqualTo(-1L);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void byteRowsHaveTheDistancesOfFloatRows(int dimension) {
    SplittableRandom random = new SplittableRandom(dimension);
    float[] query = random(dimension, dimension);
    for (int i = 0; i < dimension; i++) {
      query[i] *= 300;
    }
    for (int offset : new int[] {0, 1, 13}) {
      // Not a byte more than is promised after the last row.
      byte[] bytes = new byte[offset + BYTE_ROWS * dimension + CodeKernels.ROW_PADDING];
      random.nextBytes(bytes);
      float[] floats = new float[BYTE_ROWS * dimension];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = bytes[offset + i] + 128;
      }
      assertSameDistances(best, Kernels.best(), query, bytes, offset, floats);
      assertSameDistances(scalar, Kernels.scalar(), query, bytes, offset, floats);
    }
  }

  private static void assertSameDistances(
      CodeKernels codes,
      VectorKernels vectors,
      float[] query,
      byte[] bytes,
      int offset,
      float[] floats) {
    int dimension = query.length;
    int[] numbers = {3, 1, 4, 4, 0, 2, 1};
    float[] distances = new float[numbers.length];
    float[] products = new float[numbers.length];
    codes.squaredL2(query, bytes, offset, numbers, 1, numbers.length, dimension, distances);
    codes.dot(query, bytes, offset, numbers, 1, numbers.length, dimension, products);
    assertThat(distances[0] + products[0]).isZero();
    for (int i = 1; i < numbers.length; i++) {
      int at = numbers[i] * dimension;
      float distance = vectors.squaredL2(query, 0, floats, at, dimension);
      assertThat(distances[i]).isEqualTo(distance);
      assertThat(codes.squaredL2(query, bytes, offset + at, dimension)).isEqualTo(distance);
      float product = vectors.dot(query, 0, floats, at, dimension);
      assertThat(products[i]).isEqualTo(product);
      assertThat(codes.dot(query, bytes, offset + at, dimension)).isEqualTo(product);
    }
  }

  /** How a value of a row of packed values is found, as it is described. */
  private static int value(byte[] row, int at, int i, int bits) {
    return switch (bits) {
      case 2 -> row[at + i / 64 * 16 + i % 16] >> 2 * (i % 64 / 16) & 3;
      case 4 -> row[at + i / 32 * 16 + i % 16] >> 4 * (i % 32 / 16) & 15;
      default -> row[at + i];
    };
  }

  /** Zeros from the dimension on, to a multiple of 64, and not a value more. */
  private static float[] weights(int dimension, float size, long seed) {
    float[] weights = new float[(dimension + 63) / 64 * 64];
    float[] values = random(dimension, seed);
    for (int i = 0; i < dimension; i++) {
      weights[i] = size * values[i];
    }
    return weights;
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void weightedSumsOfPackedValuesAreAsDescribed(int dimension) {
    SplittableRandom random = new SplittableRandom(dimension);
    for (int bits : new int[] {2, 4, 8}) {
      int rowBytes = CodeKernels.valueBytes(dimension, bits);
      int at = bits + 5;
      // Not a byte more than is promised after the row, and what is there does not matter.
      byte[] rows = new byte[at + rowBytes + CodeKernels.CHUNK_PADDING];
      random.nextBytes(rows);
      for (float size : new float[] {1, 1e-38f, 1e30f}) {
        float[] weights = weights(dimension, size, dimension + bits);
        double expected = 0;
        double magnitude = 0;
        for (int i = 0; i < dimension; i++) {
          double product = (double) weights[i] * value(rows, at, i, bits);
          expected += product;
          magnitude += Math.abs(product);
        }
        for (CodeKernels kernels : new CodeKernels[] {scalar, best}) {
          assertThat((double) kernels.weightedSum(weights, rows, at, dimension, bits))
              .as("%d bits, weights of %s", bits, size)
              .isCloseTo(expected, within(1e-6 * magnitude + dimension * 1e-44));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void weightedSumsOfExtremeValuesAreExact(int dimension) {
    for (int bits : new int[] {2, 4, 8}) {
      int rowBytes = CodeKernels.valueBytes(dimension, bits);
      for (int fill : new int[] {0, 0x7F, 0x80, 0xFF}) {
        byte[] rows = new byte[rowBytes + CodeKernels.CHUNK_PADDING];
        Arrays.fill(rows, (byte) fill);
        float[] weights = new float[(dimension + 63) / 64 * 64];
        long expected = 0;
        for (int i = 0; i < dimension; i++) {
          weights[i] = i % 7 - 3;
          expected += ((long) weights[i]) * value(rows, 0, i, bits);
        }
        assertThat(scalar.weightedSum(weights, rows, 0, dimension, bits)).isEqualTo(expected);
        assertThat(best.weightedSum(weights, rows, 0, dimension, bits)).isEqualTo(expected);
        weights[dimension / 2] = INFINITY;
        int infinite = value(rows, 0, dimension / 2, bits);
        Float sum = infinite == 0 ? Float.NaN : infinite * INFINITY;
        assertThat(scalar.weightedSum(weights, rows, 0, dimension, bits)).isEqualTo(sum);
        assertThat(best.weightedSum(weights, rows, 0, dimension, bits)).isEqualTo(sum);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void valuesArePackedAsDescribed(int dimension) {
    SplittableRandom random = new SplittableRandom(dimension);
    for (int bits : new int[] {2, 4, 8}) {
      byte[] row = new byte[CodeKernels.valueBytes(dimension, bits)];
      int[] values = new int[dimension];
      // Twice: what was there before does not matter.
      for (int round = 0; round < 2; round++) {
        for (int i = 0; i < dimension; i++) {
          values[i] = random.nextInt(1 << bits);
          CodeKernels.putValue(row, i, bits, values[i]);
        }
      }
      for (int i = 0; i < dimension; i++) {
        int first = bits == 8 ? -128 : 0;
        assertThat(value(row, 0, i, bits) - first).isEqualTo(values[i]);
      }
    }
  }

  @Test
  void distancesOfByteRowsAreExactForSmallWholeNumbers() {
    float[] query = {0, 255, 3, 128, 1};
    byte[] bytes = new byte[query.length + CodeKernels.ROW_PADDING];
    float[] row = {255, 0, 127, 128, 2};
    for (int i = 0; i < row.length; i++) {
      bytes[i] = (byte) ((int) row[i] - 128);
    }
    for (CodeKernels kernels : new CodeKernels[] {scalar, best}) {
      assertThat(kernels.squaredL2(query, bytes, 0, row.length))
          .isEqualTo(255 * 255 + 255 * 255 + 124 * 124 + 1);
      assertThat(kernels.dot(query, bytes, 0, row.length)).isEqualTo(3 * 127 + 128 * 128 + 2);
    }
  }

  @Test
  void pairsAreEvenAndHoldEveryDimension() {
    for (int dimension = 1; dimension <= MAX_DIMENSION; dimension++) {
      int pairs = CodeKernels.pairs(dimension);
      assertThat(pairs % 2).isZero();
      assertThat(pairs * CodeKernels.PAIR_DIMENSIONS).isGreaterThanOrEqualTo(dimension);
    }
  }

  private record Scan(long mask, float[] estimates, float[] lowers) {}

  /** A block of rows known by their codes and factors, laid out as described, with tables. */
  private static final class Block {
    private final int pairs;
    private final int[][] nibbles;
    private final int[] offsets = new int[ROWS];
    private final int[] scales = new int[ROWS];
    private final int[] errors = new int[ROWS];
    private final byte[] tables;
    private final byte[] bytes;

    Block(int dimension, long seed, boolean largest) {
      SplittableRandom random = new SplittableRandom(seed);
      pairs = CodeKernels.pairs(dimension);
      int groups = 2 * pairs;
      nibbles = new int[ROWS][groups];
      tables = new byte[groups * CodeKernels.TABLE_BYTES];
      int most = Math.min(CodeKernels.MAX_ENTRY, CodeKernels.MAX_SUM / groups);
      for (int i = 0; i < tables.length; i++) {
        tables[i] =
            i % CodeKernels.TABLE_BYTES >= CodeKernels.TABLE_ENTRIES
                ? tables[i - CodeKernels.TABLE_ENTRIES]
                : (byte) (largest ? most : random.nextInt(most + 1));
      }
      bytes = new byte[BLOCK_AT + pairs * CodeKernels.PAIR_BYTES + CodeKernels.FACTOR_BYTES];
      for (int row = 0; row < ROWS; row++) {
        for (int g = 0; g < groups; g++) {
          nibbles[row][g] = random.nextInt(CodeKernels.TABLE_ENTRIES);
        }
        offsets[row] = extreme(row, random.nextInt(65_536), 65_535) - 32_768;
        scales[row] = extreme(row, random.nextInt(256), 255);
        errors[row] = extreme(row, random.nextInt(256), 255);
        put(row);
      }
    }

    private static int extreme(int row, int value, int most) {
      return row == 0 ? 0 : row == 1 ? most : value;
    }

    private void put(int row) {
      int slot = row % 16 * 4 + row / 16;
      for (int p = 0; p < pairs; p++) {
        bytes[BLOCK_AT + 64 * p + slot] =
            (byte) (nibbles[row][2 * p] | nibbles[row][2 * p + 1] << 4);
      }
      int factorsAt = BLOCK_AT + 64 * pairs + 4 * row;
      bytes[factorsAt] = (byte) errors[row];
      bytes[factorsAt + 1] = (byte) scales[row];
      bytes[factorsAt + 2] = (byte) offsets[row];
      bytes[factorsAt + 3] = (byte) (offsets[row] >> 8);
    }

    int sum(int row) {
      int sum = 0;
      for (int g = 0; g < nibbles[row].length; g++) {
        sum += tables[64 * g + nibbles[row][g]];
      }
      return sum;
    }

    Scan scan(
        CodeKernels kernels,
        float[] parameters,
        float base,
        float step,
        float bias,
        float spread,
        float limit) {
      float[] estimates = new float[OUT + ROWS];
      float[] lowers = new float[OUT + ROWS];
      long mask = scan(kernels, parameters, base, step, bias, spread, limit, estimates, lowers);
      return new Scan(
          mask,
          Arrays.copyOfRange(estimates, OUT, OUT + ROWS),
          Arrays.copyOfRange(lowers, OUT, OUT + ROWS));
    }

    long scan(
        CodeKernels kernels,
        float[] parameters,
        float base,
        float step,
        float bias,
        float spread,
        float limit,
        float[] estimates,
        float[] lowers) {
      return kernels.scanBlock(
          bytes,
          BLOCK_AT,
          pairs,
          tables,
          parameters,
          PARAMETERS_AT,
          base,
          step,
          bias,
          spread,
          limit,
          estimates,
          lowers,
          OUT);
    }
  }

  private static float[] parameters(float... values) {
    float[] parameters = new float[PARAMETERS_AT + CodeKernels.BLOCK_PARAMETERS];
    Arrays.fill(parameters, Float.NaN);
    System.arraycopy(values, 0, parameters, PARAMETERS_AT, values.length);
    return parameters;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }

  private static float[] whole(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = random.nextInt(-9, 10);
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
