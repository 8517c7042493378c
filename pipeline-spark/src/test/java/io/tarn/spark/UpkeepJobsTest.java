package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.commit.VersionExpiredException;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.format.ModelFile;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.verify.PurgeCheck;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import io.tarn.settings.Settings;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Retraining, compaction, maintenance and expiry of real files, with a real Spark. */
class UpkeepJobsTest {
  private static final int DIMENSION = 12;
  private static final int ROWS = 1500;

  @TempDir Path directory;
  private Path index;
  private Storage storage;
  private SnapshotLog log;
  private final Map<Long, float[]> expected = new TreeMap<>();
  private long order = ROWS;

  @BeforeEach
  void build() throws IOException {
    index = directory.resolve("index");
    storage = new LocalStorage(index);
    log = new SnapshotLog(storage);
    List<Row> rows = VectorRows.clustered(ROWS, DIMENSION, 3);
    rows.forEach(row -> expected.put(row.getLong(0), VectorRows.vector(row)));
    BuildJob.run(
        LocalSpark.session(),
        settings(
            BuildSettings.class,
            "input.path=unused",
            "input.order-column=ts",
            "nlist=16",
            "metric=l2"),
        VectorRows.table(rows));
  }

  @AfterEach
  void close() throws IOException {
    storage.close();
  }

  private <T extends Record> T settings(Class<T> type, String... overrides) {
    List<String> all = new ArrayList<>(List.of("index=" + index));
    all.addAll(List.of(overrides));
    return Settings.load(type, Optional.empty(), all);
  }

  /** Commits upserts and deletes as a writer does that is not a Spark job. */
  private void append(Random random, int changes) throws IOException {
    Snapshot newest = log.newest();
    Model model = ModelFile.read(storage, newest.model());
    FeatureBuffer buffer = new FeatureBuffer(storage, newest.schema(), model);
    for (int i = 0; i < changes; i++) {
      long id = random.nextInt(ROWS + ROWS / 5);
      order++;
      if (random.nextInt(3) == 0) {
        buffer.add(Feature.delete(FeatureId.of(id), order, order));
        expected.remove(id);
      } else {
        float[] vector = new float[DIMENSION];
        for (int d = 0; d < DIMENSION; d++) {
          vector[d] = (float) (10 * random.nextGaussian());
        }
        buffer.add(new Feature(FeatureId.of(id), vector, order, order, new Object[0]));
        expected.put(id, vector);
      }
    }
    Change change =
        Change.append("append", newest.model().id(), List.of(buffer.flush().orElseThrow()));
    new Committer(log, new ModelReassigner(storage)).commit(change);
  }

  private static Map<Long, List<Float>> texts(Map<Long, float[]> rows) {
    Map<Long, List<Float>> texts = new TreeMap<>();
    rows.forEach((id, vector) -> texts.put(id, list(vector)));
    return texts;
  }

  private static List<Float> list(float[] vector) {
    List<Float> values = new ArrayList<>();
    for (float value : vector) {
      values.add(value);
    }
    return values;
  }

  private static Map<Long, List<Float>> live(IndexView view) {
    Map<Long, List<Float>> live = new TreeMap<>();
    view.forEachLive(
        f -> assertThat(live.put((Long) f.id().toObject(), list(f.vector()))).isNull());
    return live;
  }

  private void assertSound() throws IOException {
    assertThat(live(IndexFiles.view(index))).isEqualTo(texts(expected));
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
  }

