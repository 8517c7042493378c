package io.tarn.index.maintain;

import java.io.Serializable;

/**
 * How lists are split.
 *
 * @param neighbourLists how many of the nearest lists are searched for rows that are nearer to a
 *     new centroid
 * @param iterations rounds of 2-means
 * @param trials how many times 2-means is run; the most even outcome is taken
 * @param minPartShare if the smaller part has a smaller share of the rows, the list is left as it
 *     is: a tiny list would only be dissolved again
 * @param seed the same seed and snapshot give the same lists
 */
public record SplitSettings(
    int neighbourLists, int iterations, int trials, double minPartShare, long seed)
    implements Serializable {
  private static final int DEFAULT_NEIGHBOUR_LISTS = 16;
  private static final int DEFAULT_ITERATIONS = 10;
  private static final int DEFAULT_TRIALS = 4;
  private static final double DEFAULT_MIN_PART_SHARE = 1.0 / 16;
  private static final long DEFAULT_SEED = 1;

  public SplitSettings {
    if (neighbourLists < 0 || iterations < 1 || trials < 1) {
      throw new IllegalArgumentException(
          "a split needs 0 or more neighbour lists, 1 or more iterations and trials, got "
              + neighbourLists
              + ", "
              + iterations
              + " and "
              + trials);
    }
  }

  public static SplitSettings defaults() {
    return new SplitSettings(
        DEFAULT_NEIGHBOUR_LISTS,
        DEFAULT_ITERATIONS,
        DEFAULT_TRIALS,
        DEFAULT_MIN_PART_SHARE,
        DEFAULT_SEED);
  }
}
