package io.tarn.cli;

import io.tarn.cli.local.Cleanup;
import io.tarn.cli.local.LocalSpark;
import io.tarn.cli.print.Table;
import io.tarn.cli.print.Table.Align;
import io.tarn.index.evaluate.Measurement;
import io.tarn.index.evaluate.RecallEvaluation;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.LocalStorage;
import io.tarn.spark.search.TarnIndex;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Times Spark's work with an index. Apart from its command, so that showing help loads no Spark.
 */
final class SparkSpeed {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final StructType QUERY =
      new StructType()
          .add("query", DataTypes.LongType, false)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType, false), false);

  private final CommandSpec spec;
  private final Path index;
  private final int rounds;
  private final int threads = Runtime.getRuntime().availableProcessors();

  SparkSpeed(CommandSpec spec, Path index, int rounds) {
    this.spec = spec;
    this.index = index;
    this.rounds = rounds;
  }

  /** What is timed. */
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  /** The times of one thing, in seconds. */
  private static final class Times {
    private final String name;
    private final Work work;
    private final List<Double> seconds = new ArrayList<>();

    Times(String name, Work work) {
      this.name = name;
      this.work = work;
    }

    void run(boolean counts) throws IOException, InterruptedException {
      long startNanos = System.nanoTime();
      work.run();
      if (counts) {
        seconds.add((System.nanoTime() - startNanos) / NANOS_PER_SECOND);
      }
    }

    double median() {
      double[] ascending = seconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      return ascending[ascending.length / 2];
    }

    double least() {
      return seconds.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }
  }

  void read() throws IOException, InterruptedException {
    try (Cleanup cleanup = new Cleanup()) {
      read(LocalSpark.inThisJvm(spec.qualifiedName(), cleanup));
    }
  }

  /**
   * @param truth the true neighbours, or none to search for them
   */
  void readAndJoin(List<float[]> queries, List<int[]> truth, int k, double recall)
      throws IOException, InterruptedException, RejectedFeatureException {
    try (Cleanup cleanup = new Cleanup();
        LocalStorage storage = new LocalStorage(index)) {
      SparkSession spark = LocalSpark.inThisJvm(spec.qualifiedName(), cleanup);
      read(spark);
      IndexView view = IndexReader.open(storage, OpenOptions.defaults()).view();
      join(spark, view, queries, truth, k, recall);
    }
  }

  private void read(SparkSession spark) throws IOException, InterruptedException {
    List<String> files = new ArrayList<>();
    long rows = 0;
    try (LocalStorage storage = new LocalStorage(index)) {
      for (SegmentRef segment : new io.tarn.index.commit.SnapshotLog(storage).newest().segments()) {
        files.add(index.resolve(segment.path()).toUri().toString());
        rows += segment.rows() + segment.deletes();
      }
    }
    String[] paths = files.toArray(String[]::new);
    List<Times> times = new ArrayList<>();
    times.add(
        new Times(
            "as an index, to nowhere",
            () -> discard(indexTable(spark).select("id", "vector", "order", "list"))));
    times.add(
        new Times(
            "as Parquet, to nowhere",
            () ->
                discard(
                    spark.read().parquet(paths).select("id", "vector", "event_order", "list_id"))));
    times.add(
        new Times(
            "as an index, aggregated",
            () ->
                indexTable(spark).selectExpr("max(id)", "sum(vector[0])", "sum(list)").collect()));
    times.add(
        new Times(
            "as Parquet, aggregated",
            () ->
                spark
                    .read()
                    .parquet(paths)
                    .selectExpr("max(id)", "sum(vector[0])", "sum(list_id)")
                    .collect()));
    time(times);
    print("Reading " + rows + " rows", "rows/s", rows, times);
  }

  private Dataset<Row> indexTable(SparkSession spark) {
    return spark.read().format("tarn").load(index.toString());
  }

  private static void discard(Dataset<Row> rows) {
    rows.write().format("noop").mode("overwrite").save();
  }

  private void time(List<Times> times) throws IOException, InterruptedException {
    for (int round = 0; round <= rounds; round++) {
      for (Times each : times) {
        each.run(round > 0);
      }
    }
  }

  private void join(
      SparkSession spark,
      IndexView view,
      List<float[]> queries,
      List<int[]> truth,
      int k,
      double recall)
      throws IOException, InterruptedException, RejectedFeatureException {
    RecallEvaluation evaluation =
        truth.isEmpty()
            ? RecallEvaluation.againstExactSearch(view, queries, k, threads, done -> {})
            : RecallEvaluation.againstTruth(view, queries, k, truth);
    int nprobe = nprobe(evaluation, view.model().listCount(), recall);
    List<Row> rows = new ArrayList<>();
    for (int q = 0; q < queries.size(); q++) {
      rows.add(RowFactory.create((long) q, queries.get(q)));
    }
    Dataset<Row> table = spark.createDataFrame(rows, QUERY).repartition(threads).cache();
    table.count();
    Map<String, String> options = Map.of("nprobe", Integer.toString(nprobe));
    TarnIndex joined = TarnIndex.of(spark, index.toString());
    List<Measurement> alone = new ArrayList<>();
    List<Times> times =
        List.of(
            new Times("knnJoin", () -> discard(joined.knnJoin(table, "vector", k, options))),
            new Times(
                "index-core, " + threads + " threads",
                () -> alone.add(evaluation.measure(nprobe, threads, done -> {}))));
    time(times);
    // Searching without Spark warms up each time: its own clock counts.
    Times core = times.get(1);
    core.seconds.clear();
    alone
        .subList(1, alone.size())
        .forEach(measured -> core.seconds.add(queries.size() / measured.queriesPerSecond()));
    print(
        String.format(
            Locale.ROOT,
            "%d queries, k %d, nprobe %d, recall %.4f",
            queries.size(),
            k,
            nprobe,
            alone.get(0).recall()),
        "queries/s",
        queries.size(),
        times);
  }

  /** The least of some numbers of lists with which the recall is reached. */
  private int nprobe(RecallEvaluation evaluation, int lists, double recall)
      throws InterruptedException {
    int low = 0;
    int high = lists;
    for (int power = 1; power < lists; power *= 2) {
      if (evaluation.measure(power, threads, done -> {}).recall() >= recall) {
        high = power;
        break;
      }
      low = power;
    }
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (evaluation.measure(middle, threads, done -> {}).recall() >= recall) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return high;
  }

  private void print(String title, String unit, long count, List<Times> times) {
    PrintWriter out = spec.commandLine().getOut();
    out.println();
    out.println(title);
    Table table = new Table();
    table.column("", Align.LEFT);
    for (String heading : List.of("median s", "best s", unit + " (median)")) {
      table.column(heading, Align.RIGHT);
    }
    for (Times each : times) {
      table.row(
          Arrays.asList(
              each.name,
              String.format(Locale.ROOT, "%.3f", each.median()),
              String.format(Locale.ROOT, "%.3f", each.least()),
              String.format(Locale.ROOT, "%,.0f", count / each.median())));
    }
    table.print(out);
    out.flush();
  }
}
