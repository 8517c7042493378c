package io.tarn.spark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VectorTextTest {
  @Test
  void numbersAreReadAsJavaReadsFloats() {
    assertThat(VectorText.parse("[1, -2.5,3e2]")).containsExactly(1, -2.5f, 300);
    assertThat(VectorText.parse(" [ 7 ] ")).containsExactly(7);
    assertThat(VectorText.parse("[]")).isEmpty();
    assertThat(VectorText.parse("[NaN, Infinity]"))
        .containsExactly(Float.NaN, Float.POSITIVE_INFINITY);
  }

  @Test
  void whatJavaWritesIsReadBack() {
    Random random = new Random(1);
    float[] vector = new float[300];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    assertThat(VectorText.parse(Arrays.toString(vector))).containsExactly(vector);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1, 2|the vector '1, 2' is not of the form [0.5, 2]",
        "[1, 2|the vector '[1, 2' is not of the form [0.5, 2]",
        "[|the vector '[' is not of the form [0.5, 2]",
        "[1,,2]|value 1 of the vector is '', which is no number",
        "[1,2,]|value 2 of the vector is '', which is no number",
        "[1, x]|value 1 of the vector is 'x', which is no number",
        "[[1], 2]|value 0 of the vector is '[1]', which is no number",
      })
  void anythingElseIsNamed(String text, String message) {
    assertThatThrownBy(() -> VectorText.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void longTextsAreCutInMessages() {
    assertThatThrownBy(() -> VectorText.parse("x".repeat(1000)))
        .hasMessage("the vector '" + "x".repeat(40) + "…' is not of the form [0.5, 2]");
  }
}
