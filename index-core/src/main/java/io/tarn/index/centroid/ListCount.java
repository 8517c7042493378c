package io.tarn.index.centroid;

/** How many lists an index gets if nobody says. */
public final class ListCount {
  private static final int LISTS_PER_SQUARE_ROOT = 4;

  /** With fewer rows a centroid is the mean of too little to mean anything. */
  private static final int MIN_ROWS_PER_LIST = 39;

  private ListCount() {}

  /**
   * The largest power of two that is at most four times the square root of the number of rows, and
   * leaves 39 rows to a list, of the sample too: 64 for 2,500 rows, 1,024 for 100,000, 2,048 for a
   * million, 8,192 for ten million of dimension 128, and 1,024 for as many of dimension 1,536, of
   * which a sample of 256 MiB holds 43,690.
   *
   * @param maxSampleRows the most rows of this dimension that are drawn to train on
   */
  public static int byDefault(long rows, long maxSampleRows) {
    double limit =
        Math.min(
            LISTS_PER_SQUARE_ROOT * Math.sqrt(rows),
            (double) Math.min(rows, maxSampleRows) / MIN_ROWS_PER_LIST);
    return Integer.highestOneBit(Math.max(1, (int) limit));
  }

  /** Whether so many rows give each of so many lists enough of them to mean something. */
  public static boolean isEnough(long rows, int lists) {
    return rows >= (long) MIN_ROWS_PER_LIST * lists;
  }
}
