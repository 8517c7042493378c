package io.tarn.spark.train;

/** How many lists an index gets if nobody says. */
public final class ListCount {
  private static final int LISTS_PER_SQUARE_ROOT = 4;

  /** With fewer rows a centroid is the mean of too little to mean anything. */
  private static final int MIN_ROWS_PER_LIST = 39;

  private ListCount() {}

  /**
   * The largest power of two that is at most four times the square root of the number of rows, and
   * leaves 39 rows to a list: 64 for 2,500 rows, 1,024 for 100,000, 2,048 for a million.
   */
  public static int byDefault(long rows) {
    double limit =
        Math.min(LISTS_PER_SQUARE_ROOT * Math.sqrt(rows), (double) rows / MIN_ROWS_PER_LIST);
    return Integer.highestOneBit(Math.max(1, (int) limit));
  }
}
