package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.maintain.Maintenance;
import io.tarn.index.maintain.MaintenancePlan;
import io.tarn.index.maintain.MaintenanceTask;
import io.tarn.index.maintain.PlanSettings;
import io.tarn.index.search.IndexView;
import io.tarn.index.segment.NewestRows;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.ModelReassigner;
import io.tarn.settings.Settings;
import io.tarn.spark.neighbours.CoreIndex;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.TaskContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Lists that Spark splits, beside those that index-core by itself splits in a copy of the index.
 */
class MaintainJobTest {
  private static final int DIMENSION = 8;
  private static final int ROWS = 4800;
  private static final int LISTS = 72;
  private static final int TARGET_LIST_ROWS = 70;

  @TempDir Path directory;

  private Path index() {
    return directory.resolve("index");
  }

  /**
   * Rows in clusters, then more in between two of them, upserts and deletes among them: lists that
   * have become too large, some of them near each other.
   */
  private void create(Metric metric) throws IOException {
    Schema schema = new Schema(IdType.INT64, DIMENSION, metric, List.of());
    Random random = new Random(11);
    float[][] centres = new float[12][DIMENSION];
    for (float[] centre : centres) {
      for (int d = 0; d < DIMENSION; d++) {
        centre[d] = (float) (10 * random.nextGaussian());
      }
    }
    List<Feature> rows = new ArrayList<>();
    for (int id = 0; id < ROWS; id++) {
      rows.add(row(schema, id, 0, centres[id % centres.length], random));
    }
    CoreIndex.create(index(), schema, rows, LISTS);
    float[] between = new float[DIMENSION];
    for (int d = 0; d < DIMENSION; d++) {
      between[d] = (2 * centres[0][d] + centres[1][d]) / 3;
    }
    for (int order = 1; order <= 3; order++) {
      List<Feature> changes = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        int id = random.nextInt(2 * ROWS);
        changes.add(
            i % 10 == 0
                ? Feature.delete(FeatureId.of((long) id), order, i)
                : row(schema, id, order, between, random));
      }
      CoreIndex.append(index(), changes);
    }
  }

  private static Feature row(Schema schema, long id, long order, float[] centre, Random random) {
    float[] vector = new float[DIMENSION];
    for (int d = 0; d < DIMENSION; d++) {
      vector[d] = (float) (centre[d] + 2 * random.nextGaussian());
    }
    try {
      float[] stored = VectorRules.accept(schema, vector);
      return new Feature(FeatureId.of(id), stored, order, id, new Object[0]);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private MaintainSettings settings(String... overrides) {
    List<String> all =
        new ArrayList<>(List.of("index=" + index(), "target-list-rows=" + TARGET_LIST_ROWS));
    all.addAll(List.of(overrides));
    return Settings.load(MaintainSettings.class, Optional.empty(), all);
  }

  private UpkeepResult maintain(IndexLocation location, String... overrides) throws IOException {
    return new MaintainJob(LocalSpark.session(), settings(overrides), location).run();
  }

  private IndexLocation location() {
    return new IndexLocation(LocalSpark.session().sparkContext(), index().toString());
  }

  private Path copyOfIndex() throws IOException {
    Path copy = directory.resolve("copy");
    for (String path : IndexFiles.below(index())) {
      Files.createDirectories(copy.resolve(path).getParent());
      Files.copy(index().resolve(path), copy.resolve(path));
    }
    return copy;
  }

  /** Does by index-core alone what a plan for the lists says, a change a round. */
  private static Set<Integer> maintainByCore(Path path, int rounds) throws IOException {
    return maintainByCore(path, rounds, TARGET_LIST_ROWS);
  }

  private static Set<Integer> maintainByCore(Path path, int rounds, long targetListRows)
      throws IOException {
    Set<Integer> split = new TreeSet<>();
    try (Storage storage = new LocalStorage(path)) {
      SnapshotLog log = new SnapshotLog(storage);
      for (int round = 0; round < rounds; round++) {
        IndexView view = IndexFiles.view(path);
        Maintenance maintenance =
            new Maintenance(storage, view.snapshot(), Maintenance.KEEP_ALL_DELETES);
        Optional<Change> change = Optional.empty();
        for (MaintenanceTask task :
            MaintenancePlan.ofLists(
                    view.snapshot().version(),
                    view.model(),
                    view.liveRowsByList(),
                    PlanSettings.forLists(targetListRows))
                .tasks()) {
          change = change.isPresent() ? change : maintenance.perform(task);
          if (task instanceof MaintenanceTask.Split lists) {
            split.addAll(lists.lists());
          }
        }
        if (change.isPresent()) {
          new Committer(log, new ModelReassigner(storage)).commit(change.get());
        }
      }
    }
    return split;
  }

  /** What lists there are, and which live row lies in which. */
  private record Lists(Model model, Map<Long, Integer> ofRows, Map<Long, List<Float>> vectors) {
    static Lists of(Path path) throws IOException {
      try (Storage storage = new LocalStorage(path)) {
        Snapshot snapshot = new SnapshotLog(storage).newest();
        List<Segment> segments = new ArrayList<>();
        for (SegmentRef ref : snapshot.segments()) {
          segments.add(SegmentReader.read(storage, ref, snapshot.schema()));
        }
        NewestRows newest = new NewestRows(segments);
        Map<Long, Integer> ofRows = new TreeMap<>();
        Map<Long, List<Float>> vectors = new TreeMap<>();
        for (int s = 0; s < segments.size(); s++) {
          Segment segment = segments.get(s);
          for (int row = segment.deletes(); row < segment.rowCount(); row++) {
            if (newest.isNewest(s, row)) {
              Feature feature = segment.feature(row);
              Long id = (Long) feature.id().toObject();
              ofRows.put(id, segment.lists().listOf(row));
              vectors.put(id, floats(feature.vector()));
            }
          }
        }
        return new Lists(ModelFile.read(storage, snapshot.model()), ofRows, vectors);
      }
    }

    private static List<Float> floats(float[] vector) {
      List<Float> floats = new ArrayList<>();
      for (float value : vector) {
        floats.add(value);
      }
      return floats;
    }

    boolean has(int list) {
      return Arrays.binarySearch(model.listIds(), list) >= 0;
    }

    /** How many centroids begin with a number below this one. */
    long listsBelow(float limit) {
      return Arrays.stream(model.listIds()).filter(list -> model.centroid(list)[0] < limit).count();
    }

    void assertSameAs(Lists other) {
      assertThat(model.listIds()).isEqualTo(other.model.listIds());
      assertThat(model.centroids()).isEqualTo(other.model.centroids());
      assertThat(ofRows).isEqualTo(other.ofRows);
      assertThat(vectors).isEqualTo(other.vectors);
    }

    /** How many rows of some lists do not lie where they are nearest; compared with each list. */
    long misplaced(Set<Long> ids) {
      return ids.stream().filter(id -> ofRows.get(id) != nearest(vectors.get(id))).count();
    }

    private int nearest(List<Float> vector) {
      int best = 0;
      double least = Double.POSITIVE_INFINITY;
      for (int c = 0; c < model.listCount(); c++) {
        double distance = 0;
        for (int d = 0; d < DIMENSION; d++) {
          double difference = vector.get(d) - model.centroids()[c * DIMENSION + d];
          distance += difference * difference;
        }
        if (distance < least) {
          least = distance;
          best = model.listIds()[c];
        }
      }
      return best;
    }
  }

  private void assertSound() throws IOException {
    try (Storage storage = new LocalStorage(index())) {
      assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"L2", "COSINE"})
  void listsAroundThoseThatAreSplitMoveAsInIndexCore(Metric metric) throws Exception {
    create(metric);
    Lists before = Lists.of(index());
    Path copy = copyOfIndex();
    Set<Integer> split = maintainByCore(copy, 1);

    UpkeepResult result = maintain(location(), "rounds=1");

    Lists after = Lists.of(index());
    after.assertSameAs(Lists.of(copy));
    assertThat(after.vectors).as("live rows").isEqualTo(before.vectors);
    Set<Integer> gone = new TreeSet<>();
    for (int list : before.model.listIds()) {
      if (!after.has(list)) {
        gone.add(list);
      }
    }
    assertThat(gone).as("lists around move too").containsAll(split);
    assertThat(gone.size()).isGreaterThan(2 * split.size()).isLessThan(LISTS);
    Set<Long> moved = new TreeSet<>();
    before.ofRows.forEach(
        (id, list) -> {
          if (gone.contains(list)) {
            moved.add(id);
          }
        });
    assertThat(after.misplaced(moved)).as("of %d rows that moved", moved.size()).isZero();
    assertThat(result.steps()).anyMatch(step -> step.startsWith("split: lists with more than"));
    assertSound();
  }

  /** As many lists, and rows, in each of two regions, and then more rows in one of them alone. */
  @Test
  void listsGoWhereThereAreTooManyAsInIndexCore() throws Exception {
    Schema schema = new Schema(IdType.INT64, DIMENSION, Metric.L2, List.of());
    Random random = new Random(12);
    float[] here = new float[DIMENSION];
    float[] there = new float[DIMENSION];
    Arrays.fill(there, 1000);
    List<Feature> rows = new ArrayList<>();
    for (int id = 0; id < ROWS; id++) {
      rows.add(row(schema, id, 0, id % 2 == 0 ? here : there, random));
    }
    CoreIndex.create(index(), schema, rows, LISTS);
    rows.clear();
    for (int id = ROWS; id < 3 * ROWS; id++) {
      rows.add(row(schema, id, 0, there, random));
    }
    CoreIndex.append(index(), rows);
    Lists before = Lists.of(index());
    Path copy = copyOfIndex();
    maintainByCore(copy, 1, 2 * TARGET_LIST_ROWS);

    UpkeepResult result = maintain(location(), "rounds=1", "target-list-rows=140");

    Lists after = Lists.of(index());
    after.assertSameAs(Lists.of(copy));
    assertThat(after.vectors).as("live rows").isEqualTo(before.vectors);
    assertThat(before.listsBelow(500)).isBetween(30L, 42L);
    assertThat(after.listsBelow(500)).as("of 67 rows, 140 are meant").isBetween(12L, 24L);
    assertThat(result.steps()).anyMatch(step -> step.contains("lists among many that are small"));
    assertSound();
  }

  private void assertNothingLeftBehind(Set<String> expected) throws IOException {
    Set<String> named = new TreeSet<>(expected);
    try (Storage storage = new LocalStorage(index())) {
      new SnapshotLog(storage).newest().segments().forEach(segment -> named.add(segment.path()));
    }
    assertThat(segments()).isEqualTo(named);
    assertThat(IndexFiles.pending(index())).isEmpty();
  }

  private Set<String> segments() throws IOException {
    Set<String> segments = new TreeSet<>();
    IndexFiles.below(index().resolve("segments")).forEach(f -> segments.add("segments/" + f));
    return segments;
  }

  /** All tasks fail at some time while they write, and are repeated. */
  @ParameterizedTest
  @EnumSource(
      value = FaultyLocation.Moment.class,
      names = {"BEFORE_PUBLISH", "AFTER_PUBLISH"})
  void tasksThatFailChangeNothingAndLeaveNothing(FaultyLocation.Moment moment) throws Exception {
    create(Metric.L2);
    Path copy = copyOfIndex();
    maintainByCore(copy, 1);
    Set<String> before = segments();

    maintain(new FaultyLocation(index().toString(), moment), "rounds=1");

    Lists.of(index()).assertSameAs(Lists.of(copy));
    assertNothingLeftBehind(before);
    assertSound();
  }

  /** Something that happens to the index once, as a task of the job has just written a segment. */
  private static final class Interrupted extends IndexLocation {
    private static final AtomicBoolean PENDING = new AtomicBoolean();
    private static volatile Meanwhile meanwhile;

    interface Meanwhile {
      void run() throws IOException;
    }

    private Interrupted(String location) {
      super(LocalSpark.session().sparkContext(), location);
    }

    static Interrupted by(Meanwhile what, Path index) {
      meanwhile = what;
      PENDING.set(true);
      return new Interrupted(index.toString());
    }

    @Override
    public Storage open() throws IOException {
      return new FaultyLocation.HookedStorage(super.open(), Interrupted::happen);
    }

    private static void happen(FaultyLocation.Moment moment) throws IOException {
      if (moment == FaultyLocation.Moment.AFTER_PUBLISH
          && TaskContext.get() != null
          && PENDING.getAndSet(false)) {
        meanwhile.run();
      }
    }
  }

  @Test
  void rowsThatAreWrittenMeanwhileComeToTheirLists() throws Exception {
    create(Metric.L2);
    Map<Long, List<Float>> expected = new TreeMap<>(Lists.of(index()).vectors);
    Schema schema = new Schema(IdType.INT64, DIMENSION, Metric.L2, List.of());
    Random random = new Random(4);
    List<Feature> changes = new ArrayList<>();
    for (long id = 0; id < 500; id++) {
      if (id % 5 == 0) {
        changes.add(Feature.delete(FeatureId.of(id), 9, id));
        expected.remove(id);
      } else {
        Feature row = row(schema, id, 9, new float[DIMENSION], random);
        changes.add(row);
        expected.put(id, Lists.floats(row.vector()));
      }
    }

    UpkeepResult result =
        maintain(Interrupted.by(() -> CoreIndex.append(index(), changes), index()), "rounds=1");

    Lists after = Lists.of(index());
    assertThat(result.version()).as("behind the writer's").isEqualTo(6);
    assertThat(after.vectors).isEqualTo(expected);
    Set<Long> written = new TreeSet<>();
    changes.stream()
        .filter(change -> !change.deleted())
        .forEach(change -> written.add((Long) change.id().toObject()));
    assertThat(after.misplaced(written)).isZero();
    assertSound();
  }

  @Test
  void itBeginsAnewWhenOthersReplaceTheSegmentsMeanwhile() throws Exception {
    create(Metric.L2);
    Lists before = Lists.of(index());

    UpkeepResult result = maintain(Interrupted.by(this::mergeSegments, index()), "rounds=1");

    Lists after = Lists.of(index());
    assertThat(result.version()).as("behind the merge").isEqualTo(6);
    assertThat(after.vectors).isEqualTo(before.vectors);
    assertThat(after.model.listIds()).isNotEqualTo(before.model.listIds());
    assertSound();
  }

  private void mergeSegments() throws IOException {
    try (Storage storage = new LocalStorage(index())) {
      SnapshotLog log = new SnapshotLog(storage);
      Snapshot snapshot = log.newest();
      Change merge =
          new Maintenance(storage, snapshot, Maintenance.KEEP_ALL_DELETES)
              .merge(snapshot.segments().stream().map(SegmentRef::path).toList())
              .orElseThrow();
      new Committer(log, new ModelReassigner(storage)).commit(merge);
    }
  }
}
