package io.tarn.spark;

import java.io.IOException;
import org.apache.spark.sql.SparkSession;

/** A build of the rows of {@link RepeatableBuildTest} with another master. */
final class BuildOfShuffledRows {
  private BuildOfShuffledRows() {}

  /** Arguments: where the index goes, and the seed. */
  public static void main(String[] args) throws IOException {
    try (SparkSession spark = SparkSession.builder().appName("shuffled").getOrCreate()) {
      BuildJob.run(
          spark,
          RepeatableBuildTest.settings(args[0], Integer.parseInt(args[1])),
          RepeatableBuildTest.table(spark, 5, 6));
    }
  }
}
