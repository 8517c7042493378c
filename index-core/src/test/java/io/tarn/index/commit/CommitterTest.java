package io.tarn.index.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.History;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.storage.FaultyStorage;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommitterTest {
  private static final Schema SCHEMA = new Schema(IdType.INT64, 1, Metric.L2, List.of());

  @TempDir Path directory;
  private final Storage storage = new MemoryStorage();
  private final SnapshotLog log = new SnapshotLog(storage);
  private final Committer committer = new Committer(log, new ModelReassigner(storage));

  static Snapshot create(Storage storage) throws IOException {
    ModelRef model = ModelFile.write(storage, model(-1, 1));
    NewIndex index = new NewIndex("test", SCHEMA, model, null, List.of());
    return Committer.create(new SnapshotLog(storage), index);
  }

  private static Model model(float... centroids) {
    return Model.of(Metric.L2, 1, centroids, Quantizer.byDefault());
  }

  static Feature feature(long id) {
    return new Feature(FeatureId.of(id), new float[] {id}, 1, id, new Object[0]);
  }

  static SegmentRef write(Storage storage, Feature... features) throws IOException {
    Model model = ModelFile.read(storage, new SnapshotLog(storage).newest().model());
    FeatureBuffer buffer = new FeatureBuffer(storage, SCHEMA, model);
    List.of(features).forEach(buffer::add);
    return buffer.flush().orElseThrow();
  }

  static Change append(Storage storage, SegmentRef... segments) throws IOException {
    return Change.append(
        "append", new SnapshotLog(storage).newest().model().id(), List.of(segments));
  }

  static Set<Long> ids(IndexView view) {
    Set<Long> ids = new TreeSet<>();
    view.forEachLive(feature -> ids.add((Long) feature.id().toObject()));
    return ids;
  }

  @Test
  void versionsFollowOneAnother() throws IOException {
    Snapshot first = create(storage);
    Change change =
        append(storage, write(storage, feature(1), Feature.delete(FeatureId.of(9), 5, 0)));
    Snapshot second = committer.commit(change);

    assertThat(first.version()).isEqualTo(1);
    assertThat(second.version()).isEqualTo(2);
    assertThat(second.indexId()).isEqualTo(first.indexId());
    assertThat(second.commitId()).isEqualTo(change.commitId());
    assertThat(second.timestampMs()).isGreaterThanOrEqualTo(first.timestampMs());
    assertThat(log.newest()).isEqualTo(second);
    assertThat(log.read(1)).isEqualTo(first);
    SegmentRef segment = second.segments().get(0);
    assertThat(segment.sequence()).isEqualTo(2);
    assertThat(segment.rows()).isEqualTo(1);
    assertThat(segment.deletes()).isEqualTo(1);
    assertThat(segment.minOrder()).isEqualTo(1);
    assertThat(segment.maxOrder()).isEqualTo(5);
  }

  @Test
  void anIndexIsCreatedOnce() throws IOException {
    Snapshot first = create(storage);

    assertThatThrownBy(() -> create(storage))
        .isInstanceOf(IndexExistsException.class)
        .hasMessageContaining("/memory holds an index already");
    committer.commit(append(storage, write(storage, feature(1))));
    assertThatThrownBy(() -> create(storage)).isInstanceOf(IndexExistsException.class);
    assertThat(log.read(1)).isEqualTo(first);
  }

  @Test
  void nothingIsCommittedToWhatIsNoIndex() throws IOException {
    assertThatThrownBy(() -> committer.commit(Change.append("append", "model", List.of())))
        .isInstanceOf(NotAnIndexException.class);
  }

  @Test
  void theSameChangeIsCommittedOnce() throws IOException {
    create(storage);
    Change change = append(storage, write(storage, feature(1)));
    Snapshot committed = committer.commit(change);

    assertThat(committer.commit(change)).isEqualTo(committed);
    Snapshot other = committer.commit(append(storage, write(storage, feature(2))));
    assertThat(committer.commit(change)).isEqualTo(other);
    assertThat(log.newestVersion()).isEqualTo(3);
    assertThat(other.segments()).hasSize(2);
  }

  @Test
  void positionsMoveWithTheRowsTheyBelongTo() throws IOException {
    create(storage);
    Change first = streamed(0, OffsetRange.UNKNOWN, 0, 10);
    committer.commit(first);
    Snapshot second = committer.commit(streamed(1, OffsetRange.UNKNOWN, 5, 7));
    Snapshot third = committer.commit(streamed(0, 10, 12, 20));

    assertThat(second.source("kafka:t").nextOffsets())
        .containsExactly(Map.entry(0, 10L), Map.entry(1, 7L));
    assertThat(third.source("kafka:t").nextOffsets())
        .containsExactly(Map.entry(0, 20L), Map.entry(1, 7L));
    assertThat(third.source("kafka:t").lastRecordMs()).isEqualTo(2000);
    assertThat(committer.commit(first)).isEqualTo(third);
    assertThat(committer.commit(streamed(0, 10, 10, 20))).as("replayed").isEqualTo(third);
    assertThatThrownBy(() -> committer.commit(streamed(0, 10, 15, 25)))
        .isInstanceOf(CommitConflictException.class);
    assertThat(log.newestVersion()).isEqualTo(4);
  }

  @Test
  void aSourceThatIsAnotherUnderTheSameNameIsRefusedUntilItIsRestarted() throws IOException {
    create(storage);
    committer.commit(streamed(0, OffsetRange.UNKNOWN, 0, 10));
    Snapshot named = committer.commit(of("x", streamed(0, 10, 10, 20)));
    Snapshot unnamed = committer.commit(streamed(0, 20, 20, 30));
    Change other = of("y", streamed(0, OffsetRange.UNKNOWN, 30, 40));

    assertThat(named.source("kafka:t").incarnation()).isEqualTo("x");
    assertThat(unnamed.source("kafka:t").incarnation()).isEqualTo("x");
    assertThatThrownBy(() -> committer.commit(other))
        .isInstanceOf(CommitConflictException.class)
        .hasMessageContaining("has read the kafka:t with the id x, the change is of one with the");

    Snapshot restarted = committer.restartSource("kafka:t", "y");
    assertThat(committer.restartSource("kafka:t", "y")).isEqualTo(restarted);
    assertThat(restarted.source("kafka:t").nextOffsets()).isEmpty();
    assertThat(restarted.source("kafka:t").lastRecordMs()).isEqualTo(3000);
    assertThat(restarted.segments()).isEqualTo(unnamed.segments());
    assertThatThrownBy(() -> committer.commit(of("x", streamed(0, 30, 30, 40))))
        .isInstanceOf(CommitConflictException.class);
    assertThat(committer.commit(other).source("kafka:t").nextOffsets())
        .containsExactly(Map.entry(0, 40L));
    assertThat(log.newest()).isEqualTo(log.read(6));
  }

  private static Change of(String incarnation, Change change) {
    TreeMap<String, SourceAdvance> sources = new TreeMap<>(change.sources());
    sources.replaceAll(
        (source, read) -> new SourceAdvance(read.partitions(), read.lastRecordMs(), incarnation));
    return new Change(
        change.commitId(),
        change.operation(),
        change.modelId(),
        change.added(),
        change.removed(),
        sources);
  }

  private Change streamed(int partition, long from, long first, long next) throws IOException {
    SourceAdvance advance =
        new SourceAdvance(
            new TreeMap<>(Map.of(partition, new OffsetRange(from, first, next))), next * 100);
    return new Change(
        "commit " + partition + " " + next + " " + first,
        "stream",
        log.newest().model().id(),
        List.of(write(storage, feature(next))),
        List.of(),
        new TreeMap<>(Map.of("kafka:t", advance)));
  }

  @Test
  void replacedSegmentsGoAndTheirReplacementsKeepTheirPlace() throws IOException {
    create(storage);
    for (long id = 1; id <= 3; id++) {
      committer.commit(append(storage, write(storage, feature(id))));
    }
    Snapshot before = log.newest();
    List<String> removed = before.segments().subList(0, 2).stream().map(SegmentRef::path).toList();
    SegmentRef merged = write(storage, feature(1), feature(2)).committedIn(3);
    Change merge =
        new Change(
            "merge", "merge", before.model().id(), List.of(merged), removed, new TreeMap<>());

    Snapshot after = committer.commit(merge);

    assertThat(after.segments()).extracting(SegmentRef::sequence).containsExactly(3L, 4L);
    assertThat(after.segments()).extracting(SegmentRef::path).doesNotContainAnyElementsOf(removed);
    assertThat(ids(IndexReader.open(storage).view())).containsExactly(1L, 2L, 3L);
    assertThat(committer.commit(merge)).as("once more").isEqualTo(after);
  }

  @Test
  void segmentsThatAreGoneCannotBeReplaced() throws IOException {
    create(storage);
    Snapshot base = committer.commit(append(storage, write(storage, feature(1))));
    String path = base.segments().get(0).path();
    committer.commit(replacing(path));
    Snapshot newest = log.newest();

    assertThatThrownBy(() -> committer.commit(replacing(path)))
        .isInstanceOf(CommitConflictException.class)
        .hasMessageContaining(path);
    assertThat(log.newest()).isEqualTo(newest);
  }

  private Change replacing(String path) throws IOException {
    return new Change(
        "replace " + System.nanoTime(),
        "merge",
        log.newest().model().id(),
        List.of(write(storage, feature(1))),
        List.of(path),
        new TreeMap<>());
  }

  @Test
  void rowsAssignedWithAnOlderModelAreAssignedAnew() throws IOException {
    create(storage);
    Change change =
        append(
            storage,
            write(storage, feature(0), feature(10), Feature.delete(FeatureId.of(7), 1, 1)));
    ModelRef retrained = publishModel(model(0, 4, 9));

    Snapshot committed = committer.commit(change);

    assertThat(committed.version()).isEqualTo(3);
    assertThat(committed.model()).isEqualTo(retrained);
    assertThat(committed.segments()).hasSize(1);
    assertThat(committed.segments().get(0).path()).isNotEqualTo(change.added().get(0).path());
    assertThat(committed.segments().get(0).sequence()).isEqualTo(3);
    assertThat(committed.segments().get(0).deletes()).isEqualTo(1);
    IndexView view = IndexReader.open(storage).view();
    assertThat(ids(view)).containsExactly(0L, 10L);
    assertThat(view.liveRowsByList()).containsExactly(1, 0, 1);
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    assertThat(committer.commit(change)).isEqualTo(committed);
  }

  /** As a retraining would, of an index that is still empty. */
  private ModelRef publishModel(Model model) throws IOException {
    Snapshot base = log.newest();
    ModelRef ref = ModelFile.write(storage, model);
    Snapshot next =
        new Snapshot(
            base.formatVersion(),
            base.indexId(),
            base.version() + 1,
            "retrained",
            "retrain",
            base.timestampMs(),
            base.schema(),
            ref,
            base.embedder(),
            List.of(),
            base.sources(),
            base.calibration(),
            History.none(),
            Drift.unknown());
    assertThat(log.tryPublish(next)).isTrue();
    return ref;
  }

  /** Which appends were made, and from which version on there are any, is not lost by the next. */
  @Test
  void theHistoryGoesOn() throws IOException {
    create(storage);
    Change first = append(storage, write(storage, feature(1)));
    committer.commit(first);
    committer.expire(2);
    Change second = append(storage, write(storage, feature(2)));
    Snapshot newest = committer.commit(second);

    assertThat(newest.history().holds(first.commitId())).isTrue();
    assertThat(newest.history().holds(second.commitId())).isTrue();
    assertThat(newest.history().oldestVersion()).isEqualTo(2);
  }

  @Test
  void lostRacesAreCounted() throws IOException {
    create(storage);
    committer.commit(append(storage, write(storage, feature(1))));
    assertThat(committer.retries()).isZero();

    FaultyStorage raced = new FaultyStorage(storage);
    Committer slower = new Committer(new SnapshotLog(raced), new ModelReassigner(raced));
    raced.beforePublishing(
        SnapshotLog.path(3), () -> committer.commit(append(storage, write(storage, feature(2)))));
    slower.commit(append(storage, write(storage, feature(3))));
    assertThat(slower.retries()).isEqualTo(1);
    assertThat(committer.retries()).isZero();
    assertThat(log.newestVersion()).isEqualTo(4);
  }

  @Test
  void writersInManyThreadsAllSucceed() throws Exception {
    Storage local = new LocalStorage(directory);
    create(local);
    int writers = 8;
    ExecutorService executor = Executors.newFixedThreadPool(writers);
    try {
      List<Callable<List<Long>>> tasks = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        int writer = w;
        tasks.add(() -> RacingWriters.commitMany(local, writer));
      }
      List<Long> versions = new ArrayList<>();
      for (Future<List<Long>> outcome : executor.invokeAll(tasks)) {
        assertThat(outcome.get()).isSorted();
        versions.addAll(outcome.get());
      }
      RacingWriters.assertHoldsAll(local, writers, versions);
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  void writersInTwoProcessesAllSucceed() throws Exception {
    RacingWriters.race(directory.resolve("index").toString(), Map.of());
  }
}
