package io.tarn.benchmark;

import io.tarn.benchmark.CommitResult.Adding;
import io.tarn.benchmark.CommitResult.Index;
import io.tarn.benchmark.CommitResult.Times;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.format.ModelFile;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.maintain.ContinuousMaintenance;
import io.tarn.index.maintain.MaintenanceRules;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What small commits and the refreshes after them take, beside the size of the index and the number
 * of its versions: segments are written, committed and merged as the stream job does it, one thing
 * after the other, while a reader that is open refreshes after each. And what adding rows takes
 * beside building the index.
 */
public final class CommitBenchmark {
  /** The settings that the stream job has by default. */
  private static final MaintenanceRules RULES =
      new MaintenanceRules(0, 2, 0.125, 0.25, 8, 64L << 20);

  private static final int WARM_UP_COMMITS = 64;
  private static final int ADD_ROUNDS = 20;
  private static final int LOOK_UPS = 50;
  private static final int PROGRESS_COMMITS = 10_000;

  /** One row in so many is a newer version of one that the index has. */
  private static final int UPDATE_EVERY = 10;

  /** Rows are taken from the data with such steps, so that they lie in all lists. */
  private static final long STEP = 7919;

  private static final String OPERATION = "stream";
  private static final String SOURCE = "kafka:bench";

  private final CommitSettings settings;
  private final Consumer<String> progress;
  private final List<Index> indexes = new ArrayList<>();
  private final List<Adding> adding = new ArrayList<>();

