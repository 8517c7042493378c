package io.tarn.index.search;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.Arrays;

/**
 * Estimates that come in blocks, of which the smallest are wanted. A limit that separates them is
 * guessed and corrected, counting: to look at all of them several times, a vector at a time, takes
 * less than to keep the smallest in order as they come. Grows as needed and is reused.
 */
final class Smallest {
  private static final int BLOCK = CodeKernels.BLOCK_ROWS;

  /** So many more than wanted are as good, as a share of those wanted. */
  private static final int EXCESS_SHARE = 8;

  /** How many values the first guess is made from. */
  private static final int SAMPLES = 64;

  /** From then on it is bisection, which always ends. */
  private static final int MAX_GUESSES = 8;

  private float[] values = new float[16 * BLOCK];
  private int[] blockStarts = new int[16];
  private int[] places = new int[16 * BLOCK];
  private int blocks;
  private int count;

  void clear() {
    blocks = 0;
    count = 0;
  }

  /** Where the values of the next block belong: in {@link #values}, from there on. */
  int room() {
    if (blocks == blockStarts.length) {
      blockStarts = Arrays.copyOf(blockStarts, 2 * blocks);
      values = Arrays.copyOf(values, 2 * blocks * BLOCK);
      places = new int[2 * blocks * BLOCK];
    }
    return blocks * BLOCK;
  }

  /** Another array once there was more {@link #room} to be made. */
  float[] values() {
    return values;
  }

  /**
   * Takes the block of values that was put where there was {@link #room}.
   *
   * @param from the first of them that counts
   * @param to behind the last of them that counts
   * @param start what number the first of the block has
   */
  void add(int from, int to, int start) {
    int at = blocks * BLOCK;
    Arrays.fill(values, at, at + from, Float.POSITIVE_INFINITY);
    Arrays.fill(values, at + to, at + BLOCK, Float.POSITIVE_INFINITY);
    blockStarts[blocks++] = start;
    count += to - from;
  }

  /**
   * Finds the {@code wanted} smallest, and perhaps a few more; all, if there are no more.
   *
   * @return how many; {@link #number} has them
   */
  int select(int wanted, VectorKernels kernels) {
    int slots = blocks * BLOCK;
    if (count <= wanted) {
      return kernels.placesBelow(values, slots, Float.POSITIVE_INFINITY, places);
    }
    // Below `high` there are as many as wanted or more, below `low` there are not.
    int high = Sortable.of(Float.POSITIVE_INFINITY);
    int low = Sortable.of(Float.NEGATIVE_INFINITY);
    int found = count;
    Guesses guesses = new Guesses(slots, wanted + wanted / (2.0 * EXCESS_SHARE));
    for (int step = 0; found > wanted + wanted / EXCESS_SHARE && low + 1 < high; step++) {
      int limit = Sortable.of(guesses.limit);
      if (step >= MAX_GUESSES || limit <= low || limit >= high) {
        limit = (int) (((long) low + high) / 2);
      }
      int below = kernels.countBelow(values, slots, Sortable.toFloat(limit));
      guesses.learn(Sortable.toFloat(limit), below);
      if (below < wanted) {
        low = limit;
      } else {
        high = limit;
        found = below;
      }
    }
    return kernels.placesBelow(values, slots, Sortable.toFloat(high), places);
  }

  /** The number of the i-th of those selected. */
  int number(int i) {
    return blockStarts[places[i] / BLOCK] + places[i] % BLOCK;
  }

  /**
   * Guesses below which limit so many values are, by the secant method. What it takes to be linear
   * in the limit is the root of minus the logarithm of the share of values that are below it: in
   * the tail of a Gaussian, where few of many are wanted, it nearly is.
   */
  private final class Guesses {
    /** What a deviation is worth, about. */
    private static final double PER_DEVIATION = 1.3;

    private final double wanted;
    private double lastLimit;
    private double lastRarity;

    /** Not a number, or none that makes sense, where values do not tell. */
    private float limit;

    Guesses(int slots, double wantedBelow) {
      wanted = rarity(wantedBelow);
      double sum = 0;
      double squares = 0;
      int samples = 0;
      for (int i = 0; i < slots; i += slots / SAMPLES | 1) {
        if (Float.isFinite(values[i])) {
          sum += values[i];
          squares += (double) values[i] * values[i];
          samples++;
        }
      }
      lastLimit = sum / samples;
      lastRarity = rarity(count / 2.0);
      double deviation = Math.sqrt(squares / samples - lastLimit * lastLimit);
      limit = (float) (lastLimit - PER_DEVIATION * deviation * (wanted - lastRarity));
    }

    void learn(float asked, int below) {
      double rarity = rarity(below + 0.5);
      double slope = (lastLimit - asked) / (lastRarity - rarity);
      lastLimit = asked;
      lastRarity = rarity;
      limit = (float) (asked + slope * (wanted - rarity));
    }

    private double rarity(double below) {
      return Math.sqrt(Math.log((count + 1) / below));
    }
  }
}
