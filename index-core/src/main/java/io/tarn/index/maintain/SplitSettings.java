package io.tarn.index.maintain;

import java.io.Serializable;

/**
 * How lists are split.
 *
 * @param neighbourLists how many of the nearest lists are searched for rows that are nearer to a
 *     new centroid
 * @param iterations rounds of k-means
 * @param trials how many times k-means is run; the most even outcome is taken
 * @param minPartShare if all parts but the largest have a smaller share of the rows, the list is
 *     left as it is: tiny lists would only be dissolved again
 * @param seed the same seed and snapshot give the same lists
 * @param partRows a list is divided into as many parts as have so many rows each, at least two; 0:
 *     into two
 * @param rounds rounds of k-means over the rows of the parts and of the neighbour lists, in which
 *     these get new centroids too, under new ids; 0: neighbours keep theirs
 */
public record SplitSettings(
    int neighbourLists,
    int iterations,
    int trials,
    double minPartShare,
    long seed,
    long partRows,
    int rounds)
    implements Serializable {
  /** What is more crowded is divided once more. */
  private static final int MAX_PARTS = 64;

  private static final int DEFAULT_NEIGHBOUR_LISTS = 16;

  /**
   * Rows that crowd one list have come to many around it, which are not crowded themselves. On
   * 250,000 rows of sift1m that came cluster by cluster, 16 neighbours left recall at 8 to 32 lists
   * 0.017 to 0.024 below that of an index built anew, 32 at most 0.005.
   */
  private static final int PLANNED_NEIGHBOUR_LISTS = 32;

  private static final int DEFAULT_ITERATIONS = 10;
  private static final int DEFAULT_TRIALS = 4;
  private static final double DEFAULT_MIN_PART_SHARE = 1.0 / 16;
  private static final long DEFAULT_SEED = 1;
  private static final int PLANNED_ROUNDS = 3;

  public SplitSettings {
    if (neighbourLists < 0 || iterations < 1 || trials < 1 || partRows < 0 || rounds < 0) {
      throw new IllegalArgumentException(
          "a split needs 0 or more neighbour lists, 1 or more iterations and trials, and 0 or more"
              + " rows a part and rounds, got "
              + neighbourLists
              + ", "
              + iterations
              + ", "
              + trials
              + ", "
              + partRows
              + " and "
              + rounds);
    }
  }

  public static SplitSettings defaults() {
    return new SplitSettings(
        DEFAULT_NEIGHBOUR_LISTS,
        DEFAULT_ITERATIONS,
        DEFAULT_TRIALS,
        DEFAULT_MIN_PART_SHARE,
        DEFAULT_SEED,
        0,
        0);
  }

  /**
   * Divides lists into parts of about so many rows, and moves the lists around to where their rows
   * are: where lists become too large, many rows have come that their neighbours were not made for
   * either.
   */
  public static SplitSettings intoPartsOf(long rows) {
    return new SplitSettings(
        PLANNED_NEIGHBOUR_LISTS,
        DEFAULT_ITERATIONS,
        DEFAULT_TRIALS,
        DEFAULT_MIN_PART_SHARE,
        DEFAULT_SEED,
        rows,
        PLANNED_ROUNDS);
  }

  /** Into how many parts a list of so many rows is divided. */
  int parts(long rows) {
    return partRows == 0
        ? 2
        : (int) Math.max(2, Math.min(MAX_PARTS, Math.round((double) rows / partRows)));
  }
}
