package io.tarn.benchmark;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** Builds the indexes of Tarn and its peers and searches them in turn, one data set at a time. */
public final class Benchmark {
  /** The steps of a ladder between one doubling and the next. */
  private static final double[] LADDER = {1, 1.5};

  /** The fewest rows of a list on average with which an index still makes sense. */
  private static final int MIN_ROWS_PER_LIST = 4;

  private final BenchmarkSettings settings;
  private final Consumer<String> progress;

  private Benchmark(BenchmarkSettings settings, Consumer<String> progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Measures what the settings ask for. Takes as long as it takes: minutes for each million rows.
   *
   * @param progress is told, in a line, what is being done
   * @throws BenchmarkException saying what cannot be done, or that an index answers wrongly
   * @throws IOException if files cannot be read or written
   */
  public static BenchmarkResult run(BenchmarkSettings settings, Consumer<String> progress)
      throws IOException {
    Benchmark benchmark = new Benchmark(settings, progress);
    List<Contender> peers = settings.peers().stream().map(Peer::contender).toList();
    List<DataSetResult> results = new ArrayList<>();
    for (DataSource source : settings.sources()) {
      results.add(benchmark.measure(source, peers));
    }
    return new BenchmarkResult(Environment.here(), results);
  }

  private DataSetResult measure(DataSource source, List<Contender> peers) throws IOException {
    DataSet data = source.load(settings.queries());
    int k = settings.k();
    progress.accept(
        "%s: %,d vectors of %d values, %,d queries"
            .formatted(
                data.name(), data.base().count(), data.base().dimension(), data.queries().count()));
    if (k > data.base().count()) {
      throw new BenchmarkException("k %d is more than %s has".formatted(k, data.name()));
    }
    List<Contender> contenders = new ArrayList<>();
    nlists(settings, data.base().count()).stream()
        .map(TarnContender::new)
        .forEach(
            tarn -> {
              contenders.add(tarn);
              contenders.add(tarn.stoppingEarly());
            });
    contenders.addAll(peers);
    WorkFolder work = new WorkFolder(settings.work(), data);
    boolean truthIsGiven = !data.truth().isEmpty();
    Race race = new Race(data, truth(data, work), k, settings.threads());
    List<BuiltIndex> indexes = new ArrayList<>();
    List<Engine> engines = new ArrayList<>();
    try {
      for (Contender contender : contenders) {
        indexes.add(enter(contender, data, work, race, engines));
      }
      List<Point> points = race.run(settings.rounds(), progress);
      return new DataSetResult(
          data.name(),
          data.base().count(),
          data.base().dimension(),
          data.queries().count(),
          k,
          settings.threads(),
          settings.rounds(),
          truthIsGiven,
          indexes,
          points);
    } finally {
      for (Engine engine : engines) {
        engine.close();
      }
    }
  }

  /** The numbers of lists that suit so many rows. */
  static List<Integer> nlists(BenchmarkSettings settings, int rows) {
    if (settings.nlists().isEmpty()) {
      return List.of(Integer.highestOneBit(Math.max(1, (int) Math.sqrt(2.0 * rows))));
    }
    List<Integer> fitting = new ArrayList<>();
    for (int nlist : settings.nlists()) {
      if ((long) nlist * MIN_ROWS_PER_LIST <= rows) {
        fitting.add(nlist);
      } else if (!settings.skipCrowdedLists()) {
        throw new BenchmarkException(
            "nlist %d leaves fewer than %d of %d rows to a list"
                .formatted(nlist, MIN_ROWS_PER_LIST, rows));
      }
    }
    return fitting;
  }

  private Truth truth(DataSet data, WorkFolder work) throws IOException {
    int k = settings.k();
    if (!data.truth().isEmpty()) {
      return Truth.of(data, k);
    }
    int processors = Runtime.getRuntime().availableProcessors();
    List<int[]> exact =
        work.exactAnswers(
            data.queries(),
            k,
            () -> {
              progress.accept("searching exactly, for the truth");
              return ExactSearch.nearest(data.base(), data.queries(), k, processors);
            });
    return Truth.of(new DataSet(data.name(), data.base(), data.queries(), exact), k);
  }

  private BuiltIndex enter(
      Contender contender, DataSet data, WorkFolder work, Race race, List<Engine> engines)
      throws IOException {
    String name = contender.system() + ", " + contender.settings();
    progress.accept(name + ": building, or finding it built");
    int processors = Runtime.getRuntime().availableProcessors();
    WorkFolder.Ready ready = work.index(contender, data.base(), processors);
    long heapBefore = usedHeapBytes();
    Engine engine = contender.open(data.base(), ready.folder());
    engines.add(engine);
    long heapBytes = Math.max(0, usedHeapBytes() - heapBefore);
    double rows = data.base().count();
    BuiltIndex index =
        new BuiltIndex(
            contender.system(),
            contender.settings(),
            contender.version(),
            contender.kernels(),
            ready.cost().seconds(),
            ready.cost().threads(),
            ready.bytes() / rows,
            heapBytes / rows);
    progress.accept(
        String.format(
            Locale.ROOT,
            "%s: %s in %.1f s by %d threads; measuring recall",
            name,
            ready.reused() ? "was built" : "built",
            index.totalBuildSeconds(),
            index.buildThreads()));
    List<Integer> chosen =
        contender instanceof TarnContender ? settings.nprobes() : settings.candidates();
    List<Integer> efforts =
        chosen.isEmpty()
            ? ladder(contender.leastEffort(settings.k()), contender.mostEffort(data.base().count()))
            : chosen.stream().sorted().toList();
    race.enter(contender, engine, efforts, !chosen.isEmpty());
    return index;
  }

  /** Ascending efforts from the least to the most, half as many again at each step. */
  static List<Integer> ladder(int least, int most) {
    List<Integer> efforts =
        new ArrayList<>(
            IntStream.iterate(least, effort -> effort < most, effort -> effort * 2)
                .flatMap(
                    effort -> Arrays.stream(LADDER).mapToInt(factor -> (int) (effort * factor)))
                .filter(effort -> effort < most)
                .distinct()
                .boxed()
                .toList());
    efforts.add(most);
    Collections.sort(efforts);
    return efforts;
  }

  /**
   * What is reachable: asked after collecting, more than once, since some things go in two steps.
   */
  private static long usedHeapBytes() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed();
  }
}
