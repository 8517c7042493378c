package io.tarn.index.search;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.Arrays;

/**
 * Estimates that come in blocks, of which the smallest are wanted. A limit that separates them is
 * found by bisection, counting: to look at all of them several times, a vector at a time, takes
 * less than to keep the smallest in order as they come. Grows as needed and is reused.
 */
final class Smallest {
  private static final int BLOCK = CodeKernels.BLOCK_ROWS;

  /** So many more than wanted are as good, as a share of those wanted. */
  private static final int EXCESS_SHARE = 16;

  private float[] values = new float[16 * BLOCK];
  private int[] blockStarts = new int[16];
  private int[] places = new int[16 * BLOCK];
  private int blocks;
  private int count;

  void clear() {
    blocks = 0;
    count = 0;
  }

  /**
   * Adds a block of values.
   *
   * @param from the first of them that counts
   * @param to behind the last of them that counts
   * @param start what number the first of the block has
   */
  void add(float[] block, int from, int to, int start) {
    if (blocks == blockStarts.length) {
      blockStarts = Arrays.copyOf(blockStarts, 2 * blocks);
      values = Arrays.copyOf(values, 2 * blocks * BLOCK);
      places = new int[2 * blocks * BLOCK];
    }
    int at = blocks * BLOCK;
    System.arraycopy(block, 0, values, at, BLOCK);
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
    // Blocks come the most promising first: the limit is within the range of the first values.
    float least = Float.POSITIVE_INFINITY;
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0, seen = 0; seen < wanted; i++) {
      if (values[i] < Float.POSITIVE_INFINITY) {
        least = Math.min(least, values[i]);
        largest = Math.max(largest, values[i]);
        seen++;
      }
    }
    // Below `high` there are as many as wanted or more, below `low` there are not.
    int high = Sortable.of(Float.POSITIVE_INFINITY);
    int low = Sortable.of(Float.NEGATIVE_INFINITY);
    int found = count;
    for (int step = 0; found > wanted + wanted / EXCESS_SHARE && low + 1 < high; step++) {
      int guess =
          switch (step) {
            case 0 -> Sortable.of(largest);
            case 1 -> Sortable.of(least);
            default -> (int) (((long) low + high) / 2);
          };
      int below = kernels.countBelow(values, slots, Sortable.toFloat(guess));
      if (below < wanted) {
        low = Math.max(low, guess);
      } else if (guess < high) {
        high = guess;
        found = below;
      }
    }
    return kernels.placesBelow(values, slots, Sortable.toFloat(high), places);
  }

  /** The number of the i-th of those selected. */
  int number(int i) {
    return blockStarts[places[i] / BLOCK] + places[i] % BLOCK;
  }
}
