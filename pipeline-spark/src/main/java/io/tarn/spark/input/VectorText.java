package io.tarn.spark.input;

import java.util.Arrays;

/** Vectors written as text, as CSV has them: {@code [0.5, -1, 2e-3]}. */
public final class VectorText {
  private static final int SHOWN_CHARS = 40;

  private VectorText() {}

  /**
   * Reads a vector. {@code NaN} and {@code Infinity} are read as what they say.
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  public static float[] parse(String text) {
    String trimmed = text.strip();
    if (trimmed.length() < 2
        || trimmed.charAt(0) != '['
        || trimmed.charAt(trimmed.length() - 1) != ']') {
      throw new IllegalArgumentException(
          "the vector '" + shortened(trimmed) + "' is not of the form [0.5, 2]");
    }
    int end = trimmed.length() - 1;
    if (trimmed.substring(1, end).isBlank()) {
      return new float[0];
    }
    float[] values = new float[8];
    int count = 0;
    int from = 1;
    while (from <= end) {
      int comma = trimmed.indexOf(',', from);
      int to = comma < 0 ? end : comma;
      if (count == values.length) {
        values = Arrays.copyOf(values, 2 * count);
      }
      values[count] = number(trimmed.substring(from, to).strip(), count);
      count++;
      from = to + 1;
    }
    return Arrays.copyOf(values, count);
  }

  private static float number(String text, int index) {
    try {
      return Float.parseFloat(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "value " + index + " of the vector is '" + shortened(text) + "', which is no number", e);
    }
  }

  private static String shortened(String text) {
    return text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "…";
  }
}
