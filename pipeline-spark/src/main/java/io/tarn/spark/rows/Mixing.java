package io.tarn.spark.rows;

import io.tarn.index.feature.FeatureId;

/** Numbers that look random and depend on nothing but their input. */
public final class Mixing {
  private static final double TO_UNIT = 1.0 / (1L << 53);

  private Mixing() {}

  /** A bijection that spreads its input over all 64 bits (the finalizer of SplitMix64). */
  public static long mix(long value) {
    long mixed = value + 0x9e3779b97f4a7c15L;
    mixed = (mixed ^ mixed >>> 30) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
    return mixed ^ mixed >>> 31;
  }

  /**
   * Of an id, whatever holds it. Among a billion ids one false alarm is expected in forty inputs.
   */
  public static long hash(FeatureId id) {
    if (id instanceof FeatureId.Int64 number) {
      return mix(number.value());
    }
    String text = ((FeatureId.Text) id).value();
    long hash = text.length();
    for (int i = 0; i < text.length(); i++) {
      hash = mix(hash ^ text.charAt(i));
    }
    return hash;
  }

  /** A number from 0 (inclusive) to 1 (exclusive) for each value and seed. */
  public static double toUnit(long value, long seed) {
    return (mix(value ^ mix(seed)) >>> 11) * TO_UNIT;
  }
}
