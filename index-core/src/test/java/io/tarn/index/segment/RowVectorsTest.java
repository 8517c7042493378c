package io.tarn.index.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However vectors are held, they have the same values and the same distances. */
class RowVectorsTest {
  private static final int ROWS = 7;

  private final SplittableRandom random = new SplittableRandom(1);

  private float[] bytes(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i == 0 ? 0 : i == 1 ? 255 : random.nextInt(256);
    }
    return values;
  }

  private static RowVectors of(int dimension, float[] values) {
    RowVectors.Builder builder = new RowVectors.Builder(dimension, values.length / dimension);
    builder.add(values, 0, values.length / dimension);
    return builder.build();
  }

  private void assertHolds(RowVectors vectors, int dimension, float[] values) {
    assertThat(vectors.dimension()).isEqualTo(dimension);
    assertThat(vectors.size()).isEqualTo(values.length / dimension);
    float[] query = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      query[i] = (float) random.nextGaussian() * 100;
    }
    int[] rows = IntStream.iterate(vectors.size() - 1, row -> row >= 0, row -> row - 1).toArray();
    float[] distances = new float[rows.length];
    vectors.squaredL2(query, rows, 0, rows.length, distances);
    float[] products = new float[rows.length];
    vectors.dot(query, rows, 0, rows.length, products);
    for (int row = 0; row < vectors.size(); row++) {
      assertThat(distances[vectors.size() - 1 - row]).isEqualTo(vectors.squaredL2(query, row));
      assertThat(products[vectors.size() - 1 - row]).isEqualTo(vectors.dot(query, row));
      int at = row * dimension;
      float[] copy = new float[dimension + 2];
      vectors.copy(row, copy, 1);
      for (int i = 0; i < dimension; i++) {
        assertThat(Float.floatToRawIntBits(copy[1 + i]))
            .isEqualTo(Float.floatToRawIntBits(values[at + i]));
        assertThat(vectors.get(row)[i]).isEqualTo(copy[1 + i]);
      }
      assertThat(vectors.squaredL2(query, row))
          .isEqualTo(Kernels.best().squaredL2(query, 0, values, at, dimension));
      assertThat(vectors.dot(query, row))
          .isEqualTo(Kernels.best().dot(query, 0, values, at, dimension));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 8, 15, 16, 17, 100, 784})
  void wholeNumbersUpTo255TakeAByteEach(int dimension) {
    float[] values = bytes(ROWS * dimension);
    RowVectors vectors = of(dimension, values);
    assertThat(vectors.memoryBytes())
        .isEqualTo(
            (long) RowVectors.LEAD_BYTES + (long) ROWS * dimension + CodeKernels.ROW_PADDING);
    assertHolds(vectors, dimension, values);
  }

  @ParameterizedTest
  @ValueSource(floats = {-0f, -1, 256, 0.5f, 254.99998f, 1e30f, -3e38f, Float.MIN_VALUE})
  void oneOtherValueMakesAllOfThemFloats(float other) {
    for (int place : new int[] {0, 17, 5 * ROWS - 1}) {
      float[] values = bytes(5 * ROWS);
      values[place] = other;
      RowVectors vectors = of(5, values);
      assertThat(vectors.memoryBytes()).isEqualTo(RowVectors.LEAD_BYTES + 4L * values.length);
      assertHolds(vectors, 5, values);
    }
  }

  @Test
  void bytesAlreadyAddedBecomeFloats() {
    float[] values = bytes(5 * ROWS);
    values[5 * ROWS - 1] = 0.25f;
    RowVectors.Builder builder = new RowVectors.Builder(5, ROWS);
    builder.add(values, 0, 2);
    builder.add(values, 10, 0);
    builder.add(values, 10, 3);
    assertThat(builder.size()).isEqualTo(5);
    builder.add(values, 25, 2);
    assertHolds(builder.build(), 5, values);
  }

  @Test
  void thereMayBeNoVectors() {
    assertThat(new RowVectors.Builder(5, 0).build().size()).isZero();
  }

  @Test
  void moreVectorsThanAnnouncedAreRefused() {
    RowVectors.Builder builder = new RowVectors.Builder(5, 2);
    assertThatThrownBy(() -> builder.add(new float[15], 0, 3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("2");
  }
}
