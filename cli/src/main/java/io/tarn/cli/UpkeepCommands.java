package io.tarn.cli;

import io.tarn.cli.print.Amounts;
import io.tarn.spark.CompactJob;
import io.tarn.spark.CompactSettings;
import io.tarn.spark.ExpireJob;
import io.tarn.spark.ExpireResult;
import io.tarn.spark.ExpireSettings;
import io.tarn.spark.MaintainJob;
import io.tarn.spark.MaintainSettings;
import io.tarn.spark.RetrainJob;
import io.tarn.spark.RetrainSettings;
import io.tarn.spark.UpkeepResult;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** Runs the jobs that keep an index in shape, and says what they have done. */
final class UpkeepCommands {
  private final PrintWriter out;
  private final SettingsOptions settings;
  private final SparkRun spark;

  /**
   * @param master the cluster, or null to run in this JVM
   */
  UpkeepCommands(CommandSpec spec, SettingsOptions settings, String master) {
    this.out = spec.commandLine().getOut();
    this.settings = settings;
    this.spark = new SparkRun(spec, master);
  }

  void retrain(Map<String, ?> flags) throws IOException {
    RetrainSettings given = settings.load(RetrainSettings.class, flags);
    long startNanos = System.nanoTime();
    UpkeepResult result = spark.run(session -> RetrainJob.run(session, given));
    print(given.index(), result, startNanos);
  }

  void compact(Map<String, ?> flags) throws IOException {
    CompactSettings given = settings.load(CompactSettings.class, flags);
    long startNanos = System.nanoTime();
    UpkeepResult result = spark.run(session -> CompactJob.run(session, given));
    print(given.index(), result, startNanos);
  }

  void maintain(Map<String, ?> flags) throws IOException {
    MaintainSettings given = settings.load(MaintainSettings.class, flags);
    long startNanos = System.nanoTime();
    UpkeepResult result = spark.run(session -> MaintainJob.run(session, given));
    print(given.index(), result, startNanos);
  }

  void expire(Map<String, ?> flags) throws IOException {
    ExpireSettings given = settings.load(ExpireSettings.class, flags);
    long startNanos = System.nanoTime();
    ExpireResult result = spark.run(session -> ExpireJob.run(session, given));
    print(given.index(), result, startNanos);
  }

  private void print(String index, UpkeepResult result, long startNanos) {
    if (result.steps().isEmpty()) {
      nothing(index, result.version(), startNanos);
      return;
    }
    steps(index, result.version(), result.dryRun(), result.steps());
    String segments = Amounts.count(result.segmentsReplaced(), "segment");
    String size = Amounts.bytes(result.bytesRead());
    String rows =
        Amounts.count(result.rows(), "row")
            + " kept, "
            + Amounts.count(result.droppedRows())
            + " dead and "
            + Amounts.count(result.forgottenDeletes(), "delete")
            + " left out";
    out.println(
        result.dryRun()
            ? "would replace at most "
                + segments
                + ", "
                + size
                + ", by about "
                + Amounts.bytes(result.bytesWritten())
                + ": "
                + rows
            : "replaced "
                + segments
                + ", "
                + size
                + ", by "
                + Amounts.count(result.segmentsWritten())
                + ", "
                + Amounts.bytes(result.bytesWritten())
                + ": "
                + rows
                + seconds(startNanos));
  }

  private void print(String index, ExpireResult result, long startNanos) {
    if (result.steps().isEmpty()) {
      nothing(index, result.version(), startNanos);
    } else {
      steps(index, result.version(), result.dryRun(), result.steps());
      out.println(
          (result.dryRun() ? "would remove " : "removed ")
              + Amounts.count(result.versions(), "version")
              + ", "
              + Amounts.count(result.segments(), "segment")
              + ", "
              + Amounts.count(result.models(), "model")
              + " and "
              + Amounts.count(result.pending(), "unfinished file")
              + ", "
              + Amounts.bytes(result.bytes())
              + seconds(startNanos));
    }
    if (result.spared() > 0) {
      out.println(
          Amounts.count(result.spared(), "file")
              + " of no version kept, too young to be removed: a writer may be about to commit");
    }
  }

  private void nothing(String index, long version, long startNanos) {
    out.println(
        index + ": version " + version + ", nothing needs to be done" + seconds(startNanos));
  }

  private void steps(String index, long version, boolean dryRun, List<String> steps) {
    out.println(
        index
            + ": version "
            + version
            + (dryRun ? ", dry run: nothing is changed. To be done:" : ", done:"));
    steps.forEach(step -> out.println("  " + step));
  }

  private static String seconds(long startNanos) {
    return " (" + Amounts.seconds(System.nanoTime() - startNanos) + ")";
  }
}
