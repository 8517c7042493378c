package io.tarn.cli;

import io.tarn.cli.local.Cleanup;
import io.tarn.cli.local.Interrupts;
import io.tarn.cli.local.LocalFlink;
import io.tarn.cli.print.Amounts;
import io.tarn.flink.StreamJob;
import io.tarn.flink.StreamSettings;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import picocli.CommandLine;

/** The stream job in this JVM. Apart from its command, so that showing help does not load Flink. */
final class StreamRun {
  private StreamRun() {}

  static void run(
      SettingsOptions options, Map<String, ?> flags, Map<String, String> flink, CommandLine command)
      throws Exception {
    StreamSettings settings = options.load(StreamSettings.class, flags);
    PrintWriter err = command.getErr();
    Snapshot before = newest(settings);
    try (Cleanup cleanup = new Cleanup()) {
      Path directory = cleanup.temporaryDirectory("tarn-stream-");
      StreamExecutionEnvironment environment =
          LocalFlink.environment(
              settings.parallelism().orElse(Runtime.getRuntime().availableProcessors()),
              directory,
              flink);
      StreamJob.build(environment, settings);
      LocalFlink job =
          cleanup.add(LocalFlink.start(environment, StreamJob.jobName(settings), directory));
      cleanup.add(Interrupts.onFirst(() -> stop(job, err)));
      err.println(
          "Reading "
              + String.join(", ", settings.kafka().topics())
              + " into "
              + settings.index()
              + (settings.bounded() ? " up to the topics' present ends" : " until Ctrl-C"));
      err.flush();
      job.await();
    }
    Snapshot after = newest(settings);
    command
        .getOut()
        .println(
            after.version() == before.version()
                ? settings.index() + " is unchanged at version " + after.version()
                : settings.index()
                    + " went from version "
                    + before.version()
                    + " to "
                    + after.version()
                    + ", committed "
                    + Amounts.age(after.timestampMs()));
  }

  private static Snapshot newest(StreamSettings settings) throws IOException {
    try (Storage storage = StorageLocation.open(settings.index())) {
      return new SnapshotLog(storage).newest();
    }
  }

  private static void stop(LocalFlink job, PrintWriter err) {
    err.println("Stopping: publishing what has been read. Ctrl-C again to stop at once");
    err.flush();
    try {
      job.stop();
    } catch (Exception e) {
      err.println(
          "The last of what was read is not published, and will be read again by the next run: "
              + Errors.describe(e));
      err.flush();
      closeQuietly(job);
    }
  }

  private static void closeQuietly(LocalFlink job) {
    try {
      job.close();
    } catch (Exception e) {
      // The job has ended; there is nothing left to save.
    }
  }
}
