package io.tarn.index.maintain;

/**
 * When lists are looked at because rows have come, however short the time. Looks go by growth, so
 * what they write is bounded by it: if each look writes all rows there are anew, those up to
 * <i>n</i> rows write at most <i>n</i> (1 + 1 / {@code share}) rows between them, since each finds
 * 1 + {@code share} times the rows of the one before.
 *
 * @param share by what share rows have grown since lists were last looked at
 * @param leastRows by how many rows they have grown at least
 * @param crowdedShare of what share of all live rows the crowded lists have to hold, so that it is
 *     worth to split them before it is time for all that lists may need
 */
public record GrowthRules(double share, long leastRows, double crowdedShare) {
  /** Fewer rows are soon searched, however they lie, and a version for each few would be many. */
  private static final long LEAST_ROWS = 10_000;

  /**
   * Where rows come as ever, lists grow alike, and with what a list is meant to have: hardly any is
   * crowded. Where they move away, sift1m cluster by cluster, the crowded lists held 0.5 to 1.4
   * times as many rows as had come.
   */
  private static final double CROWDED_SHARE_OF_GROWTH = 0.25;

  /**
   * Rows that have come are looked at by themselves after a fifth of what it takes to look at all
   * lists: each of these looks costs as much as the rows that came since the last one at all lists,
   * so together they read some three rows for each that comes.
   */
  private static final int ARRIVALS_PART = 5;

  public GrowthRules {
    if (!(share > 0) || leastRows < 0 || crowdedShare < 0 || crowdedShare > 1) {
      throw new IllegalArgumentException(
          "looks that follow growth need a share of more than 0, 0 or more rows, and a share of"
              + " crowded rows between 0 and 1, got "
              + share
              + ", "
              + leastRows
              + " and "
              + crowdedShare);
    }
  }

  /** The rules for looks after a growth by a share. */
  public static GrowthRules by(double share) {
    return new GrowthRules(share, LEAST_ROWS, Math.min(1, CROWDED_SHARE_OF_GROWTH * share));
  }

  /**
   * Whether it is time for a look.
   *
   * @param rowsAtLook how many rows there were at the last one
   * @param rows how many there are
   */
  boolean isDue(long rowsAtLook, long rows) {
    long came = rows - rowsAtLook;
    return came > 0 && came >= leastRows && came >= share * rowsAtLook;
  }

  /**
   * Whether it is time to look at the rows that came.
   *
   * @param rowsAtLook how many rows there were at the last look at these, or at all
   * @param rows how many there are
   */
  boolean areArrivalsDue(long rowsAtLook, long rows) {
    long came = rows - rowsAtLook;
    return came > 0
        && came >= leastRows / ARRIVALS_PART
        && came >= share / ARRIVALS_PART * rowsAtLook;
  }
}
