package io.tarn.cli.streambench;

import io.tarn.benchmark.MovingData;
import io.tarn.benchmark.Report;
import io.tarn.benchmark.ViewRecall;
import io.tarn.benchmark.ViewRecall.Curve;
import io.tarn.benchmark.ViewRecall.Found;
import io.tarn.cli.local.Cleanup;
import io.tarn.cli.local.LocalFlink;
import io.tarn.cli.print.Amounts;
import io.tarn.cli.print.Table;
import io.tarn.cli.print.Table.Align;
import io.tarn.flink.StreamJob;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.maintain.MaintenancePlan;
import io.tarn.index.maintain.MaintenanceRules;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * What searches find of a stream whose vectors come cluster by cluster, in an index whose lists
 * were trained on the first of them: kept in shape by the job, not kept in shape, and beside both,
 * built anew from what has come, with as many lists as the one that is kept in shape.
 */
public final class Moving {
  private static final int LINGER_MS = 20;

  /** The settings that the stream job has by default. */
  private static final MaintenanceRules RULES =
      new MaintenanceRules(0, 2, 0.125, 0.25, 8, 64L << 20);

  private static final double RECALL = 0.95;
  private static final int ALL_PERCENT = 100;
  private static final String BUILT = "built anew";

  private final Workbench bench;
  private final MovingData data;
  private final Course course;
  private final Path directory;
  private final Table table =
      new Table().column("streamed", Align.RIGHT).column("index", Align.LEFT);

  /**
   * How the stream goes, and when it is looked at.
   *
   * @param percents ascending, the last 100
   * @param nprobes numbers of lists to look at
   * @param rate vectors sent a second where the index is kept in shape
   * @param listsIntervalMs the job's setting {@code maintenance.lists-interval-ms}
   * @param restSeconds how long at most, after the last vector, until the index is in shape
   */
  public record Course(
      List<Integer> percents,
      List<Integer> nprobes,
      int rate,
      long listsIntervalMs,
      int restSeconds) {}

  /**
   * @param bench with the rows of the data as its vectors
   * @param directory for indexes that are built
   */
  public Moving(Workbench bench, MovingData data, Course course, Path directory) {
    this.bench = bench;
    this.data = data;
    this.course = course;
    this.directory = directory;
    for (String heading :
        List.of(
            "lists",
            "fullest",
            "nprobe",
            "recall@10",
            "rows scanned",
            "recall at as many rows",
            "rows for 0.95")) {
      table.column(heading, Align.RIGHT);
    }
  }

  /** Streams twice, and measures. */
  public void run(PrintWriter out) throws Exception {
    SortedMap<Integer, IndexView> maintained = new TreeMap<>();
    SortedMap<Integer, IndexView> neglected = new TreeMap<>();
    bench.say("streaming, with maintenance");
    Rested rested = stream("maintained", true, maintained);
    bench.say("streaming, without maintenance");
    stream("neglected", false, neglected);
    for (int percent : course.percents()) {
      ViewRecall recall = recallOf(percent);
      compare(percent, percent + "%", recall, maintained.get(percent), neglected.get(percent));
      if (percent == ALL_PERCENT) {
        compare(percent, "at rest", recall, rested.view, neglected.get(percent));
      }
    }
    print(rested, out);
  }

  private int rows(int percent) {
    return (int) ((long) data.rows().count() * percent / ALL_PERCENT);
  }

  private ViewRecall recallOf(int percent) {
    bench.say("%d%%: searching exactly".formatted(percent));
    return data.recallOf(rows(percent));
  }

  private void compare(
      int percent, String when, ViewRecall recall, IndexView maintained, IndexView neglected)
      throws IOException {
    int lists = maintained.model().listCount();
    bench.say("%s: building an index of %,d lists anew".formatted(when, lists));
    Path built = directory.resolve("built");
    data.build(rows(percent), lists, built);
    SortedMap<String, IndexView> views = new TreeMap<>();
    views.put("kept in shape", maintained);
    views.put("not kept in shape", neglected);
    try (Storage storage = new LocalStorage(built)) {
      views.put(BUILT, IndexReader.open(storage).view());
      measure(when, recall, views);
    }
    Cleanup.delete(built);
  }

  /**
   * The index after the stream's end.
   *
   * @param steps how often each kind of maintenance was committed
   */
  private record Rested(IndexView view, boolean inShape, SortedMap<String, Integer> steps) {}

