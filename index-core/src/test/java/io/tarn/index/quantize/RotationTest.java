package io.tarn.index.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RotationTest {
  /** A Gaussian exceeds this many standard deviations twice in a billion values. */
  private static final double MAX_DEVIATIONS = 6;

  static IntStream dimensions() {
    return IntStream.concat(IntStream.rangeClosed(1, 300), IntStream.of(784, 1000));
  }

  @Test
  void normsAndInnerProductsStay() {
    SplittableRandom random = new SplittableRandom(1);
    dimensions()
        .forEach(
            dimension -> {
              float[] a = gaussian(dimension, random);
              float[] b = gaussian(dimension, random);
              double aa = dot(a, a);
              double bb = dot(b, b);
              double ab = dot(a, b);
              Rotation rotation = new Rotation(dimension);
              rotation.apply(a);
              rotation.apply(b);
              assertThat(dot(a, a)).as("d = %d", dimension).isCloseTo(aa, within(1e-5 * aa));
              assertThat(dot(a, b))
                  .as("d = %d", dimension)
                  .isCloseTo(ab, within(1e-5 * Math.sqrt(aa * bb)));
            });
  }

  /** Whatever coordinate a vector lies along, none of the rotated ones stands out. */
  @ParameterizedTest
  @ValueSource(ints = {64, 65, 100, 127, 128, 129, 200, 255, 256, 257, 784, 1000})
  void aUnitVectorIsSpread(int dimension) {
    Rotation rotation = new Rotation(dimension);
    for (int i = 0; i < dimension; i++) {
      float[] unit = new float[dimension];
      unit[i] = 1;
      rotation.apply(unit);
      for (float value : unit) {
        assertThat(Math.abs(value))
            .as("along %d", i)
            .isLessThan((float) (MAX_DEVIATIONS / Math.sqrt(dimension)));
      }
    }
  }

  @Test
  void onlyTheFirstValuesAreTouched() {
    float[] values = {1, 2, 3, 4, 5};
    new Rotation(3).apply(values);
    assertThat(values[3]).isEqualTo(4);
    assertThat(values[4]).isEqualTo(5);
  }

  /** Codes in files were made with these. Whoever changes them makes all of those wrong. */
  @ParameterizedTest
  @CsvSource({
    "1, 1.0, 1.0, 1.0",
    "2, -1.9999998, 0.99999994, 0.99999994",
    "3, -0.3535534, -1.2248738, -3.5177667",
    "7, 4.5, -3.25, 3.75",
    "8, 0.0, -4.0000005, -8.0",
    "100, -1.96875, -23.140625, 21.96875",
    "128, -7.4531155, -46.414062, -7.08593",
    "784, -399.776, 1042.822, 710.298",
    "1000, -8.5249405, -869.34985, 1453.2006",
    "4098, 3643.0144, 5675.842, 1469.4465"
  })
  void theRotationIsPartOfTheFormat(int dimension, float first, float middle, float last) {
    float[] values = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      values[i] = i + 1;
    }
    new Rotation(dimension).apply(values);
    assertThat(new float[] {values[0], values[dimension / 2], values[dimension - 1]})
        .containsExactly(first, middle, last);
  }

  private static float[] gaussian(int dimension, SplittableRandom random) {
    float[] values = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
