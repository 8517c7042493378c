package io.tarn.index.evaluate;

import io.tarn.index.feature.IdType;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.search.SearchResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Measures recall, throughput and latency of one snapshot at given numbers of probed lists. The
 * truth to compare with is either given, or found by exact search.
 */
public final class RecallEvaluation {
  /** Searches before each measurement, so that what is measured has been compiled. */
  private static final int WARM_UP_QUERIES = 200;

  private final IndexView view;
  private final List<float[]> queries;
  private final int k;
  private final TrueNeighbours[] truth;

  private RecallEvaluation(IndexView view, List<float[]> queries, int k, TrueNeighbours[] truth) {
    this.view = view;
    this.queries = queries;
    this.k = k;
    this.truth = truth;
  }

  /**
   * Compares with neighbours that are known from elsewhere. A hit is right if its id is one of the
   * first k.
   *
   * @param truth for each query the ids of its nearest neighbours, the nearest first
   * @throws RejectedFeatureException if a query does not fit the index; the message has its number
   * @throws IllegalArgumentException if the truth does not fit the queries, k, or the index's ids
   */
  public static RecallEvaluation againstTruth(
      IndexView view, List<float[]> queries, int k, List<int[]> truth)
      throws RejectedFeatureException {
    check(view, queries, k);
    if (view.snapshot().schema().idType() != IdType.INT64) {
      throw new IllegalArgumentException(
          "the ground truth names features by int64 ids, and the ids of this index are "
              + view.snapshot().schema().idType().externalName()
              + ": leave it out to compare with exact search");
    }
    if (truth.size() < queries.size()) {
      throw new IllegalArgumentException(
          "the ground truth covers " + truth.size() + " of " + queries.size() + " queries");
    }
    TrueNeighbours[] neighbours = new TrueNeighbours[queries.size()];
    for (int q = 0; q < neighbours.length; q++) {
      if (truth.get(q).length < k) {
        throw new IllegalArgumentException(
            "the ground truth names "
                + truth.get(q).length
                + " neighbours of query "
                + q
                + ", fewer than k "
                + k);
      }
      neighbours[q] = TrueNeighbours.Named.of(truth.get(q), k);
    }
    return new RecallEvaluation(view, queries, k, neighbours);
  }

  /**
   * Compares with exact search in the same snapshot. A hit is right if it is no farther than the
   * k-th true neighbour: of several features at that distance, each is as good as the other.
   *
   * @param threads how many exact searches run at once
   * @param progress is told, by any of the threads, how many queries have been answered
   * @throws RejectedFeatureException if a query does not fit the index; the message has its number
   */
  public static RecallEvaluation againstExactSearch(
      IndexView view, List<float[]> queries, int k, int threads, IntConsumer progress)
      throws RejectedFeatureException, InterruptedException {
    check(view, queries, k);
    TrueNeighbours[] neighbours = new TrueNeighbours[queries.size()];
    new Run(queries.size(), threads, progress)
        .each(
            q ->
                neighbours[q] =
                    TrueNeighbours.Within.of(view.search(queries.get(q), k, Probe.exact()).hits()));
    return new RecallEvaluation(view, queries, k, neighbours);
  }

  private static void check(IndexView view, List<float[]> queries, int k)
      throws RejectedFeatureException {
    if (queries.isEmpty()) {
      throw new IllegalArgumentException("there are no queries");
    }
    if (k < 1) {
      throw new IllegalArgumentException("k " + k + " is less than 1");
    }
    for (int q = 0; q < queries.size(); q++) {
      try {
        VectorRules.accept(view.snapshot().schema(), queries.get(q));
      } catch (RejectedFeatureException e) {
        throw new RejectedFeatureException(e.reason(), "query " + q + ": " + e.getMessage());
      }
    }
  }

  /**
   * Searches with every query once, after a warm-up.
   *
   * @param nprobe how many lists each search looks at
   * @param threads how many searches run at once
   * @param progress is told, by any of the threads, how many queries have been answered
   */
  public Measurement measure(int nprobe, int threads, IntConsumer progress)
      throws InterruptedException {
    return measure(nprobe, false, threads, progress);
  }

  /**
   * The same with searches that look at about {@code nprobe} lists, as {@link Probe.Adaptive} says.
   */
  public Measurement measureAdaptive(int nprobe, int threads, IntConsumer progress)
      throws InterruptedException {
    return measure(nprobe, true, threads, progress);
  }

  private Measurement measure(int nprobe, boolean adaptive, int threads, IntConsumer progress)
      throws InterruptedException {
    Probe probe = adaptive ? Probe.adaptive(nprobe) : Probe.nearest(nprobe);
    Kernels.awaitWarm();
    new Run(Math.min(WARM_UP_QUERIES, queries.size()), threads, ignored -> {})
        .each(q -> search(q, probe));
    double[] shares = new double[queries.size()];
    int[] lists = new int[queries.size()];
    long[] nanos = new long[queries.size()];
    long startNanos = System.nanoTime();
    new Run(queries.size(), threads, progress)
        .each(
            q -> {
              long begunNanos = System.nanoTime();
              SearchResult found = search(q, probe);
              nanos[q] = System.nanoTime() - begunNanos;
              shares[q] = truth[q].share(found.hits());
              lists[q] = found.effort().listsProbed();
            });
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    Arrays.sort(nanos);
    return new Measurement(
        nprobe,
        adaptive,
        Arrays.stream(lists).average().orElseThrow(),
        Arrays.stream(shares).sum() / shares.length,
        queries.size() / seconds,
        percentile(nanos, 0.50) / 1e3,
        percentile(nanos, 0.99) / 1e3);
  }

  private SearchResult search(int query, Probe probe) throws RejectedFeatureException {
    return view.search(queries.get(query), k, probe);
  }

  /** The smallest value that at least {@code share} of all values do not exceed. */
  static long percentile(long[] ascending, double share) {
    return ascending[Math.max(0, (int) Math.ceil(share * ascending.length) - 1)];
  }

  /** Does something for each query, on several threads that share the queries as they get free. */
  private static final class Run {
    private final int count;
    private final int threads;
    private final IntConsumer progress;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();

    Run(int count, int threads, IntConsumer progress) {
      this.count = count;
      this.threads = threads;
      this.progress = progress;
    }

    interface Step {
      void accept(int query) throws RejectedFeatureException;
    }

    void each(Step step) throws InterruptedException {
      ExecutorService executor = Executors.newFixedThreadPool(threads);
      try {
        List<Future<Void>> workers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
          workers.add(executor.submit(worker(step)));
        }
        for (Future<Void> worker : workers) {
          worker.get();
        }
      } catch (ExecutionException e) {
        throw new IllegalStateException("a search failed: " + e.getCause().getMessage(), e);
      } finally {
        executor.shutdownNow();
      }
    }

    private Callable<Void> worker(Step step) {
      return () -> {
        for (int q = next.getAndIncrement(); q < count; q = next.getAndIncrement()) {
          step.accept(q);
          progress.accept(done.incrementAndGet());
        }
        return null;
      };
    }
  }
}
