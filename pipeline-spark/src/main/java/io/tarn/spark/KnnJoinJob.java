package io.tarn.spark;

import io.tarn.spark.input.InputTable;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.rows.OutputTable;
import io.tarn.spark.search.TarnIndex;
import java.io.IOException;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Finds the nearest rows of an index for each row of a table, and writes them as Parquet; see
 * {@link TarnIndex#knnJoin}.
 */
public final class KnnJoinJob {
  private static final String OPERATION = "knn-join";

  private KnnJoinJob() {}

  /**
   * For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link KnnJoinSettings}.
   */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, KnnJoinSettings.class, args, KnnJoinJob::run);
  }

  /**
   * Joins.
   *
   * @throws UnusableInputException if there is no such index, the queries cannot be used, or the
   *     output exists
   */
  public static KnnJoinResult run(SparkSession spark, KnnJoinSettings settings) throws IOException {
    Phases phases = new Phases(spark.sparkContext(), OPERATION);
    return Failures.unwrapped(
        () -> {
          Screening.refuseExisting(spark, "the output", settings.output());
          InputTable table = InputTable.open(spark, settings.queries().input());
          Dataset<Row> queries =
              table.corruptColumn().isPresent()
                  ? table.rows().drop(table.corruptColumn().get())
                  : table.rows();
          Dataset<Row> neighbours =
              phases.run(
                  "plan",
                  () ->
                      TarnIndex.of(spark, settings.index())
                          .knnJoin(
                              queries,
                              settings.queries().vectorColumn(),
                              settings.k(),
                              settings.search()),
                  planned -> "version is settled");
          long written =
              phases.run(
                  "search",
                  () -> {
                    OutputTable.write(neighbours, settings.output());
                    return spark.read().parquet(settings.output()).count();
                  },
                  count -> Phases.count(count) + " neighbours");
          return new KnnJoinResult(written, phases.seconds());
        });
  }
}