  private CommitBenchmark(CommitSettings settings, Consumer<String> progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Measures.
   *
   * @param progress is told, in a line, what is being done
   */
  public static CommitResult run(CommitSettings settings, Consumer<String> progress)
      throws IOException {
    try {
      Kernels.awaitWarm();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchmarkException("interrupted while kernels were compiled", e);
    }
    CommitBenchmark benchmark = new CommitBenchmark(settings, progress);
    for (DataSource source : settings.sources()) {
      benchmark.measure(source);
    }
    return new CommitResult(
        Environment.here(),
        settings.rows(),
        settings.commits(),
        benchmark.indexes,
        benchmark.adding);
  }

  private void measure(DataSource source) throws IOException {
    DataSet data = source.load(1);
    WorkFolder work = new WorkFolder(settings.work(), data);
    TarnContender tarn = new TarnContender(settings.nlist());
    progress.accept(data.name() + ": building, or finding it built");
    int processors = Runtime.getRuntime().availableProcessors();
    WorkFolder.Ready built = work.index(tarn, data.base(), processors);
    onCopy(
        built.folder(),
        storage -> {
          progress.accept("%s: %,d commits".formatted(data.name(), settings.commits()));
          indexes.add(commits(storage, data));
        });
    onCopy(
        built.folder(),
        storage -> {
          progress.accept("%s: adding %,d rows".formatted(data.name(), settings.rows()));
          adding.add(add(storage, data, built));
        });
    if (source.equals(settings.sources().get(0))) {
      for (int versions : settings.versions()) {
        progress.accept("%s: %,d versions, or finding them".formatted(data.name(), versions));
        WorkFolder.Ready grown =
            work.index(
                tarn.key() + "-versions" + versions,
                processors,
                (folder, phases) -> grow(built.folder(), folder, versions));
        onCopy(
            grown.folder(),
            storage -> {
              progress.accept(
                  "%s, %,d versions: %,d commits"
                      .formatted(data.name(), versions, settings.commits()));
              indexes.add(commits(storage, data));
            });
      }
    }
  }

  /** What is done to an index. */
  private interface Use {
    void accept(Storage storage) throws IOException;
  }

  /** Files of an index never change, so the copy is made of links. */
  private void onCopy(Path index, Use use) throws IOException {
    Path copy = Files.createTempDirectory(settings.work(), "commits-");
    try {
      link(index, copy);
      try (Storage storage = new LocalStorage(copy)) {
        use.accept(storage);
      }
    } finally {
      WorkFolder.delete(copy);
    }
  }

  private static void link(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.createLink(target, file);
        }
      }
    }
  }

  /** Publishes versions that bring nothing but positions, as a stream of bad records does. */
  private void grow(Path index, Path folder, int versions) throws IOException {
    link(index, folder);
    try (Storage storage = new LocalStorage(folder)) {
      Partition partition = new Partition(storage);
      while (partition.version < versions) {
        partition.commit(1, List.of());
        if (partition.version % PROGRESS_COMMITS == 0) {
          progress.accept("%,d versions".formatted(partition.version));
        }
      }
    }
  }

  /** Commits what comes from one partition of a topic. */
  private static final class Partition {
    private final Committer committer;
    private final String modelId;
    private long offset;
    private long version;

    Partition(Storage storage) throws IOException {
      SnapshotLog log = new SnapshotLog(storage);
      Snapshot newest = log.newest();
      committer = new Committer(log, new ModelReassigner(storage));
      modelId = newest.model().id();
      offset = newest.source(SOURCE).nextOffsets().getOrDefault(0, 0L);
      version = newest.version();
    }

    void commit(int records, List<SegmentRef> segments) throws IOException {
      TreeMap<Integer, OffsetRange> read = new TreeMap<>();
      long from = offset == 0 ? OffsetRange.UNKNOWN : offset;
      read.put(0, new OffsetRange(from, offset, offset + records));
      TreeMap<String, SourceAdvance> sources = new TreeMap<>();
      sources.put(SOURCE, new SourceAdvance(read, offset));
      version =
          committer
              .commit(
                  new Change(
                      UUID.randomUUID().toString(),
                      OPERATION,
                      modelId,
                      segments,
                      List.of(),
                      sources))
              .version();
      offset += records;
    }
  }

  private Index commits(Storage storage, DataSet data) throws IOException {
    SnapshotLog log = new SnapshotLog(storage);
    Times finding = new Times();
    Snapshot before = log.newest();
    for (int i = 0; i < LOOK_UPS; i++) {
      long startNanos = System.nanoTime();
      before = log.newest();
      finding.since(startNanos);
    }
    long openNanos = System.nanoTime();
    IndexReader reader = IndexReader.open(storage);
    openNanos = System.nanoTime() - openNanos;
    Rows rows = new Rows(data.base());
    FeatureBuffer buffer = buffer(storage, before);
    Partition partition = new Partition(storage);
    ContinuousMaintenance maintenance =
        new ContinuousMaintenance(storage, RULES::settings, OpenOptions.defaults());
    Index index =
        new Index(
            data.name(), reader.view().liveRowCount(), before.version(), finding, openNanos / 1e9);
    for (int c = -Math.min(WARM_UP_COMMITS, settings.commits()); c < settings.commits(); c++) {
      if (c == 0) {
        index.forgetTimes();
      }
      long startNanos = System.nanoTime();
      rows.addTo(buffer, settings.rows());
      List<SegmentRef> segments = buffer.flush().stream().toList();
      index.write().since(startNanos);
      startNanos = System.nanoTime();
      partition.commit(settings.rows(), segments);
      index.commit().since(startNanos);
      refresh(reader, index.refresh());
      index.sawSegments(reader.view().snapshot().segments().size());
      startNanos = System.nanoTime();
      while (maintenance.mergeSegments().isPresent()) {
        index.merge().since(startNanos);
        refresh(reader, index.refreshAfterMerge());
        startNanos = System.nanoTime();
      }
    }
    long live = reader.view().liveRowCount();
    if (live != rows.ids()) {
      throw new BenchmarkException(
          "%s has %,d live rows after all commits, and should have %,d"
              .formatted(data.name(), live, rows.ids()));
    }
    return index;
  }

  private static void refresh(IndexReader reader, Times times) throws IOException {
    long startNanos = System.nanoTime();
    if (!reader.refresh()) {
      throw new BenchmarkException("a version that was committed is not found by a refresh");
    }
    times.since(startNanos);
  }

  private static FeatureBuffer buffer(Storage storage, Snapshot snapshot) throws IOException {
    return new FeatureBuffer(storage, snapshot.schema(), ModelFile.read(storage, snapshot.model()));
  }

  /** Adds rows with nothing open and nothing known before, as a process that does just that. */
  private Adding add(Storage storage, DataSet data, WorkFolder.Ready built) throws IOException {
    Rows rows = new Rows(data.base());
    Times times = new Times();
    Duration processorBefore = WorkFolder.processorTime();
    for (int round = 0; round < ADD_ROUNDS; round++) {
      long startNanos = System.nanoTime();
      SnapshotLog log = new SnapshotLog(storage);
      Snapshot newest = log.newest();
      FeatureBuffer buffer = buffer(storage, newest);
      rows.addTo(buffer, settings.rows());
      new Committer(log, new ModelReassigner(storage))
          .commit(Change.append("append", newest.model().id(), buffer.flush().stream().toList()));
      times.since(startNanos);
    }
    Duration processor = WorkFolder.processorTime().minus(processorBefore);
    return new Adding(
        data.name(),
        data.base().count(),
        built.reused(),
        built.cost().seconds().values().stream().mapToDouble(Double::doubleValue).sum(),
        built.cost().processorSeconds(),
        times,
        processor.toNanos() / 1e9 / ADD_ROUNDS);
  }

  /** Rows to come: vectors of the data, under new ids but for some. */
  private static final class Rows {
    private final Vectors base;
    private long next;
    private long ids;

    Rows(Vectors base) {
      this.base = base;
      this.ids = base.count();
    }

    /** How many ids there are, those that were built from included. */
    long ids() {
      return ids;
    }

    void addTo(FeatureBuffer buffer, int count) {
      for (int i = 0; i < count; i++, next++) {
        long place = next * STEP % base.count();
        long id = next % UPDATE_EVERY == 0 ? place : ids++;
        float[] vector = base.row((int) ((place + next / base.count()) % base.count()));
        buffer.add(new Feature(FeatureId.of(id), vector, 1 + next, next, new Object[0]));
      }
    }
  }
}
