package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.maintain.Maintenance;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a view takes over from the one before, beside what is found out from scratch. */
class LiveRowsTest {
  private static final int DIMENSION = 2;
  private static final Schema SCHEMA = new Schema(IdType.INT64, DIMENSION, Metric.L2, List.of());

  private final MemoryStorage storage = new MemoryStorage();
  private final SnapshotLog log = new SnapshotLog(storage);

  private static Feature row(long id, long order, long position) {
    return new Feature(FeatureId.of(id), new float[] {id, 1}, order, position, new Object[0]);
  }

  private void remove(List<String> paths) throws Exception {
    Snapshot newest = log.newest();
    commit(
        new Change(
            "without " + paths, "test", newest.model().id(), List.of(), paths, new TreeMap<>()));
  }

  private void merge(List<String> paths) throws Exception {
    var change = new Maintenance(storage, log.newest(), Maintenance.KEEP_ALL_DELETES).merge(paths);
    if (change.isPresent()) {
      commit(change.get());
    }
  }

  private void commit(Change change) throws Exception {
    new Committer(log, new ModelReassigner(storage)).commit(change);
  }

  private List<String> paths() throws Exception {
    return log.newest().segments().stream().map(SegmentRef::path).toList();
  }

  @Test
  void rowsOfAMergeAreNotLookedForInLargeSegments() throws Exception {
    List<Feature> many = new ArrayList<>();
    for (int id = 0; id < 1000; id++) {
      many.add(row(id, 1, id));
    }
    TestIndexes.create(storage, SCHEMA, 1, many);
    for (int c = 0; c < 3; c++) {
      TestIndexes.append(storage, List.of(row(c, 5, c), row(2000 + c, 5, c)));
    }
    IndexReader reader = IndexReader.open(storage);
    long[] before = reader.view().live().bitmaps().get(0);
    merge(paths().subList(1, 4));

    assertThat(reader.refresh()).isTrue();

    IndexView view = reader.view();
    assertThat(view.segments()).hasSize(2);
    assertThat(view.live().bitmaps().get(0)).isSameAs(before);
    assertThat(view.liveRowCount()).isEqualTo(1003);
    assertSame(view.live(), scratch(view));
  }

  /** As after an overwrite that a late row outlived. */
  @Test
  void aRowIsLiveAgainWhenWhatSupersededItIsTakenOut() throws Exception {
    TestIndexes.create(storage, SCHEMA, 1, List.of(row(1, 1, 0), row(2, 1, 1), row(3, 1, 2)));
    TestIndexes.append(storage, List.of(row(1, 2, 3)));
    TestIndexes.append(storage, List.of(Feature.delete(FeatureId.of(2), 2, 4)));
    IndexReader reader = reader(new IdDirectory(0, 0));
    assertThat(reader.view().get(FeatureId.of(2))).isEmpty();
    remove(paths().subList(1, 3));

    reader.refresh();

    assertThat(reader.view().get(FeatureId.of(1)).orElseThrow().order()).isEqualTo(1);
    assertThat(reader.view().get(FeatureId.of(2))).isPresent();
    assertThat(reader.view().liveRowCount()).isEqualTo(3);
  }

  /** The older of two such deletes was superseded, the younger is not. */
  @Test
  void aDeleteThatComesAgainIsAnotherOne() throws Exception {
    List<Feature> others = new ArrayList<>();
    for (int id = 10; id < 30; id++) {
      others.add(row(id, 1, id));
    }
    TestIndexes.create(storage, SCHEMA, 1, others);
    TestIndexes.append(storage, List.of(Feature.delete(FeatureId.of(1), 1, 0)));
    TestIndexes.append(storage, List.of(row(1, 1, 5)));
    IndexReader reader = reader(new IdDirectory(0, 0));
    assertThat(reader.view().get(FeatureId.of(1))).isPresent();
    remove(paths().subList(1, 2));
    TestIndexes.append(storage, List.of(Feature.delete(FeatureId.of(1), 1, 0)));

    reader.refresh();

    assertThat(reader.view().get(FeatureId.of(1))).isEmpty();
    assertSame(reader.view().live(), scratch(reader.view()));
  }

  /** The format forbids it; what a refresh shows is what an open would show all the same. */
  @Test
  void aTieIsDecidedByThePathsThatThereAreNow() throws Exception {
    List<Feature> others = new ArrayList<>();
    for (int id = 10; id < 30; id++) {
      others.add(row(id, 1, id));
    }
    TestIndexes.create(storage, SCHEMA, 1, others);
    Model model = ModelFile.read(storage, log.newest().model());
    List<SegmentRef> tied = List.of(write(model), write(model));
    commit(Change.append("test", log.newest().model().id(), tied));
    IndexReader reader = reader(new IdDirectory(0, 0));
    List<SegmentRef> segments =
        log.newest().segments().subList(1, 3).stream()
            .sorted(Comparator.comparing(SegmentRef::path))
            .toList();
    SegmentRef rewritten = write(model);
    while (rewritten.path().compareTo(segments.get(0).path()) > 0) {
      rewritten = write(model);
    }
    commit(
        new Change(
            "rewrite",
            "test",
            log.newest().model().id(),
            List.of(rewritten.committedIn(segments.get(1).sequence())),
            List.of(segments.get(1).path()),
            new TreeMap<>()));

    reader.refresh();

    assertThat(reader.view().segments()).hasSize(3);
    assertThat(reader.view().liveRowCount()).isEqualTo(21);
    assertSame(reader.view().live(), scratch(reader.view()));
  }

