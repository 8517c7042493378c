package io.tarn.index.search;

/** Floats as ints of the same order: negative zero below zero, NaN above all numbers. */
final class Sortable {
  private Sortable() {}

  static int of(float value) {
    int bits = Float.floatToIntBits(value);
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }

  static float toFloat(int sortable) {
    return Float.intBitsToFloat(sortable ^ (sortable >> 31 & Integer.MAX_VALUE));
  }
}
