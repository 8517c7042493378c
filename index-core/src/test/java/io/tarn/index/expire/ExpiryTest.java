package io.tarn.index.expire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.AsOf;
import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.NoVersionAsOfException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.commit.VersionExpiredException;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SnapshotFile;
import io.tarn.index.maintain.Maintenance;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.IndexReader;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.History;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.FaultyStorage;
import io.tarn.index.storage.FaultyStorage.Crash;
import io.tarn.index.storage.FaultyStorage.Fault;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpiryTest {
  private static final Schema SCHEMA = new Schema(IdType.INT64, 1, Metric.L2, List.of());

  /** In the past, so that what a test creates can be told from what it has dated. */
  private static final Instant NOW =
      Instant.now().minus(Duration.ofHours(3)).truncatedTo(ChronoUnit.MILLIS);

  private static final Retention A_DAY =
      new Retention(2, Duration.ofDays(1), Duration.ofHours(25), false);
  private static final Retention NOTHING = new Retention(1, Duration.ZERO, Duration.ZERO, true);

  private final MemoryStorage storage = new MemoryStorage();
  private final SnapshotLog log = new SnapshotLog(storage);

  private void create() throws IOException {
    create(storage);
  }

  private static void create(Storage storage) throws IOException {
    Model model = Model.of(Metric.L2, 1, new float[] {-1, 1}, Quantizer.byDefault());
    NewIndex index = new NewIndex("test", SCHEMA, ModelFile.write(storage, model), null, List.of());
    Committer.create(new SnapshotLog(storage), index);
  }

  private static SegmentRef write(Storage storage, long... ids) throws IOException {
    Model model = ModelFile.read(storage, new SnapshotLog(storage).newest().model());
    FeatureBuffer buffer = new FeatureBuffer(storage, SCHEMA, model);
    for (long id : ids) {
      buffer.add(new Feature(FeatureId.of(id), new float[] {id}, id, id, new Object[0]));
    }
    return buffer.flush().orElseThrow();
  }

  private static Snapshot commit(Storage storage, Change change) throws IOException {
    return new Committer(new SnapshotLog(storage), new ModelReassigner(storage)).commit(change);
  }

  private static Change appending(Storage storage, SegmentRef segment) throws IOException {
    return Change.append(
        "append", new SnapshotLog(storage).newest().model().id(), List.of(segment));
  }

  private static void append(Storage storage, long... ids) throws IOException {
    commit(storage, appending(storage, write(storage, ids)));
  }

  private static void merge(Storage storage) throws IOException {
    Snapshot newest = new SnapshotLog(storage).newest();
    List<String> paths = newest.segments().stream().map(SegmentRef::path).toList();
    commit(
        storage,
        new Maintenance(storage, newest, Maintenance.KEEP_ALL_DELETES).merge(paths).orElseThrow());
  }

  private static Set<Long> live(Storage storage) throws IOException {
    Set<Long> ids = new TreeSet<>();
    IndexReader.open(storage).view().forEachLive(f -> ids.add((Long) f.id().toObject()));
    return ids;
  }

  /** As if what was done so far had been done at a time. */
  private void date(Instant time) throws IOException {
    for (String path : storage.paths()) {
      if (path.startsWith("versions/")) {
        Snapshot snapshot = SnapshotFile.fromBytes(path, bytes(path));
        if (snapshot.timestampMs() > NOW.toEpochMilli()) {
          storage.overwrite(path, SnapshotFile.toBytes(datedAt(snapshot, time)));
          storage.date(path, time.toEpochMilli());
        }
      } else if (storage.stat(path).orElseThrow().modifiedMs() > NOW.toEpochMilli()) {
        storage.date(path, time.toEpochMilli());
      }
    }
  }

  private byte[] bytes(String path) throws IOException {
    return storage.read(path, 0, (int) storage.stat(path).orElseThrow().bytes());
  }

  private static Snapshot datedAt(Snapshot s, Instant time) {
    return new Snapshot(
        s.formatVersion(),
        s.indexId(),
        s.version(),
        s.commitId(),
        s.operation(),
        time.toEpochMilli(),
        s.schema(),
        s.model(),
        s.embedder(),
        s.segments(),
        s.sources(),
        s.calibration(),
        s.history(),
        s.drift());
  }

  private static List<String> paths(List<FileStat> files) {
    return files.stream().map(FileStat::path).toList();
  }

  @Test
  void versionsAreKeptByCountAndByAge() throws IOException {
    create();
    append(storage, 1);
    date(NOW.minus(Duration.ofDays(9)));
    append(storage, 2);
    merge(storage);
    date(NOW.minus(Duration.ofDays(3)));
    append(storage, 3);
    date(NOW.minus(Duration.ofHours(2)));
    append(storage, 4);
    date(NOW.minus(Duration.ofHours(1)));

    // Version 4, the merged one, was superseded only two hours ago.
    ExpiryPlan byAge = Expiry.plan(storage, A_DAY, NOW);
    assertThat(byAge.oldestVersion()).isEqualTo(4);
    assertThat(paths(byAge.versions()))
        .containsExactly(SnapshotLog.path(1), SnapshotLog.path(2), SnapshotLog.path(3));
    assertThat(byAge.segments()).as("what was merged").hasSize(2);
    assertThat(byAge.models()).isEmpty();
    Retention five = new Retention(5, Duration.ofDays(1), Duration.ofHours(25), false);
    assertThat(Expiry.plan(storage, five, NOW).oldestVersion()).isEqualTo(2);
    Retention long9 = new Retention(1, Duration.ofDays(30), Duration.ofHours(25), false);
    assertThat(Expiry.plan(storage, long9, NOW).isEmpty()).isTrue();

    long newest = Expiry.perform(storage, byAge);
    assertThat(newest).isEqualTo(7);
    assertThat(log.newest().operation()).isEqualTo("expire");
    assertThat(live(storage)).containsExactly(1L, 2L, 3L, 4L);
    assertThat(IndexReader.openVersion(storage, 4).liveRowCount()).isEqualTo(2);
    assertThatThrownBy(() -> IndexReader.openVersion(storage, 3))
        .isInstanceOf(VersionExpiredException.class)
        .hasMessageContaining("version 3")
        .hasMessageContaining("open a version from 4 to 7")
        .hasMessageContaining("keep-age");
    Instant then = NOW.minus(Duration.ofDays(4));
    assertThatThrownBy(() -> log.asOf(new AsOf.Time(then)))
        .isInstanceOf(NoVersionAsOfException.class)
        .hasMessageContaining("has expired");
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
  }

  @Test
  void theNewestVersionNeverExpires() throws IOException {
    create();
    append(storage, 1);
    ExpiryPlan plan = Expiry.plan(storage, NOTHING, Instant.now().plusSeconds(1));
    assertThat(plan.oldestVersion()).isEqualTo(2);
    Expiry.perform(storage, plan);
    assertThat(live(storage)).containsExactly(1L);
    Committer committer = new Committer(log, new ModelReassigner(storage));
    assertThatThrownBy(() -> committer.expire(99)).hasMessageContaining("never expires");
  }

  @Test
  void whatOthersRelyOnIsNotAskedFor() {
    Duration day = Duration.ofDays(1);
    assertThatThrownBy(() -> new Retention(0, day, day.multipliedBy(2), false))
        .hasMessageContaining("keep-versions");
    assertThatThrownBy(() -> new Retention(1, Duration.ofMinutes(9), day.multipliedBy(2), false))
        .hasMessageContaining("10 minutes");
    assertThatThrownBy(() -> new Retention(1, day, Duration.ofHours(24), false))
        .hasMessageContaining("25 hours");
  }

  /** A version that its clock dates back is there for ten minutes all the same. */
  @Test
  void aClockThatGoesWrongTakesNothingAway() throws IOException {
    create();
    append(storage, 1);
    append(storage, 2);
    date(NOW.minus(Duration.ofDays(2)));
    append(storage, 3);
    date(NOW.minus(Duration.ofDays(2)));
    storage.date(SnapshotLog.path(4), NOW.minus(Duration.ofMinutes(3)).toEpochMilli());
    Retention retention = new Retention(1, Duration.ofHours(1), Duration.ofHours(25), false);
    assertThat(Expiry.plan(storage, retention, NOW).oldestVersion()).isEqualTo(3);
  }

  @Test
  void filesThatNobodyNamesGoWhenTheyAreOld() throws IOException {
    create();
    SegmentRef old = write(storage, 7);
    date(NOW.minus(Duration.ofDays(3)));
    SegmentRef young = write(storage, 8);
    date(NOW.minus(Duration.ofHours(24)));
    ExpiryPlan plan = Expiry.plan(storage, A_DAY, NOW);
    assertThat(paths(plan.segments())).containsExactly(old.path());
    assertThat(plan.spared()).isEqualTo(1);
    Expiry.perform(storage, plan);
    assertThat(storage.stat(young.path())).isPresent();
    assertThat(log.newestVersion()).as("nothing to announce").isEqualTo(1);
  }

  /** Who comes back with a change after days must not publish what expiry removes, or has. */
  @Test
  void anOldChangeIsRefusedRatherThanCommittedWithoutItsFiles() throws IOException {
    create();
    SegmentRef segment = write(storage, 7);
    Change change = appending(storage, segment);
    storage.date(segment.path(), System.currentTimeMillis() - Duration.ofHours(25).toMillis());
    assertThatThrownBy(() -> commit(storage, change))
        .isInstanceOf(CommitConflictException.class)
        .hasMessageContaining("more than 24 hours ago");
    storage.delete(segment.path());
    assertThatThrownBy(() -> commit(storage, change))
        .isInstanceOf(CommitConflictException.class)
        .hasMessageContaining("is gone");
    assertThat(log.newestVersion()).isEqualTo(1);
  }

  /** It was applied before: its segment has been merged away, and the merged one is not new. */
  @Test
  void anAppendIsAppliedOnceThoughItsSegmentIsGone() throws IOException {
    create();
    SegmentRef segment = write(storage, 7);
    Change change = appending(storage, segment);
    commit(storage, change);
    append(storage, 8);
    merge(storage);
    Expiry.perform(storage, Expiry.plan(storage, NOTHING, Instant.now().plusSeconds(1)));
    assertThat(storage.stat(segment.path())).isEmpty();
    long newest = log.newestVersion();
    assertThat(commit(storage, change).version()).isEqualTo(newest);
    assertThat(log.newestVersion()).isEqualTo(newest);
    assertThat(log.newest().history().appends()).hasSize(2);
  }

  @Test
  void whatKilledWritersLeftGoes(@TempDir Path directory) throws IOException {
    try (LocalStorage local = new LocalStorage(directory)) {
      create(local);
      PendingFile dead = local.create("segments/a.parquet");
      dead.write(new byte[100_000]);
      Path file = directory.resolve(local.listPending("segments").get(0).path());
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
      PendingFile atWork = local.create("segments/b.parquet");
      ExpiryPlan plan = Expiry.plan(local, A_DAY, Instant.now());
      assertThat(plan.pending()).hasSize(1);
      assertThat(plan.pending().get(0).bytes()).isGreaterThan(1);
      Expiry.perform(local, plan);
      assertThat(file).doesNotExist();
      assertThat(local.listPending("segments")).hasSize(1);
      atWork.publish();
      atWork.close();
      dead.close();
    }
  }

  /** Of a hundred thousand versions some twenty are read. */
  @Test
  void manyVersionsAreNotRead() throws IOException {
    create();
    Snapshot first = log.newest();
    int versions = 100_000;
    FileRef orphan = write(storage, 1).file();
    date(NOW.minus(Duration.ofDays(60)));
    for (long version = 1; version <= versions; version++) {
      // One each half a minute, 35 days, the last of them now; each with a segment of its own.
      Instant time = NOW.minusSeconds((versions - version) * 30);
      SegmentRef segment =
          new SegmentRef(new FileRef("segments/s" + version, 1, "x"), version, 1, 0, 1, 1);
      Snapshot snapshot =
          new Snapshot(
              first.formatVersion(),
              first.indexId(),
              version,
              "commit " + version,
              "test",
              time.toEpochMilli(),
              SCHEMA,
              first.model(),
              null,
              List.of(segment),
              first.sources(),
              List.of(),
              History.none(),
              Drift.unknown());
      storage.overwrite(SnapshotLog.path(version), SnapshotFile.toBytes(snapshot));
      storage.date(SnapshotLog.path(version), time.toEpochMilli());
      storage.overwrite(segment.path(), new byte[1]);
      storage.date(segment.path(), time.toEpochMilli());
    }
    FaultyStorage counted = new FaultyStorage(storage);
    Retention week = new Retention(10, Duration.ofDays(7), Duration.ofHours(25), false);
    ExpiryPlan plan = Expiry.plan(counted, week, NOW);
    assertThat(counted.operations()).hasSizeLessThan(120);
    long perDay = 24L * 60 * 2;
    assertThat(plan.oldestVersion()).isEqualTo(versions - 7 * perDay);
    assertThat(plan.versions()).hasSizeGreaterThan(79_000);
    assertThat(paths(plan.segments())).contains(orphan.path(), "segments/s1");
    // Between the oldest and the newest there may be versions that name what is younger than a day
    // before the oldest.
    assertThat(plan.segments()).hasSize((int) plan.oldestVersion() - 25 * 120);
    Expiry.perform(storage, plan);
    assertThat(log.newestVersion()).isEqualTo(versions + 1);
    assertThat(new SnapshotLog(storage).read(plan.oldestVersion()).segments()).hasSize(1);
  }

  private static final int MAX_LIVES = 5;

  private static MemoryStorage withGarbage() throws IOException {
    MemoryStorage storage = new MemoryStorage();
    create(storage);
    append(storage, 1);
    append(storage, 2);
    merge(storage);
    write(storage, 9);
    append(storage, 3);
    merge(storage);
    append(storage, 4);
    return storage;
  }

  /**
   * Whatever breaks, wherever: every version that is found can be read, and the next run ends it.
   */
  @Test
  void aFaultAtAnyOperationLosesNothing() throws IOException {
    Instant later = Instant.now().plusSeconds(60);
    MemoryStorage original = withGarbage();
    Retention retention = new Retention(2, Duration.ZERO, Duration.ZERO, true);
    FaultyStorage faultless = new FaultyStorage(original.copy());
    Expiry.perform(faultless, Expiry.plan(faultless, retention, later));
    List<String> operations = faultless.operations();
    int struck = 0;
    for (int n = 1; n <= operations.size(); n++) {
      String operation = operations.get(n - 1);
      if (operation.startsWith("stat versions/") && !operation.contains("/00000000000000000")) {
        continue; // One of the many questions for versions that never were.
      }
      for (Fault fault : Fault.values()) {
        if (operation.startsWith("read ")
            || (fault != Fault.FLIP_BIT_IN_READ && fault != Fault.CUT_READ_SHORT)) {
          strike(original.copy(), n, fault, operation, retention, later);
          struck++;
        }
      }
    }
    assertThat(struck).isGreaterThan(100);
  }

  private static void strike(
      MemoryStorage storage,
      int number,
      Fault fault,
      String operation,
      Retention retention,
      Instant later)
      throws IOException {
    FaultyStorage faulty = new FaultyStorage(storage).failAt(number, fault);
    String where = fault + " at operation " + number + ", " + operation;
    boolean done = false;
    for (int life = 1; !done; life++) {
      assertThat(life).as(where).isLessThanOrEqualTo(MAX_LIVES);
      try {
        Expiry.perform(faulty, Expiry.plan(faulty, retention, later));
        done = true;
      } catch (Crash | IOException e) {
        faulty.restart();
      }
      assertThat(live(storage)).as(where).containsExactly(1L, 2L, 3L, 4L);
      assertThat(IndexVerifier.verify(storage).problems()).as(where).isEmpty();
      long oldest = Math.max(1, new SnapshotLog(storage).newest().history().oldestVersion());
      for (long v = oldest; v <= new SnapshotLog(storage).newestVersion(); v++) {
        IndexReader.openVersion(storage, v);
      }
    }
    List<String> segments = new ArrayList<>(storage.paths());
    segments.removeIf(path -> !path.startsWith("segments/"));
    Set<String> named = new TreeSet<>();
    SnapshotLog log = new SnapshotLog(storage);
    for (long v = log.newest().history().oldestVersion(); v <= log.newestVersion(); v++) {
      log.read(v).segments().forEach(segment -> named.add(segment.path()));
    }
    assertThat(segments).as(where).containsExactlyInAnyOrderElementsOf(named);
  }
}
