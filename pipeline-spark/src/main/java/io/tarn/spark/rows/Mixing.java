package io.tarn.spark.rows;

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

  /** A number from 0 (inclusive) to 1 (exclusive) for each value and seed. */
  public static double toUnit(long value, long seed) {
    return (mix(value ^ mix(seed)) >>> 11) * TO_UNIT;
  }
}
