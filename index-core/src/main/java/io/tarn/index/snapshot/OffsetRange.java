package io.tarn.index.snapshot;

/**
 * The records of one partition that a change takes in.
 *
 * @param from the position the writer had reached before, or {@link #UNKNOWN} if it knew none; a
 *     snapshot that has not reached it lacks records in between
 * @param first the offset of the first record taken in; it is beyond {@code from} where the source
 *     has gaps (transaction markers, compaction)
 * @param next the position after the last record taken in
 */
public record OffsetRange(long from, long first, long next) {
  /** The {@link #from} of a writer that had no earlier position. */
  public static final long UNKNOWN = -1;

  public OffsetRange {
    if (first < from || next < first) {
      throw new IllegalArgumentException(
          "offsets out of order: from " + from + ", first " + first + ", next " + next);
    }
  }
}