  private SegmentRef write(Model model) throws Exception {
    FeatureBuffer buffer = new FeatureBuffer(storage, SCHEMA, model);
    buffer.add(row(1, 1, 0));
    return buffer.flush().orElseThrow();
  }

  /**
   * Few ids, orders and positions, so that rows meet, and tie, all the time. Several readers start
   * from one version, and refresh as they like, with all segments in their directories of ids or
   * with some.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void whatIsTakenOverIsWhatIsFoundFromScratch(long seed) throws Exception {
    Random random = new Random(seed);
    TestIndexes.create(storage, SCHEMA, 1, List.of(row(0, 0, 0), row(1, 0, 1)));
    List<IndexReader> readers =
        List.of(reader(new IdDirectory(0, 0)), reader(new IdDirectory(4, 12)));
    for (int round = 0; round < 300; round++) {
      for (int change = random.nextInt(3); change >= 0; change--) {
        change(random);
      }
      for (int r = 0; r < readers.size(); r++) {
        IndexView before = readers.get(r).view();
        if (random.nextInt(r + 1) > 0 || !readers.get(r).refresh()) {
          continue;
        }
        IndexView view = readers.get(r).view();
        LiveRows scratch = scratch(view);
        assertSame(view.live(), scratch);
        assertSame(changed(before, view), scratch);
      }
    }
  }

  private IndexReader reader(IdDirectory directory) throws Exception {
    return IndexReader.open(storage, OpenOptions.defaults(), directory);
  }

  /** So that segments share slots, and slots go from one to another. */
  @Test
  void moreSegmentsThanSlotsAreTold() throws Exception {
    Random random = new Random(4);
    List<Feature> many = new ArrayList<>();
    for (int id = 0; id < 400; id++) {
      many.add(row(id, 0, id));
    }
    TestIndexes.create(storage, SCHEMA, 1, many);
    Map<Long, Long> newest = new HashMap<>();
    many.forEach(row -> newest.put(((FeatureId.Int64) row.id()).value(), 0L));
    IndexReader all = reader(new IdDirectory(0, 0));
    IndexReader some = reader(new IdDirectory(10, 30));
    for (long order = 1; order <= 90; order++) {
      long id = random.nextInt(500);
      newest.put(id, order);
      TestIndexes.append(storage, List.of(row(id, order, order)));
      if (order == 60) {
        merge(paths().subList(20, 30));
      }
      if (order % 7 == 0) {
        some.refresh();
      }
      all.refresh();
    }
    assertThat(all.view().segments()).hasSizeGreaterThan(IdDirectory.SLOTS + 10);
    some.refresh();
    for (IndexReader reader : List.of(all, some)) {
      assertSame(reader.view().live(), scratch(reader.view()));
      Map<Long, Long> found = new HashMap<>();
      reader
          .view()
          .forEachLive(row -> found.put(((FeatureId.Int64) row.id()).value(), row.order()));
      assertThat(found).isEqualTo(newest);
    }
  }

  private void change(Random random) throws Exception {
    List<String> some = new ArrayList<>(paths());
    some.removeIf(path -> random.nextInt(3) > 0);
    int segments = paths().size();
    switch (random.nextInt(segments > 12 ? 3 : 5)) {
      case 0 -> merge(some);
      case 1 -> remove(some.subList(0, Math.min(some.size(), segments - 1)));
      case 2 -> merge(paths());
      default -> {
        List<Feature> rows = new ArrayList<>();
        for (int i = random.nextInt(6); i >= 0; i--) {
          Feature row = row(random.nextInt(5), random.nextInt(2), random.nextInt(2));
          rows.add(
              random.nextInt(3) > 0 ? row : Feature.delete(row.id(), row.order(), row.position()));
        }
        TestIndexes.append(storage, rows);
      }
    }
  }

  /** However much has changed. */
  private static LiveRows changed(IndexView before, IndexView view) {
    List<long[]> kept = new ArrayList<>();
    List<LiveRows.Gone> gone = new ArrayList<>();
    for (int s = 0; s < before.segments().size(); s++) {
      LoadedSegment segment = before.segments().get(s);
      long[] live = before.live().bitmaps().get(s);
      boolean stays =
          view.segments().stream().anyMatch(now -> now.segment.ref().equals(segment.segment.ref()));
      if (stays) {
        kept.add(live);
      } else {
        gone.add(new LiveRows.Gone(segment, live));
      }
    }
    return LiveRows.changed(kept, gone, view.segments(), directory(view));
  }

  private static IdDirectory directory(IndexView view) {
    IdDirectory directory = new IdDirectory(0, 0);
    directory.follow(List.of(), view.segments(), 0);
    return directory;
  }

  private static LiveRows scratch(IndexView view) {
    return LiveRows.of(view.segments(), directory(view));
  }

  private static void assertSame(LiveRows live, LiveRows expected) {
    assertThat(live.count()).isEqualTo(expected.count());
    assertThat(live.bitmaps()).usingRecursiveComparison().isEqualTo(expected.bitmaps());
  }
}
