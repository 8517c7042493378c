package io.tarn.cli;

import io.tarn.cli.local.Cleanup;
import io.tarn.cli.local.LocalSpark;
import io.tarn.cli.print.Amounts;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.spark.AppendJob;
import io.tarn.spark.AppendResult;
import io.tarn.spark.AppendSettings;
import io.tarn.spark.BuildJob;
import io.tarn.spark.BuildResult;
import io.tarn.spark.BuildSettings;
import io.tarn.spark.EmbedJob;
import io.tarn.spark.EmbedResult;
import io.tarn.spark.EmbedSettings;
import io.tarn.spark.KnnJoinJob;
import io.tarn.spark.KnnJoinResult;
import io.tarn.spark.KnnJoinSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Model.CommandSpec;

/** The batch jobs. Apart from their commands, so that showing help does not load Spark. */
final class SparkRun {
  private final CommandSpec spec;
  private final String master;

  /**
   * @param master the cluster, or null to run in this JVM
   */
  SparkRun(CommandSpec spec, String master) {
    this.spec = spec;
    this.master = master;
  }

  /** What is to be run. */
  interface Job<R> {
    R run(SparkSession spark) throws IOException;
  }

  void build(SettingsOptions options, Map<String, ?> flags) throws IOException {
    BuildSettings settings = options.load(BuildSettings.class, flags);
    long startNanos = System.nanoTime();
    BuildResult result = run(spark -> BuildJob.run(spark, settings));
    print(
        settings.index()
            + ": version "
            + result.version()
            + ", "
            + Amounts.count(result.rows(), "row")
            + " of dimension "
            + result.dimension()
            + " in "
            + Amounts.count(result.lists(), "list")
            + " and "
            + Amounts.count(result.segments(), "segment"),
        result.supersededRows(),
        result.rejected(),
        settings.rejects(),
        startNanos);
  }

  void append(SettingsOptions options, Map<String, ?> flags) throws IOException {
    AppendSettings settings = options.load(AppendSettings.class, flags);
    long startNanos = System.nanoTime();
    AppendResult result = run(spark -> AppendJob.run(spark, settings));
    print(
        settings.index()
            + ": version "
            + result.version()
            + ", "
            + Amounts.count(result.upserts(), "upsert")
            + " and "
            + Amounts.count(result.deletes(), "delete")
            + " in "
            + Amounts.count(result.segments(), "segment"),
        result.supersededRows(),
        result.rejected(),
        settings.rejects(),
        startNanos);
  }

  void embed(SettingsOptions options, Map<String, ?> flags) throws IOException {
    EmbedSettings settings = options.load(EmbedSettings.class, flags);
    long startNanos = System.nanoTime();
    EmbedResult result = run(spark -> EmbedJob.run(spark, settings));
    print(
        settings.output()
            + ": "
            + Amounts.count(result.rows(), "vector")
            + " of dimension "
            + result.dimension()
            + ", embedder "
            + result.fingerprint(),
        0,
        result.rejected(),
        settings.rejects(),
        startNanos);
  }

  void knnJoin(SettingsOptions options, Map<String, ?> flags) throws IOException {
    KnnJoinSettings settings = options.load(KnnJoinSettings.class, flags);
    long startNanos = System.nanoTime();
    KnnJoinResult result = run(spark -> KnnJoinJob.run(spark, settings));
    print(
        settings.output() + ": " + Amounts.count(result.neighbours(), "neighbour"),
        0,
        Map.of(),
        Optional.empty(),
        startNanos);
  }

  <R> R run(Job<R> job) throws IOException {
    try (Cleanup cleanup = new Cleanup()) {
      SparkSession spark =
          master == null
              ? LocalSpark.inThisJvm(spec.qualifiedName(), cleanup)
              : LocalSpark.onCluster(spec.qualifiedName(), master, cleanup);
      return job.run(spark);
    }
  }

  private void print(
      String outcome,
      long supersededRows,
      Map<Reason, Long> rejected,
      Optional<String> rejects,
      long startNanos) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(outcome + " (" + Amounts.seconds(System.nanoTime() - startNanos) + ")");
    if (supersededRows > 0) {
      out.println(
          Amounts.count(supersededRows, "row") + " left out: the input has a newer one of the id");
    }
    if (!rejected.isEmpty()) {
      long rows = rejected.values().stream().mapToLong(Long::longValue).sum();
      String reasons =
          rejected.entrySet().stream()
              .map(
                  entry ->
                      entry.getKey().name().toLowerCase(Locale.ROOT)
                          + " "
                          + Amounts.count(entry.getValue()))
              .collect(Collectors.joining(", "));
      out.println(
          Amounts.count(rows, "row")
              + " set aside: "
              + reasons
              + rejects
                  .map(directory -> "; see " + directory)
                  .orElse("; --rejects DIR writes them there"));
    }
  }
}
