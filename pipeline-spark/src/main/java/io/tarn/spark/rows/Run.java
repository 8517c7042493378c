package io.tarn.spark.rows;

import java.io.Serializable;
import java.util.Comparator;

/**
 * Rows that follow each other in the input and are read by one task. The input is the sequence of
 * its runs in their natural order, however they are spread over tasks.
 *
 * @param file the path of the file; empty for an input that is not made of files
 * @param block where the block that was read begins in the file; or the number of the partition
 */
public record Run(String file, long block) implements Comparable<Run>, Serializable {
  /** The run of rows whose position is their number already. */
  public static final Run NUMBERED = new Run("", -1);

  private static final Comparator<Run> ORDER =
      Comparator.comparing(Run::file).thenComparingLong(Run::block);

  @Override
  public int compareTo(Run other) {
    return ORDER.compare(this, other);
  }
}
