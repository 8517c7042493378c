package io.tarn.spark.input;

/** What tells the place of a row in its input. */
enum RowOrder {
  /** The column {@code id} is the row's number. */
  NUMBERED,
  /** Rows come from files that Spark reads: their number is known once all are counted. */
  BY_FILE,
  /** Rows come from anywhere: they are in the order of their partitions. */
  BY_PARTITION
}
