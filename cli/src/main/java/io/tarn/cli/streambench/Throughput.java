package io.tarn.cli.streambench;

import io.tarn.cli.local.Cleanup;
import io.tarn.cli.local.LocalFlink;
import io.tarn.cli.print.Amounts;
import io.tarn.cli.print.Table;
import io.tarn.cli.print.Table.Align;
import io.tarn.cli.streambench.Workbench.Pipeline;
import io.tarn.flink.StreamJob;
import io.tarn.flink.StreamStages;
import io.tarn.index.search.IndexReader;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.apache.flink.metrics.HistogramStatistics;

/**
 * How many vectors a second the stream job takes from Kafka into an index, and how many the same
 * job reads, or reads and decodes, if it throws them away then.
 *
 * <p>The clock runs from the first record that was read until the last one is found in the index by
 * a reader which is open all the time; without an index, until it has been dropped.
 */
public final class Throughput {
  private static final String TOPIC = "vectors";
  private static final int LINGER_MS = 20;
  private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Workbench bench;
  private final Map<Stage, List<Run>> runs = new EnumMap<>(Stage.class);
  private final List<Long> commitMs = new ArrayList<>();

  /** How far records go. */
  private enum Stage {
    READ("read, dropped"),
    DECODE("read, decoded, dropped"),
    INDEX("read, committed, searchable");

    private final String title;

    Stage(String title) {
      this.title = title;
    }

    Pipeline pipeline() {
      return switch (this) {
        case READ -> StreamStages::read;
        case DECODE -> StreamStages::decode;
        case INDEX -> StreamJob::build;
      };
    }
  }

  /** What one run took. */
  private record Run(double seconds, double ownSeconds, double brokerSeconds) {}

  public Throughput(Workbench bench) {
    this.bench = bench;
  }

  /** Measures: a round that does not count, then others; in each all stages take turns. */
  public void run(int rounds, PrintWriter out) throws Exception {
    int rows = bench.plan().vectors().count();
    bench.say("writing " + Amounts.count(rows, "record") + " into a topic");
    try (Topic topic = bench.topic(TOPIC, LINGER_MS)) {
      for (int row = 0; row < rows; row++) {
        topic.send(bench.plan().vectors(), row);
      }
      topic.flush();
    }
    for (int round = 0; round <= rounds; round++) {
      for (Stage stage : Stage.values()) {
        Run run = run(stage, rows);
        bench.say(
            "round %d%s, %s: %s vectors/s"
                .formatted(
                    round,
                    round == 0 ? " (does not count)" : "",
                    stage.title,
                    Amounts.count(Math.round(rows / run.seconds))));
        if (round > 0) {
          runs.computeIfAbsent(stage, s -> new ArrayList<>()).add(run);
        }
      }
      if (round == 0) {
        commitMs.clear();
      }
    }
    print(rows, out);
  }

  private Run run(Stage stage, int rows) throws Exception {
    Path index = bench.index();
    try (Storage storage = new LocalStorage(index)) {
      IndexReader reader = IndexReader.open(storage);
      LocalFlink flink = bench.start(stage.pipeline(), TOPIC, index, true);
      JobMetrics metrics = JobMetrics.newest();
      RunningJob job = new RunningJob(flink);
      job.await("it has read a record", () -> metrics.recordsRead() > 0);
      long startNanos = System.nanoTime();
      Duration own = Workbench.ownTime();
      Duration broker = bench.brokerTime();
      if (stage == Stage.INDEX) {
        job.await(
            "all rows are in the index",
            () -> {
              reader.refresh();
              return reader.view().liveRowCount() == rows;
            });
      } else {
        job.await("it has read all records", () -> metrics.recordsRead() == rows);
      }
      Run run =
          new Run(
              (System.nanoTime() - startNanos) / NANOS_PER_SECOND,
              seconds(Workbench.ownTime().minus(own)),
              seconds(bench.brokerTime().minus(broker)));
      job.awaitEnd();
      bench.end(flink);
      if (stage == Stage.INDEX) {
        HistogramStatistics commits = metrics.commitMs();
        for (long ms : commits.getValues()) {
          commitMs.add(ms);
        }
      }
      return run;
    } finally {
      Cleanup.delete(index);
    }
  }

  private void print(int rows, PrintWriter out) {
    out.println();
    out.println(Amounts.count(rows, "vector") + ", " + bench.description());
    Table table = new Table().column("", Align.LEFT);
    for (String heading :
        List.of("median s", "best s", "vectors/s (median)", "share", "processor s", "broker's s")) {
      table.column(heading, Align.RIGHT);
    }
    double whole = median(Stage.INDEX, Run::seconds);
    for (Stage stage : Stage.values()) {
      double seconds = median(stage, Run::seconds);
      table.row(
          List.of(
              stage.title,
              number("%.2f", seconds),
              number("%.2f", ascending(stage, Run::seconds)[0]),
              number("%,.0f", rows / seconds),
              number("%.0f%%", 100 * seconds / whole),
              number("%.1f", median(stage, Run::ownSeconds)),
              number("%.1f", median(stage, Run::brokerSeconds))));
    }
    table.print(out);
    long[] commits = commitMs.stream().mapToLong(Long::longValue).sorted().toArray();
    out.println(
        "%d commits: p50 %d ms, longest %d ms"
            .formatted(commits.length, commits[commits.length / 2], commits[commits.length - 1]));
    out.flush();
  }

  private double median(Stage stage, ToDoubleFunction<Run> what) {
    double[] ascending = ascending(stage, what);
    return ascending[ascending.length / 2];
  }

  private double[] ascending(Stage stage, ToDoubleFunction<Run> what) {
    return runs.get(stage).stream().mapToDouble(what).sorted().toArray();
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / NANOS_PER_SECOND;
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
