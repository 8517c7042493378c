package io.tarn.spark.segment;

import java.io.Serializable;

/**
 * Keys in whose order rows are written: by list, deletes first, then by position. Spark's sort
 * compares the first eight bytes of what it sorts by, and goes to the rows only where these are
 * equal; a list alone is equal for thousands of rows, so a key has as much of the position as there
 * is room for. Rows whose keys are equal all the same are in the order of their positions.
 *
 * @param positionBits how many bits the position has in a key
 */
record WriteOrder(int positionBits) implements Serializable {
  /** For a model of so many lists. */
  static WriteOrder of(int lists) {
    return new WriteOrder(Integer.numberOfLeadingZeros(lists) + Integer.SIZE - 1);
  }

  /** The key of a row of a list, or of {@link ListRanges#DELETES}. */
  long keyOf(int list, long position) {
    long last = (1L << positionBits) - 1;
    return ((long) list << positionBits) | Math.max(0, Math.min(position, last));
  }

  /** The list of the row that has a key. */
  int listOf(long key) {
    return (int) (key >> positionBits);
  }
}
