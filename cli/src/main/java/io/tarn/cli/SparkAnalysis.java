package io.tarn.cli;

import io.tarn.cli.local.Cleanup;
import io.tarn.cli.local.LocalSpark;
import io.tarn.cli.print.Amounts;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.spark.AdviseJob;
import io.tarn.spark.AdviseResult;
import io.tarn.spark.AdviseSettings;
import io.tarn.spark.DbscanJob;
import io.tarn.spark.DbscanResult;
import io.tarn.spark.DbscanSettings;
import io.tarn.spark.DuplicatesJob;
import io.tarn.spark.DuplicatesResult;
import io.tarn.spark.DuplicatesSettings;
import io.tarn.spark.EvaluateJob;
import io.tarn.spark.EvaluateResult;
import io.tarn.spark.EvaluateSettings;
import io.tarn.spark.advise.Advice;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Model.CommandSpec;

/** The jobs that say something of vectors and change no row. Apart from their commands, too. */
final class SparkAnalysis {
  private final CommandSpec spec;
  private final String master;
  private final PrintWriter out;
  private final long startNanos = System.nanoTime();

  /**
   * @param master the cluster, or null to run in this JVM
   */
  SparkAnalysis(CommandSpec spec, String master) {
    this.spec = spec;
    this.master = master;
    this.out = spec.commandLine().getOut();
  }

  private interface Job<R> {
    R run(SparkSession spark) throws IOException;
  }

  private <R> R run(Job<R> job) throws IOException {
    try (Cleanup cleanup = new Cleanup()) {
      SparkSession spark =
          master == null
              ? LocalSpark.inThisJvm(spec.qualifiedName(), cleanup)
              : LocalSpark.onCluster(spec.qualifiedName(), master, cleanup);
      return job.run(spark);
    }
  }

  private String taken() {
    return " (" + Amounts.seconds(System.nanoTime() - startNanos) + ")";
  }

  void duplicates(SettingsOptions options, Map<String, ?> flags) throws IOException {
    DuplicatesSettings settings = options.load(DuplicatesSettings.class, flags);
    DuplicatesResult result = run(spark -> DuplicatesJob.run(spark, settings));
    out.println(
        settings.output()
            + ": "
            + Amounts.count(result.rows(), "row")
            + " of version "
            + result.version()
            + " in "
            + Amounts.count(result.groups(), "group")
            + taken());
  }

  void dbscan(SettingsOptions options, Map<String, ?> flags) throws IOException {
    DbscanSettings settings = options.load(DbscanSettings.class, flags);
    DbscanResult result = run(spark -> DbscanJob.run(spark, settings));
    out.println(
        settings.output()
            + ": "
            + Amounts.count(result.clusters(), "cluster")
            + " in version "
            + result.version()
            + "; "
            + Amounts.count(result.core())
            + " core, "
            + Amounts.count(result.border())
            + " border, "
            + Amounts.count(result.noise())
            + " noise"
            + taken());
  }

  void calibrate(SettingsOptions options, Map<String, ?> flags) throws IOException {
    EvaluateSettings settings = options.load(EvaluateSettings.class, flags);
    EvaluateResult result = run(spark -> EvaluateJob.run(spark, settings));
    out.println(
        "version "
            + result.version()
            + ", "
            + Amounts.count(result.lists(), "list")
            + "; "
            + Amounts.count(result.queries())
            + (result.queries() == 1 ? " query" : " queries")
            + ", k "
            + settings.k()
            + taken());
    out.printf("%8s  %8s%n", "nprobe", "recall");
    for (CalibrationPoint point : result.measured()) {
      out.printf(Locale.ROOT, "%8d  %8.4f%n", point.nprobe(), point.recall());
    }
    result.calibrated().ifPresent(version -> out.println("recorded in version " + version));
  }

  void advise(SettingsOptions options, Map<String, ?> flags) throws IOException {
    AdviseSettings settings = options.load(AdviseSettings.class, flags);
    AdviseResult result = run(spark -> AdviseJob.run(spark, settings));
    out.println(
        Amounts.count(result.rows(), "row")
            + " of dimension "
            + result.dimension()
            + ", measured with "
            + Amounts.count(result.sampleRows())
            + taken());
    out.println("bytes a row: in memory with vectors, without them, and in files");
    out.printf(
        "%8s  %-8s  %5s  %7s  %7s  %8s  %8s  %8s  %10s  %10s%n",
        "nlist",
        "codes",
        "dim",
        "nprobe",
        "recall",
        "memory",
        "mapped",
        "files",
        "rows/query",
        "bytes/query");
    for (Advice advice : result.advice()) {
      out.printf(
          Locale.ROOT,
          "%8d  %-8s  %5d  %7d  %7.4f  %8.1f  %8.1f  %8.1f  %,10.0f  %,10.0f%n",
          advice.candidate().nlist(),
          advice.candidate().quantizer(),
          advice.candidate().dimension(),
          advice.nprobe(),
          advice.recall(),
          advice.memoryBytes(),
          advice.codeBytes(),
          advice.fileBytes(),
          advice.rowsScanned(),
          advice.queryBytes());
    }
    result
        .recommended()
        .ifPresentOrElse(
            best -> out.println("recommended: " + text(best)),
            () ->
                out.println(
                    "none with all dimensions finds a share of "
                        + settings.recall()
                        + " of the true neighbours"
                        + settings
                            .maxBytesPerRow()
                            .map(bytes -> " within " + bytes + " bytes a row")
                            .orElse("")));
    result
        .reduced()
        .ifPresent(
            best ->
                out.println(
                    "with fewer dimensions, if table and queries are reduced by principal"
                        + " components first: "
                        + text(best)));
  }

  private static String text(Advice advice) {
    return "nlist "
        + advice.candidate().nlist()
        + ", quantizer "
        + advice.candidate().quantizer()
        + ", dimension "
        + advice.candidate().dimension()
        + ", searched with nprobe "
        + advice.nprobe();
  }
}
