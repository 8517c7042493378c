package io.tarn.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.min;

import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.neighbours.DensityClusters;
import io.tarn.spark.rows.OutputTable;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Groups the live rows of an index by density (DBSCAN), and writes a Parquet table: {@code id};
 * {@code cluster}, a number from 0 on in the order of the clusters' smallest ids of core rows, null
 * for noise; {@code kind}, which is core, border or noise; and {@code neighbours}, how many rows
 * are within eps, the row itself counted. A border row is of the cluster of its nearest core row,
 * and of several at that distance of the one with the smallest id; see {@link DensityClusters}.
 */
public final class DbscanJob {
  private static final String OPERATION = "dbscan";
  private static final String CLUSTER = "cluster";

  private DbscanJob() {}

  /**
   * For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link DbscanSettings}.
   */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, DbscanSettings.class, args, DbscanJob::run);
  }

  /**
   * Groups.
   *
   * @throws UnusableInputException if there is no such index or version, its metric is no distance,
   *     it has no rows, or the output exists
   */
  public static DbscanResult run(SparkSession spark, DbscanSettings settings) throws IOException {
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
                          .withDistances("eps"),
                  opened -> Phases.count(opened.blocks().rows()) + " rows");
          phases.run(
              "group",
              () -> {
                write(spark, settings, index);
                return settings.output();
              },
              output -> "clusters to " + output);
          return result(spark, settings, index, phases);
        });
  }

  private static void write(SparkSession spark, DbscanSettings settings, LiveIndex index)
      throws IOException {
    try (DensityClusters clusters =
        new DensityClusters(
            spark,
            index.location(),
            index.snapshot(),
            index.blocks(),
            (float) settings.eps(),
            settings.minPts(),
            false)) {
      Dataset<Row> rows = clusters.run();
      OutputTable.write(
          rows.join(
                  numbers(spark, rows),
                  rows.col(DensityClusters.CLUSTER).equalTo(col("row")),
                  "left")
              .select("id", CLUSTER, DensityClusters.KIND, DensityClusters.NEIGHBOURS),
          settings.output());
    }
  }

  /** The number of each cluster, by what tells clusters apart. */
  private static Dataset<Row> numbers(SparkSession spark, Dataset<Row> rows) {
    JavaRDD<Row> numbered =
        rows.where(col(DensityClusters.KIND).equalTo("core"))
            .groupBy(DensityClusters.CLUSTER)
            .agg(min("id").as("first"))
            .orderBy("first")
            .toJavaRDD()
            .zipWithIndex()
            .map(each -> RowFactory.create(each._1.getInt(0), each._2));
    return spark.createDataFrame(
        numbered,
        new StructType()
            .add("row", DataTypes.IntegerType, false)
            .add(CLUSTER, DataTypes.LongType, false));
  }

  private static DbscanResult result(
      SparkSession spark, DbscanSettings settings, LiveIndex index, Phases phases) {
    Dataset<Row> written = spark.read().parquet(settings.output());
    Map<String, Long> kinds = new HashMap<>();
    for (Row kind : written.groupBy(DensityClusters.KIND).agg(count("*")).collectAsList()) {
      kinds.put(kind.getString(0), kind.getLong(1));
    }
    return new DbscanResult(
        index.snapshot().version(),
        written.agg(countDistinct(CLUSTER)).first().getLong(0),
        kinds.getOrDefault("core", 0L),
        kinds.getOrDefault("border", 0L),
        kinds.getOrDefault("noise", 0L),
        phases.seconds());
  }
}
