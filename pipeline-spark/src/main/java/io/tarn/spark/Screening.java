package io.tarn.spark;

import io.tarn.index.feature.Schema;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.rows.Census;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.RejectsTable;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.SparkSession;

/**
 * Which rows an index takes. The others are counted, written to the rejects table if there is to be
 * one, and fail the job if they are too many.
 *
 * @param input what messages call the input
 * @param rejects where the rejects table goes, if anywhere
 * @param maxRejectedShare the largest share of rejected rows that is put up with
 */
record Screening(String input, Optional<String> rejects, double maxRejectedShare) {

  /** Says early what Spark would say after all the work: that the rejects table exists. */
  void check(SparkSession spark) throws IOException {
    if (rejects.isPresent()) {
      refuseExisting(spark, "the rejects table", rejects.get());
    }
  }

  static void refuseExisting(SparkSession spark, String what, String location) throws IOException {
    Path path = new Path(location);
    if (path.getFileSystem(spark.sparkContext().hadoopConfiguration()).exists(path)) {
      throw new UnusableInputException(
          what + " " + location + " exists already: remove it, or name another");
    }
  }

  /**
   * Counts the rows and deals with those that are set aside.
   *
   * @param idsToCompare about how many rows there are; 0 if no two of them can have the same id
   */
  Census screen(
      SparkSession spark, Phases phases, JavaRDD<InputRow> rows, Schema schema, long idsToCompare)
      throws IOException {
    Census census =
        phases.run("check", () -> Census.take(rows, schema, idsToCompare), Screening::describe);
    if (rejects.isPresent()) {
      phases.run(
          "write rejects",
          () -> {
            RejectsTable.write(spark, rows, schema, rejects.get());
            return census.rejectedRows();
          },
          count -> Phases.count(count) + " rows to " + rejects.get());
    }
    long all = census.accepted() + census.rejectedRows();
    if (census.accepted() == 0 && all > 0 || census.rejectedRows() > maxRejectedShare * all) {
      throw new UnusableInputException(tooMany(census, all, schema));
    }
    return census;
  }

  private String tooMany(Census census, long all, Schema schema) {
    return "of the "
        + Phases.count(all)
        + " rows of "
        + input
        + " "
        + Phases.count(census.rejectedRows())
        + " cannot be used "
        + census.rejected()
        + ", more than max-rejected-share "
        + maxRejectedShare
        + " allows (dimension "
        + schema.dimension()
        + ", metric "
        + schema.metric().externalName()
        + "); "
        + rejects.map(path -> "see " + path).orElse("set rejects to a path to see which, and why");
  }

  private static String describe(Census census) {
    String accepted = Phases.count(census.accepted()) + " rows";
    return census.rejected().isEmpty()
        ? accepted
        : accepted + ", " + Phases.count(census.rejectedRows()) + " set aside " + census.rejected();
  }
}
