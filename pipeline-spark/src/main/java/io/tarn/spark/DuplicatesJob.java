package io.tarn.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.min;

import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.neighbours.DensityClusters;
import io.tarn.spark.rows.OutputTable;
import java.io.IOException;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;

/**
 * Finds rows of an index that are duplicates, exact or nearly, and writes their groups as a Parquet
 * table. Duplicates of duplicates are of one group. For each row that has any: {@code group_id},
 * the smallest id of the group; {@code id}; {@code rows}, how many are in the group; {@code
 * nearest_id} and {@code distance}, the row nearest to it, of several the one with the smallest id.
 * Rows whose id is not that of their group are those to do without.
 */
public final class DuplicatesJob {
  private static final String OPERATION = "duplicates";

  /** Whoever has a neighbour is core, so clusters are what is connected. */
  private static final int MIN_PTS = 2;

  private DuplicatesJob() {}

  /**
   * For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link
   * DuplicatesSettings}.
   */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, DuplicatesSettings.class, args, DuplicatesJob::run);
  }

  /**
   * Finds duplicates.
   *
   * @throws UnusableInputException if there is no such index or version, its metric is no distance,
   *     it has no rows, or the output exists
   */
  public static DuplicatesResult run(SparkSession spark, DuplicatesSettings settings)
      throws IOException {
    Phases phases = new Phases(spark.sparkContext(), OPERATION);
    return Failures.unwrapped(
        () -> {
          Screening.refuseExisting(spark, "the output", settings.output());
          LiveIndex index =
              phases.run(
                  "open",
                  () ->
                      LiveIndex.open(
                              spark, settings.index(), settings.version(), settings.timestamp())
                          .withDistances("max-distance"),
                  opened -> Phases.count(opened.blocks().rows()) + " rows");
          phases.run(
              "group",
              () -> {
                write(spark, settings, index);
                return settings.output();
              },
              output -> "groups to " + output);
          Row counts =
              spark
                  .read()
                  .parquet(settings.output())
                  .agg(countDistinct("group_id"), count("*"))
                  .first();
          return new DuplicatesResult(
              index.snapshot().version(), counts.getLong(0), counts.getLong(1), phases.seconds());
        });
  }

  private static void write(SparkSession spark, DuplicatesSettings settings, LiveIndex index)
      throws IOException {
    try (DensityClusters clusters =
        new DensityClusters(
            spark,
            index.location(),
            index.snapshot(),
            index.blocks(),
            (float) settings.maxDistance(),
            MIN_PTS,
            true)) {
      WindowSpec group = Window.partitionBy(DensityClusters.CLUSTER);
      Dataset<Row> grouped =
          clusters
              .run()
              .where(col(DensityClusters.CLUSTER).isNotNull())
              .withColumn("group_id", min("id").over(group))
              .withColumn("rows", count("*").over(group));
      OutputTable.write(
          grouped
              .select("group_id", "id", "rows", DensityClusters.NEAREST, DensityClusters.DISTANCE)
              .sortWithinPartitions("group_id", "id"),
          settings.output());
    }
  }
}