  private static List<List<Hit>> answers(IndexView view) throws Exception {
    Random random = new Random(5);
    List<List<Hit>> answers = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      float[] query = new float[DIMENSION];
      for (int d = 0; d < DIMENSION; d++) {
        query[d] = (float) (10 * random.nextGaussian());
      }
      answers.add(view.search(query, 20, Probe.exact()).hits());
    }
    return answers;
  }

  @Test
  void compactionKeepsAnswersAndLeavesFewerSegments() throws Exception {
    Random random = new Random(1);
    for (int i = 0; i < 9; i++) {
      append(random, 60);
    }
    IndexView before = IndexFiles.view(index);
    List<List<Hit>> answers = answers(before);
    UpkeepResult result =
        CompactJob.run(LocalSpark.session(), settings(CompactSettings.class, "max-dead-share=0.1"));
    IndexView after = IndexFiles.view(index);
    assertThat(result.version()).isEqualTo(11);
    assertThat(result.segmentsReplaced()).isEqualTo(before.snapshot().segments().size());
    assertThat(after.snapshot().segments()).hasSize(result.segmentsWritten()).hasSizeLessThan(4);
    assertThat(result.droppedRows()).isGreaterThan(100);
    assertThat(result.forgottenDeletes()).as("orders are no times").isZero();
    assertThat(answers(after)).isEqualTo(answers);
    assertThat(answers(before)).as("who has the old version").isEqualTo(answers);
    assertSound();
    UpkeepResult again =
        CompactJob.run(LocalSpark.session(), settings(CompactSettings.class, "max-dead-share=0.1"));
    assertThat(again.steps()).isEmpty();
    assertThat(again.version()).isEqualTo(11);
  }

  /** Whoever waits for a purge that never comes is told why. */
  @Test
  void aCompactionWithNothingToDoSaysWhyDeletesStay() throws Exception {
    append(new Random(10), 20);
    ChildJvm.Outcome outcome =
        ChildJvm.run(directory, "local[1]", List.of(), CompactJob.class, "--set", "index=" + index);
    assertThat(outcome.exitStatus()).as(outcome.output()).isZero();
    assertThat(log.newest().operation()).as("nothing was to be done").isEqualTo("append");
    assertThat(outcome.output())
        .contains("all deletes are remembered: the largest order is " + order)
        .contains("forget-deletes-below says which deletes can go");
  }

  /** Files, their lengths and their times. */
  private List<String> files() throws IOException {
    List<String> files = new ArrayList<>();
    for (String path : IndexFiles.below(index)) {
      Path file = index.resolve(path);
      files.add(path + " " + Files.size(file) + " " + Files.getLastModifiedTime(file));
    }
    return files;
  }

  @Test
  void aDryRunSaysWhatWouldBeDoneAndChangesNothing() throws Exception {
    Random random = new Random(2);
    for (int i = 0; i < 8; i++) {
      append(random, 50);
    }
    List<String> files = files();
    UpkeepResult compact =
        CompactJob.run(LocalSpark.session(), settings(CompactSettings.class, "dry-run=true"));
    assertThat(compact.steps()).anyMatch(step -> step.contains("of about one size"));
    assertThat(compact.segmentsReplaced()).isPositive();
    assertThat(compact.bytesRead()).isPositive();
    UpkeepResult retrain =
        RetrainJob.run(
            LocalSpark.session(), settings(RetrainSettings.class, "dry-run=true", "nlist=20"));
    assertThat(retrain.steps())
        .anyMatch(step -> step.contains("train 20 lists") && step.contains("which has 16 lists"));
    assertThat(retrain.rows() + retrain.droppedRows()).isEqualTo(ROWS + rowsAppended());
    UpkeepResult maintain =
        MaintainJob.run(
            LocalSpark.session(),
            settings(MaintainSettings.class, "dry-run=true", "target-list-rows=20"));
    assertThat(maintain.steps())
        .anyMatch(step -> step.startsWith("split: lists with more than"))
        .anyMatch(
            step ->
                step.matches(
                    "move to where their rows are: at most the \\d+ lists around those, with"
                        + " [\\d,]+ live rows"));
    ExpireResult expire =
        ExpireJob.run(
            LocalSpark.session(),
            settings(
                ExpireSettings.class,
                "dry-run=true",
                "exclusive=true",
                "keep-versions=2",
                "keep-age=0s",
                "safety-age=0s"));
    assertThat(expire.oldestVersion()).isEqualTo(8);
    assertThat(expire.versions()).isPositive();
    assertThat(files()).isEqualTo(files);
  }

  private long rowsAppended() throws IOException {
    return log.newest().segments().stream()
        .filter(segment -> segment.sequence() > 1)
        .mapToLong(segment -> segment.rows() + segment.deletes())
        .sum();
  }

  @Test
  void aRetrainWaitsToBeAskedForIfItIsToldSo() throws Exception {
    append(new Random(8), 50);
    Snapshot before = log.newest();
    String[] told = {"if-asked=true", "nlist=8"};
    assertThat(before.drift().trainedVersion()).isEqualTo(1);
    assertThat(before.drift().baselineRows()).isGreaterThanOrEqualTo(ROWS);
    assertThat(RetrainJob.run(LocalSpark.session(), settings(RetrainSettings.class, told)).steps())
        .isEmpty();
    assertThat(log.newest()).isEqualTo(before);
    long asking =
        new Committer(log, new ModelReassigner(storage))
            .askForRetrain(1, "rows have moved", List.of())
            .version();

    UpkeepResult result =
        RetrainJob.run(LocalSpark.session(), settings(RetrainSettings.class, told));

    assertThat(result.steps())
        .contains("asked for since version " + asking + ": rows have moved")
        .anyMatch(step -> step.startsWith("train 8 lists"));
    Drift after = log.newest().drift();
    assertThat(after.retrain()).isNull();
    assertThat(after.trainedVersion()).isEqualTo(result.version());
    assertThat(after.baselineRows()).isEqualTo(expected.size());
    assertSound();
  }

  /** Nothing is lost that is written meanwhile, and who reads does not notice. */
  @Test
  void retrainingGoesOnBesideWritersAndReaders() throws Exception {
    append(new Random(3), 100);
    IndexView old = IndexFiles.view(index);
    List<List<Hit>> answers = answers(old);
    int nextList = ModelFile.read(storage, log.newest().model()).nextListId();
    AtomicBoolean done = new AtomicBoolean();
    CountDownLatch begun = new CountDownLatch(2);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<Integer> writer =
          threads.submit(
              () -> {
                Random random = new Random(4);
                int commits = 0;
                while (!done.get()) {
                  append(random, 20);
                  assertThat(live(IndexFiles.view(index))).isEqualTo(texts(expected));
                  commits++;
                  begun.countDown();
                }
                return commits;
              });
      Future<Integer> reader =
          threads.submit(
              () -> {
                int searches = 0;
                begun.countDown();
                while (!done.get()) {
                  assertThat(answers(old)).isEqualTo(answers);
                  searches++;
                }
                return searches;
              });
      begun.await();
      UpkeepResult result;
      try {
        result = RetrainJob.run(LocalSpark.session(), settings(RetrainSettings.class, "nlist=24"));
      } finally {
        done.set(true);
      }
      assertThat(writer.get()).isPositive();
      assertThat(reader.get()).isPositive();
      assertThat(log.read(result.version()).operation()).isEqualTo("retrain");
    } finally {
      threads.shutdownNow();
    }
    assertSound();
    Model model = ModelFile.read(storage, log.newest().model());
    assertThat(model.listCount()).isEqualTo(24);
    assertThat(model.listIds()[0]).as("numbers are not used again").isEqualTo(nextList);
    assertThat(model.nextListId()).isEqualTo(nextList + 24);
  }

  @Test
  void retrainingMayChangeTheQuantizer() throws Exception {
    append(new Random(6), 50);
    List<List<Hit>> answers = answers(IndexFiles.view(index));
    RetrainJob.run(
        LocalSpark.session(), settings(RetrainSettings.class, "nlist=8", "quantizer=int8"));
    assertThat(log.newest().model().quantizer()).isEqualTo("int8");
    assertThat(answers(IndexFiles.view(index))).isEqualTo(answers);
    assertSound();
  }

  private long inParquet(long... ids) {
    Dataset<Row> raw =
        LocalSpark.session().read().parquet(index.resolve("segments").toString()).select("id");
    Object[] values = Arrays.stream(ids).boxed().toArray();
    return raw.filter(raw.col("id").isin(values)).count();
  }

  @Test
  void whatWasDeletedIsGoneFromEveryFile() throws Exception {
    long[] ids = {3, 700, 1499};
    Snapshot newest = log.newest();
    FeatureBuffer buffer =
        new FeatureBuffer(storage, newest.schema(), ModelFile.read(storage, newest.model()));
    for (long id : ids) {
      buffer.add(Feature.delete(FeatureId.of(id), ++order, order));
      expected.remove(id);
    }
    new Committer(log, new ModelReassigner(storage))
        .commit(
            Change.append("append", newest.model().id(), List.of(buffer.flush().orElseThrow())));
    assertThat(inParquet(ids)).isEqualTo(6);
    // An orphan that holds one of the ids, and a file that a killed writer began.
    Files.copy(
        index.resolve(log.newest().segments().get(0).path()),
        index.resolve("segments/orphan.parquet"));
    PendingFile pending = storage.create("segments/killed.parquet");
    CompactJob.run(
        LocalSpark.session(), settings(CompactSettings.class, "forget-deletes-below=" + order));
    assertThat(PurgeCheck.find(storage, FeatureId.of(3)).traces()).as("of one yet").isNotEmpty();
    CompactJob.run(
        LocalSpark.session(),
        settings(CompactSettings.class, "forget-deletes-below=" + (order + 1)));
    assertThat(PurgeCheck.find(storage, FeatureId.of(3)).traces())
        .as("old versions and the orphan are there")
        .isNotEmpty()
        .noneMatch(trace -> trace.named());
    for (FileStat file : storage.listPending("segments")) {
      Files.setLastModifiedTime(
          index.resolve(file.path()), FileTime.from(Instant.now().minusSeconds(60)));
    }
    ExpireResult result =
        ExpireJob.run(
            LocalSpark.session(),
            settings(
                ExpireSettings.class,
                "exclusive=true",
                "keep-versions=1",
                "keep-age=0s",
                "safety-age=0s"));
    assertThat(result.pending()).isEqualTo(1);
    pending.close();
    assertThat(inParquet(ids)).isZero();
    assertThat(inParquet(4)).isEqualTo(1);
    for (long id : ids) {
      assertThat(PurgeCheck.find(storage, FeatureId.of(id)).purged()).isTrue();
    }
    assertThat(PurgeCheck.find(storage, FeatureId.of(4)).purged()).isFalse();
    assertThatThrownBy(() -> IndexReader.openVersion(storage, 1))
        .isInstanceOf(VersionExpiredException.class);
    assertSound();
  }

  @Test
  void maintenanceSplitsAndDissolvesLists() throws Exception {
    append(new Random(7), 200);
    List<List<Hit>> answers = answers(IndexFiles.view(index));
    UpkeepResult result =
        MaintainJob.run(
            LocalSpark.session(), settings(MaintainSettings.class, "target-list-rows=40"));
    IndexView after = IndexFiles.view(index);
    assertThat(result.steps()).anyMatch(step -> step.startsWith("split: "));
    assertThat(after.model().listCount()).isGreaterThan(20);
    assertThat(answers(after)).isEqualTo(answers);
    assertSound();
    MaintainJob.run(
        LocalSpark.session(),
        settings(MaintainSettings.class, "target-list-rows=600", "dissolve-below=0.5"));
    assertThat(IndexFiles.view(index).model().listCount()).isLessThan(after.model().listCount());
    assertSound();
  }

  /** Operations of the driver with the index so far; at one of them the driver is killed. */
  private static final AtomicInteger OPERATIONS = new AtomicInteger();

  private static volatile int fatal;

  private static void pass() throws IOException {
    if (TaskContext.get() == null && OPERATIONS.incrementAndGet() >= fatal) {
      throw new IOException("killed");
    }
  }

  /** From a certain operation on nothing works any more, as if the driver were dead. */
  private static final class KilledDriver extends IndexLocation {
    KilledDriver(String location) {
      super(LocalSpark.session().sparkContext(), location);
    }

    @Override
    public Storage open() throws IOException {
      return TaskContext.get() == null ? new Mortal(super.open()) : super.open();
    }
  }

  private record Mortal(Storage storage) implements Storage {
    @Override
    public List<FileStat> list(String path) throws IOException {
      pass();
      return storage.list(path);
    }

    @Override
    public List<FileStat> listPending(String path) throws IOException {
      pass();
      return storage.listPending(path);
    }

    @Override
    public byte[] read(String path, long offsetBytes, int length) throws IOException {
      pass();
      return storage.read(path, offsetBytes, length);
    }

    @Override
    public PendingFile create(String path) throws IOException {
      pass();
      return storage.create(path);
    }

    @Override
    public void delete(String path) throws IOException {
      pass();
      storage.delete(path);
    }

    @Override
    public Optional<FileStat> stat(String path) throws IOException {
      pass();
      return storage.stat(path);
    }

    @Override
    public String location() {
      return storage.location();
    }
  }

  private interface Job {
    void run(IndexLocation location) throws IOException;
  }

  /** Kills the driver at some operations of a job, the last ones among them. */
  private void killAt(int strikes, Job job) throws Exception {
    IndexLocation location = new KilledDriver(index.toString());
    Path copy = directory.resolve("copy");
    copy(index, copy);
    fatal = Integer.MAX_VALUE;
    OPERATIONS.set(0);
    job.run(location);
    int operations = OPERATIONS.get();
    for (int strike = 0; strike < strikes; strike++) {
      copy(copy, index);
      fatal = operations - strike * (strike + 1) * operations / (strikes * strikes + strikes);
      OPERATIONS.set(0);
      assertThatThrownBy(() -> job.run(location)).isInstanceOf(Exception.class);
      assertSound();
      fatal = Integer.MAX_VALUE;
      job.run(location);
      assertSound();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    for (String path : IndexFiles.below(to)) {
      Files.delete(to.resolve(path));
    }
    for (String path : IndexFiles.below(from)) {
      Files.createDirectories(to.resolve(path).getParent());
      Files.copy(from.resolve(path), to.resolve(path));
    }
  }

  @Test
  void aKilledDriverLeavesAnIndexThatVerifiesAndTheNextRunCompletes() throws Exception {
    append(new Random(8), 300);
    append(new Random(9), 300);
    killAt(
        3,
        location ->
            new CompactJob(
                    LocalSpark.session(), settings(CompactSettings.class, "all=true"), location)
                .run());
    killAt(
        3,
        location ->
            new RetrainJob(
                    LocalSpark.session(), settings(RetrainSettings.class, "nlist=8"), location)
                .run());
    killAt(
        6,
        location ->
            new ExpireJob(
                    LocalSpark.session(),
                    settings(
                        ExpireSettings.class,
                        "exclusive=true",
                        "keep-versions=1",
                        "keep-age=0s",
                        "safety-age=0s"),
                    location)
                .run());
    assertThat(log.newest().operation()).isEqualTo("expire");
  }
}
