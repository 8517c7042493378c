package io.tarn.benchmark;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Searches with several engines in turn. A first pass settles the recall of every point and has the
 * code compiled; then each round times every point once, systems taking turns, every other round in
 * the opposite order, so that what drifts meanwhile meets all alike. Nothing but searches is timed.
 */
final class Race {
  /** A ladder of efforts ends with the first that finds so much. */
  private static final double ENOUGH_RECALL = 0.998;

  /** … or with the first that finds hardly more than the one before. */
  private static final double LEAST_GAIN = 0.0002;

  /** Searches before a point is timed: another engine had the caches. */
  private static final int WARM_UP_QUERIES = 100;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final Truth truth;
  private final float[][] queries;
  private final int k;
  private final int threads;
  private final List<Lane> lanes = new ArrayList<>();

  Race(DataSet data, Truth truth, int k, int threads) {
    this.truth = truth;
    this.k = k;
    this.threads = threads;
    this.queries = new float[data.queries().count()][];
    for (int q = 0; q < queries.length; q++) {
      queries[q] = data.queries().row(q);
    }
  }

  /** One engine with its points. */
  private static final class Lane {
    private final Contender contender;
    private final Engine engine;
    private final List<Timed> points = new ArrayList<>();

    Lane(Contender contender, Engine engine) {
      this.contender = contender;
      this.engine = engine;
    }
  }

  /** One point: what was found, and how long it took in each round. */
  private static final class Timed {
    private final Lane lane;
    private final int effort;
    private final double recall;
    private final List<Double> queriesPerSecond = new ArrayList<>();
    private final List<Double> cpuUs = new ArrayList<>();
    private long[] nanos = {};

    Timed(Lane lane, int effort, double recall) {
      this.lane = lane;
      this.effort = effort;
      this.recall = recall;
    }

    Point result() {
      long[] ascending = nanos.clone();
      Arrays.sort(ascending);
      return new Point(
          lane.contender.system(),
          lane.contender.settings(),
          lane.contender.effortName(),
          effort,
          recall,
          median(queriesPerSecond),
          percentile(ascending, 0.50) / 1e3,
          percentile(ascending, 0.99) / 1e3,
          median(cpuUs));
    }
  }

  /**
   * Lets an engine take part, and measures its recall.
   *
   * @param efforts ascending
   * @param all whether to take all of these efforts, or only as many as it takes to find nearly
   *     everything, or what can be found
   */
  void enter(Contender contender, Engine engine, List<Integer> efforts, boolean all) {
    Lane lane = new Lane(contender, engine);
    double before = -1;
    for (int effort : efforts) {
      double recall = recall(engine, effort);
      lane.points.add(new Timed(lane, effort, recall));
      if (!all && (recall >= ENOUGH_RECALL || recall - before < LEAST_GAIN)) {
        break;
      }
      before = recall;
    }
    lanes.add(lane);
  }

  private double recall(Engine engine, int effort) {
    double[] shares = new double[queries.length];
    Parallel.ranges(
        queries.length,
        threads,
        (from, to) -> {
          int[] rows = new int[k];
          for (int q = from; q < to; q++) {
            shares[q] = truth.recall(q, rows, engine.search(queries[q], effort, rows));
          }
        });
    return Arrays.stream(shares).sum() / shares.length;
  }

  /** Times all points; the results are in the order in which engines entered, by effort. */
  List<Point> run(int rounds, Consumer<String> progress) {
    List<Timed> turns = turns();
    for (int round = 1; round <= rounds; round++) {
      progress.accept(
          "round %d of %d: %d points, %d queries each"
              .formatted(round, rounds, turns.size(), queries.length));
      turns.forEach(this::time);
      Collections.reverse(turns);
    }
    List<Point> points = new ArrayList<>();
    for (Lane lane : lanes) {
      lane.points.forEach(timed -> points.add(timed.result()));
    }
    return points;
  }

  /** The points of all lanes, spread evenly: after a point of one lane comes one of another. */
  private List<Timed> turns() {
    record Turn(double place, Timed timed) {}
    List<Turn> turns = new ArrayList<>();
    for (Lane lane : lanes) {
      for (int i = 0; i < lane.points.size(); i++) {
        turns.add(new Turn((i + 0.5) / lane.points.size(), lane.points.get(i)));
      }
    }
    turns.sort(Comparator.comparingDouble(Turn::place));
    return new ArrayList<>(turns.stream().map(Turn::timed).toList());
  }

  private void time(Timed timed) {
    // The last queries, so that those that are timed first find cold what would be cold for others.
    int warmUp = Math.min(WARM_UP_QUERIES, queries.length);
    searchAll(timed, queries.length - warmUp, queries.length, new long[queries.length]);
    long[] nanos = new long[queries.length];
    long begunNanos = System.nanoTime();
    long cpuNanos = searchAll(timed, 0, queries.length, nanos);
    double seconds = (System.nanoTime() - begunNanos) / 1e9;
    timed.queriesPerSecond.add(queries.length / seconds);
    timed.cpuUs.add(cpuNanos / 1e3 / queries.length);
    int before = timed.nanos.length;
    timed.nanos = Arrays.copyOf(timed.nanos, before + nanos.length);
    System.arraycopy(nanos, 0, timed.nanos, before, nanos.length);
  }

  /** Searches with some of the queries; returns the processor time that took. */
  private long searchAll(Timed timed, int first, int end, long[] nanos) {
    if (threads == 1) {
      return search(timed, first, end, nanos);
    }
    AtomicLong cpuNanos = new AtomicLong();
    Parallel.ranges(
        end - first,
        threads,
        (from, to) -> cpuNanos.addAndGet(search(timed, first + from, first + to, nanos)));
    return cpuNanos.get();
  }

  private long search(Timed timed, int first, int end, long[] nanos) {
    Engine engine = timed.lane.engine;
    int effort = timed.effort;
    int[] rows = new int[k];
    long cpuBefore = THREADS.getCurrentThreadCpuTime();
    try {
      for (int q = first; q < end; q++) {
        long begunNanos = System.nanoTime();
        engine.search(queries[q], effort, rows);
        nanos[q] = System.nanoTime() - begunNanos;
      }
    } catch (IOException e) {
      throw new BenchmarkException(
          timed.lane.contender.system() + " cannot search: " + e.getMessage(), e);
    }
    return THREADS.getCurrentThreadCpuTime() - cpuBefore;
  }

  static double median(List<Double> values) {
    double[] ascending = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = ascending.length / 2;
    return ascending.length % 2 == 1
        ? ascending[middle]
        : (ascending[middle - 1] + ascending[middle]) / 2;
  }

  /** The smallest value that at least {@code share} of all values do not exceed. */
  static long percentile(long[] ascending, double share) {
    return ascending[Math.max(0, (int) Math.ceil(share * ascending.length) - 1)];
  }
}