  private Rested stream(String name, boolean maintained, SortedMap<Integer, IndexView> views)
      throws Exception {
    Path index = bench.index();
    try (Storage storage = new LocalStorage(index)) {
      Topic topic = bench.topic(name, LINGER_MS);
      IndexReader reader = IndexReader.open(storage);
      LocalFlink flink =
          bench.start(
              StreamJob::build,
              name,
              index,
              false,
              Map.of(
                  "maintenance.enabled",
                  maintained,
                  "maintenance.lists-interval-ms",
                  course.listsIntervalMs()));
      RunningJob job = new RunningJob(flink);
      int sent = 0;
      for (int percent : course.percents()) {
        int from = sent;
        int to = rows(percent);
        CompletableFuture<Void> producer =
            CompletableFuture.runAsync(
                () -> send(topic, from, to, maintained), Moving::inThreadOfItsOwn);
        job.await(
            "all rows are in the index",
            () -> {
              boolean allSent = producer.isDone();
              if (allSent) {
                // Throws what went wrong.
                producer.get();
              }
              reader.refresh();
              return allSent && reader.view().liveRowCount() == to;
            });
        sent = to;
        views.put(percent, reader.view());
        bench.say(
            "%d%%: %,d rows in %,d lists"
                .formatted(percent, to, reader.view().model().listCount()));
      }
      boolean inShape = maintained && rest(job, reader);
      Rested rested = new Rested(reader.view(), inShape, steps(storage));
      bench.end(flink);
      return rested;
    }
  }

  /** Not in Java's common pool: where that has one thread, a cluster that starts waits for it. */
  private static void inThreadOfItsOwn(Runnable task) {
    Thread thread = new Thread(task, "producer");
    thread.setDaemon(true);
    thread.start();
  }

  private void send(Topic topic, int from, int to, boolean evenly) {
    if (evenly) {
      topic.sendEvenly(data.rows(), from, to, course.rate(), row -> {});
    } else {
      for (int row = from; row < to; row++) {
        topic.send(data.rows(), row);
      }
    }
    topic.flush();
  }

  /** Waits until nothing is worth doing any longer; false if it does not come to that. */
  private boolean rest(RunningJob job, IndexReader reader) throws Exception {
    bench.say("waiting until the index is in shape");
    long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(course.restSeconds());
    boolean[] inShape = {isInShape(reader.view())};
    job.await(
        "the index is in shape",
        () -> {
          if (reader.refresh()) {
            inShape[0] = isInShape(reader.view());
          }
          return inShape[0] || System.nanoTime() > deadlineNanos;
        });
    return inShape[0];
  }

  private static boolean isInShape(IndexView view) {
    return MaintenancePlan.of(view, RULES.settings(view.snapshot(), view.liveRowCount()))
        .tasks()
        .isEmpty();
  }

  private static SortedMap<String, Integer> steps(Storage storage) throws IOException {
    SnapshotLog log = new SnapshotLog(storage);
    SortedMap<String, Integer> steps = new TreeMap<>();
    long newest = log.newestVersion();
    for (long version = 1; version <= newest; version++) {
      steps.merge(log.read(version).operation(), 1, Integer::sum);
    }
    return steps;
  }

  private void measure(String when, ViewRecall recall, SortedMap<String, IndexView> views) {
    SortedMap<String, Curve> curves = new TreeMap<>();
    for (Map.Entry<String, IndexView> index : views.entrySet()) {
      bench.say("%s: searching the index %s".formatted(when, index.getKey()));
      curves.put(index.getKey(), recall.curve(index.getValue()));
    }
    for (int nprobe : course.nprobes()) {
      SortedMap<String, Found> found = new TreeMap<>();
      views.forEach((name, view) -> found.put(name, recall.search(view, nprobe)));
      double asMany = found.get(BUILT).rowsScanned();
      for (Map.Entry<String, IndexView> index : views.entrySet()) {
        String name = index.getKey();
        Found here = found.get(name);
        table.row(
            List.of(
                when,
                name,
                Amounts.count(index.getValue().model().listCount()),
                Amounts.count(Arrays.stream(index.getValue().liveRowsByList()).max().orElse(0)),
                Integer.toString(nprobe),
                Report.number("%.4f", here.recall()),
                Report.number("%,.0f", here.rowsScanned()),
                Report.number("%.4f", curves.get(name).recallAt(asMany)),
                Report.number("%,.0f", curves.get(name).rowsAt(RECALL))));
      }
    }
  }

  private void print(Rested rested, PrintWriter out) {
    out.println();
    out.println(
        "%,d vectors, cluster by cluster, %,d sent a second, %,d queries; %s"
            .formatted(data.rows().count(), course.rate(), data.queries(), bench.description()));
    table.print(out);
    List<String> steps = new ArrayList<>();
    rested.steps.forEach((operation, count) -> steps.add(count + " " + operation));
    out.println(
        "versions of the index that was kept in shape: %s; %s"
            .formatted(
                String.join(", ", steps),
                rested.inShape
                    ? "at the end nothing was worth doing any longer"
                    : "after %,d s something was still worth doing"
                        .formatted(course.restSeconds())));
    out.flush();
  }
}
