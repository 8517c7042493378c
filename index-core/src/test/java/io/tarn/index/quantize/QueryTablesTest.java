package io.tarn.index.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.kernel.CodeKernels;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QueryTablesTest {
  private static final int CODES = 50;

  static IntStream dimensions() {
    return IntStream.concat(IntStream.rangeClosed(1, 40), IntStream.of(100, 128, 784, 1023, 5000));
  }

  @ParameterizedTest
  @MethodSource("dimensions")
  void sumsOfEntriesAreSignedSumsUpToRounding(int dimension) {
    SplittableRandom random = new SplittableRandom(dimension);
    Rotation rotation = new Rotation(dimension);
    float[] center = gaussian(dimension, random);
    QueryTables tables = new QueryTables(rotation, center);
    for (float[] query : queries(rotation, center, random)) {
      tables.prepare(query);
      assertThat(tables.isUsable()).isTrue();
      assertEntriesFit(tables);
      float[] values = rotated(rotation, query, center);
      double squares = 0;
      for (int i = 0; i < CODES; i++) {
        byte[] code = new byte[(dimension + 7) / 8];
        random.nextBytes(code);
        double estimate = (double) tables.step() * sum(tables, code) + tables.bias();
        double error = estimate - signedSum(code, values);
        double worst = 0.25 * dimension * tables.step() - 1e-4 * tables.bias();
        assertThat(error).isCloseTo(0, within(worst));
        squares += error * error;
      }
      double rounding = tables.rounding() - 1e-6 * tables.bias();
      assertThat(Math.sqrt(squares / CODES)).isLessThanOrEqualTo(1.25 * rounding);
    }
  }

  /** Of random values; of one that is far larger than all others; of equals. */
  private static Iterable<float[]> queries(
      Rotation rotation, float[] center, SplittableRandom random) {
    int dimension = center.length;
    float[] skewed = inverse(rotation, random.nextInt(dimension));
    float[] tiny = skewed.clone();
    for (int i = 0; i < dimension; i++) {
      skewed[i] = center[i] + 1000 * skewed[i] + (float) random.nextGaussian();
      tiny[i] = center[i] + 1e-3f * tiny[i];
    }
    return Stream.of(gaussian(dimension, random), skewed, tiny, new float[dimension], center)
        .toList();
  }

  private static void assertEntriesFit(QueryTables tables) {
    byte[] entries = tables.tables();
    int largestSum = 0;
    for (int at = 0; at < entries.length; at += CodeKernels.TABLE_BYTES) {
      int largest = 0;
      for (int i = at; i < at + CodeKernels.TABLE_BYTES; i++) {
        assertThat(entries[i]).isBetween((byte) 0, (byte) CodeKernels.MAX_ENTRY);
        assertThat(entries[i]).isEqualTo(entries[at + i % CodeKernels.TABLE_ENTRIES]);
        largest = Math.max(largest, entries[i]);
      }
      largestSum += largest;
    }
    assertThat(largestSum).isLessThanOrEqualTo(CodeKernels.MAX_SUM);
  }

  @Test
  void preparingAgainForgetsTheQueryBefore() {
    SplittableRandom random = new SplittableRandom(3);
    Rotation rotation = new Rotation(21);
    float[] center = new float[21];
    float[] query = gaussian(21, random);
    QueryTables fresh = new QueryTables(rotation, center);
    fresh.prepare(query);
    QueryTables used = new QueryTables(rotation, center);
    used.prepare(gaussian(21, random));
    used.prepare(query);
    assertThat(used.tables()).isEqualTo(fresh.tables());
    assertThat(used.step()).isEqualTo(fresh.step());
    assertThat(used.bias()).isEqualTo(fresh.bias());
  }

  @Test
  void valuesThatOverflowOrUnderflowAreNotUsable() {
    Rotation rotation = new Rotation(10);
    for (float value : new float[] {1e18f, 3e38f, 1e-38f}) {
      QueryTables tables = new QueryTables(rotation, new float[10]);
      float[] query = new float[10];
      Arrays.fill(query, value);
      tables.prepare(query);
      assertThat(tables.isUsable()).as("%s", value).isFalse();
    }
    float[] center = new float[10];
    Arrays.fill(center, -3e38f);
    QueryTables tables = new QueryTables(rotation, center);
    float[] query = new float[10];
    query[3] = 3e38f;
    tables.prepare(query);
    assertThat(tables.isUsable()).isFalse();
    tables.prepare(center);
    assertThat(tables.isUsable()).isTrue();
    assertThat(tables.step() + tables.bias()).isZero();
  }

  @Test
  void dimensionsWhoseRoundingsFillTheSumAreNotUsable() {
    for (int dimension : new int[] {65_000, 65_536}) {
      QueryTables tables = new QueryTables(new Rotation(dimension), new float[dimension]);
      float[] query = gaussian(dimension, new SplittableRandom(1));
      tables.prepare(query);
      assertThat(tables.isUsable()).isEqualTo(dimension == 65_000);
      if (dimension == 65_000) {
        assertEntriesFit(tables);
      }
    }
  }

  @Test
  void quantizersAreKnownByName() {
    assertThat(Quantizer.all().stream().map(Quantizer::type))
        .containsExactly("none", "rabitq", "rabitq2", "rabitq4", "rabitq8", "int8");
    for (Quantizer quantizer : Quantizer.all()) {
      assertThat(Quantizer.of(quantizer.type())).isEqualTo(quantizer);
    }
    assertThat(Quantizer.byDefault()).isEqualTo(new Quantizer.RaBitQ(1));
    assertThatThrownBy(() -> new Quantizer.RaBitQ(3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rabitq with 3 bits: 1, 2, 4 or 8 are known");
    assertThatThrownBy(() -> Quantizer.of("pq"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "unknown quantizer 'pq', known are none, rabitq, rabitq2, rabitq4, rabitq8, int8");
  }

  /** As scans do it: entry by entry, four bits after the other. */
  private static int sum(QueryTables tables, byte[] code) {
    int sum = 0;
    for (int b = 0; b < code.length; b++) {
      int at = 2 * b * CodeKernels.TABLE_BYTES;
      sum += tables.tables()[at + (code[b] & 15)];
      sum += tables.tables()[at + CodeKernels.TABLE_BYTES + (code[b] >> 4 & 15)];
    }
    return sum;
  }

  private static double signedSum(byte[] code, float[] values) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += (code[i / 8] >> i % 8 & 1) == 1 ? values[i] : -values[i];
    }
    return sum;
  }

  private static float[] rotated(Rotation rotation, float[] vector, float[] from) {
    float[] difference = new float[vector.length];
    for (int i = 0; i < vector.length; i++) {
      difference[i] = vector[i] - from[i];
    }
    rotation.apply(difference);
    return difference;
  }

  /** The vector that is rotated to unit vector {@code i}; of long ones only a part. */
  private static float[] inverse(Rotation rotation, int i) {
    float[] inverse = new float[rotation.dimension()];
    for (int j = 0; j < Math.min(128, inverse.length); j++) {
      float[] unit = new float[inverse.length];
      unit[j] = 1;
      rotation.apply(unit);
      inverse[j] = unit[i];
    }
    return inverse;
  }

  private static float[] gaussian(int dimension, SplittableRandom random) {
    float[] values = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
