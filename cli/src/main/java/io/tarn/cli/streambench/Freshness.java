package io.tarn.cli.streambench;

import io.tarn.benchmark.BenchmarkException;
import io.tarn.benchmark.Vectors;
import io.tarn.cli.local.LocalFlink;
import io.tarn.cli.print.Amounts;
import io.tarn.cli.print.Table;
import io.tarn.cli.print.Table.Align;
import io.tarn.flink.StreamJob;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * How long it takes from {@code producer.send} until a search finds the row: a producer sends at an
 * even pace, a reader refreshes all the time, and after each refresh looks for the watched rows
 * that it has not found yet, each by a search for its vector.
 */
public final class Freshness {
  private static final String TOPIC = "fresh";

  /** Batches do not wait to be filled. */
  private static final int LINGER_MS = 0;

  private static final int WATCHED_PER_SECOND = 100;
  private static final int MAX_WARM_UP_SECONDS = 10;
  private static final long FIND_LIMIT_NANOS = TimeUnit.MINUTES.toNanos(2);
  private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final int K = 10;
  private static final int NPROBE = 8;

  private final Workbench bench;
  private final Queue<Sent> waiting = new ConcurrentLinkedQueue<>();
  private final List<Long> latencyNanos = new ArrayList<>();
  private final List<Long> refreshNanos = new ArrayList<>();
  private int missed;

  /** A row that is looked for, and when it was sent. */
  private record Sent(int row, long nanos) {}

  public Freshness(Workbench bench) {
    this.bench = bench;
  }

  /**
   * Measures.
   *
   * @param rate vectors a second
   * @param seconds for how long, after as many but at most {@value #MAX_WARM_UP_SECONDS} that do
   *     not count
   */
  public void run(int rate, int seconds, PrintWriter out) throws Exception {
    int warmUpRows = Math.multiplyExact(rate, Math.min(seconds, MAX_WARM_UP_SECONDS));
    int rows = Math.addExact(warmUpRows, Math.multiplyExact(rate, seconds));
    Path index = bench.index();
    try (Storage storage = new LocalStorage(index)) {
      Topic topic = bench.topic(TOPIC, LINGER_MS);
      IndexReader reader = IndexReader.open(storage);
      LocalFlink flink = bench.start(StreamJob::build, TOPIC, index, false);
      JobMetrics metrics = JobMetrics.newest();
      RunningJob job = new RunningJob(flink);
      topic.send(bench.plan().vectors(), 0);
      job.await("it has committed a first row", reader::refresh);
      bench.say("sending " + Amounts.count(rows, "vector"));
      CompletableFuture<Double> producer =
          CompletableFuture.supplyAsync(() -> send(topic, rate, rows));
      job.await("all watched rows are found", () -> allFound(reader, producer, warmUpRows));
      print(producer.get(), metrics, seconds, out);
      bench.end(flink);
    }
  }

  /** Sends rows from 1 on, evenly; the rate that came of it. */
  private double send(Topic topic, int rate, int rows) {
    int watchEvery = Math.max(1, rate / WATCHED_PER_SECOND);
    long startNanos = System.nanoTime();
    topic.sendEvenly(
        bench.plan().vectors(),
        1,
        rows + 1,
        rate,
        row -> {
          if (row % watchEvery == 0) {
            waiting.add(new Sent(row, System.nanoTime()));
          }
        });
    topic.flush();
    return rows * (double) NANOS_PER_SECOND / (System.nanoTime() - startNanos);
  }

  private boolean allFound(IndexReader reader, Future<?> producer, int warmUpRows)
      throws Exception {
    boolean allSent = producer.isDone();
    if (allSent) {
      // Throws what went wrong.
      producer.get();
    }
    long startNanos = System.nanoTime();
    if (reader.refresh()) {
      refreshNanos.add(System.nanoTime() - startNanos);
      look(reader.view(), warmUpRows);
    }
    Sent oldest = waiting.peek();
    if (oldest != null && System.nanoTime() - oldest.nanos > FIND_LIMIT_NANOS) {
      throw new BenchmarkException(
          "row " + oldest.row + " is not in the index two minutes after it was sent");
    }
    return allSent && oldest == null;
  }

  /** Searches for what has not been found yet. */
  private void look(IndexView view, int warmUpRows) throws RejectedFeatureException {
    Vectors vectors = bench.plan().vectors();
    for (Iterator<Sent> each = waiting.iterator(); each.hasNext(); ) {
      Sent sent = each.next();
      FeatureId id = FeatureId.of((long) sent.row);
      float[] vector = vectors.row(sent.row % vectors.count());
      boolean found =
          view.search(vector, K, Probe.nearest(NPROBE)).hits().stream()
              .anyMatch(hit -> hit.id().equals(id));
      long nanos = System.nanoTime() - sent.nanos;
      if (found || view.get(id).isPresent()) {
        each.remove();
        if (!found) {
          missed++;
        } else if (sent.row > warmUpRows) {
          latencyNanos.add(nanos);
        }
      }
    }
  }

  private void print(double rate, JobMetrics metrics, int seconds, PrintWriter out) {
    out.println();
    out.println(
        "%s sent a second, for %,d s; %s"
            .formatted(Amounts.count(Math.round(rate), "vector"), seconds, bench.description()));
    Table table = new Table().column("ms", Align.LEFT);
    for (String heading : List.of("p50", "p99", "longest", "of")) {
      table.column(heading, Align.RIGHT);
    }
    table.row(cells("from producer.send to an answer", millis(latencyNanos)));
    table.row(cells("commit", metrics.commitMs().getValues()));
    table.row(cells("refresh of the reader", millis(refreshNanos)));
    table.print(out);
    if (missed > 0) {
      out.println(
          Amounts.count(missed, "row")
              + " in the index not found by a search of "
              + NPROBE
              + " lists for their "
              + K
              + " nearest");
    }
    out.flush();
  }

  private static long[] millis(List<Long> nanos) {
    return nanos.stream().mapToLong(n -> Math.round(n / 1e6)).toArray();
  }

  private static List<String> cells(String title, long[] values) {
    if (values.length == 0) {
      return List.of(title, "", "", "", "0");
    }
    long[] ascending = values.clone();
    Arrays.sort(ascending);
    return List.of(
        title,
        Amounts.count(percentile(ascending, 50)),
        Amounts.count(percentile(ascending, 99)),
        Amounts.count(ascending[ascending.length - 1]),
        Amounts.count(ascending.length));
  }

  /** The least value that so many of a hundred do not exceed. */
  private static long percentile(long[] ascending, int percent) {
    int rank = (int) Math.ceil(ascending.length * percent / 100.0);
    return ascending[Math.max(1, rank) - 1];
  }
}
