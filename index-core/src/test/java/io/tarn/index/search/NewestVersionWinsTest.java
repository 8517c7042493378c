package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/**
 * Guarantee 3, against the plainest of oracles: a map from id to the version that wins. Few ids and
 * few orders, so that nearly every version meets another of its id; small whole vectors, so that
 * distances are exact and ties are ties.
 */
class NewestVersionWinsTest {
  private static final int DIMENSION = 3;
  private static final int IDS = 12;
  private static final int MAX_ORDER = 6;

  /** An upsert, or a delete where {@code vector} is null. */
  private record Write(int id, float[] vector, long order) {}

  /**
   * @param writes in the order of their source positions
   * @param segments into how many segments the commit divides them
   * @param mergeAfterwards how many of the oldest segments become one after the commit
   */
  private record Commit(
      List<Write> writes, int segments, int mergeAfterwards, boolean refreshAfterwards) {}

  /** What is live for one id, and what decides it. */
  private record Version(Feature feature, long order, int commit, long position) {
    boolean supersedes(Version other) {
      return Comparator.comparingLong(Version::order)
              .thenComparingInt(Version::commit)
              .thenComparingLong(Version::position)
              .compare(this, other)
          > 0;
    }
  }

  private record Scenario(Schema schema, List<Commit> commits) {}

  @Provide
  Arbitrary<Scenario> scenarios() {
    Arbitrary<float[]> vectors =
        Arbitraries.integers()
            .between(-2, 2)
            .map(Integer::floatValue)
            .array(float[].class)
            .ofSize(DIMENSION)
            .filter(NewestVersionWinsTest::isNotZero);
    Arbitrary<Write> writes =
        Combinators.combine(
                Arbitraries.integers().between(0, IDS - 1),
                vectors.injectNull(0.3),
                Arbitraries.longs().between(0, MAX_ORDER))
            .as(Write::new);
    Arbitrary<Commit> commits =
        Combinators.combine(
                writes.list().ofMinSize(1).ofMaxSize(12),
                Arbitraries.integers().between(1, 3),
                Arbitraries.integers().between(0, 4),
                Arbitraries.of(true, false))
            .as(Commit::new);
    Arbitrary<Schema> schemas =
        Combinators.combine(Arbitraries.of(IdType.values()), Arbitraries.of(Metric.values()))
            .as(
                (idType, metric) ->
                    new Schema(
                        idType,
                        DIMENSION,
                        metric,
                        List.of(new Attribute("origin", AttributeType.STRING))));
    return Combinators.combine(schemas, commits.list().ofMinSize(1).ofMaxSize(8)).as(Scenario::new);
  }

  private static boolean isNotZero(float[] vector) {
    for (float value : vector) {
      if (value != 0) {
        return true;
      }
    }
    return false;
  }

  @Property(tries = 150)
  void liveRowsAreThoseOfAPlainMap(@ForAll("scenarios") Scenario scenario) throws Exception {
    Storage storage = new MemoryStorage();
    create(storage, scenario.schema());
    // All segments in its directory; the other one has few, and refreshes over many versions.
    IndexReader steady = IndexReader.open(storage, OpenOptions.defaults(), new IdDirectory(0, 0));
    IndexReader rare = IndexReader.open(storage, OpenOptions.defaults(), new IdDirectory(3, 8));
    Map<FeatureId, Version> expected = new HashMap<>();
    for (int c = 0; c < scenario.commits().size(); c++) {
      Commit commit = scenario.commits().get(c);
      append(storage, scenario.schema(), commit, c);
      apply(scenario.schema(), commit, c, expected);
      merge(storage, commit.mergeAfterwards());
      if (commit.refreshAfterwards()) {
        assertThat(steady.refresh()).isTrue();
        assertShows(steady.view(), expected);
      }
      if (c % 3 == 2) {
        rare.refresh();
        assertShows(rare.view(), expected);
      }
    }
    steady.refresh();
    assertShows(steady.view(), expected);
    assertShows(IndexReader.open(storage).view(), expected);
  }

  /** A merge puts its segment before younger ones; refreshes go on from views that had it last. */
  @Test
  void refreshesGoOnAfterAMerge() throws Exception {
    Schema schema =
        new Schema(
            IdType.INT64,
            DIMENSION,
            Metric.L2,
            List.of(new Attribute("origin", AttributeType.STRING)));
    List<Commit> commits = new ArrayList<>();
    for (int c = 0; c < 6; c++) {
      List<Write> writes = List.of(new Write(c, new float[] {c, 1, 1}, 1), new Write(0, null, c));
      commits.add(new Commit(writes, 1, c == 3 ? 2 : 0, true));
    }

    liveRowsAreThoseOfAPlainMap(new Scenario(schema, commits));
  }

  /** Where no two versions of an id have the same order, the order of the commits is all one. */
  @Property(tries = 100)
  void arrivalOrderDoesNotMatter(@ForAll("scenarios") Scenario scenario, @ForAll Random shuffling)
      throws Exception {
    List<Commit> distinct = withDistinctOrders(scenario.commits());
    Map<FeatureId, Version> expected = new HashMap<>();
    for (Commit commit : distinct) {
      apply(scenario.schema(), commit, 0, expected);
    }
    List<Commit> shuffled = new ArrayList<>(distinct);
    Collections.shuffle(shuffled, shuffling);
    Storage storage = new MemoryStorage();
    create(storage, scenario.schema());
    for (Commit commit : shuffled) {
      append(storage, scenario.schema(), commit, 0);
    }

    assertShows(IndexReader.open(storage).view(), expected);
  }

  private static List<Commit> withDistinctOrders(List<Commit> commits) {
    List<Commit> distinct = new ArrayList<>();
    long next = 0;
    for (Commit commit : commits) {
      List<Write> writes = new ArrayList<>();
      for (Write write : commit.writes()) {
        writes.add(new Write(write.id(), write.vector(), write.order() * 1000 + next++));
      }
      distinct.add(new Commit(writes, commit.segments(), 0, false));
    }
    return distinct;
  }

  private static void create(Storage storage, Schema schema) throws IOException {
    float[] centroids = {1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0};
    Model model = Model.of(schema.metric(), DIMENSION, centroids, Quantizer.byDefault());
    Committer.create(
        new SnapshotLog(storage),
        new NewIndex("test", schema, ModelFile.write(storage, model), null, List.of()));
  }

  private static void append(Storage storage, Schema schema, Commit commit, int number)
      throws IOException {
    SnapshotLog log = new SnapshotLog(storage);
    Model model = ModelFile.read(storage, log.newest().model());
    List<SegmentRef> segments = new ArrayList<>();
    for (int s = 0; s < commit.segments(); s++) {
      FeatureBuffer buffer = new FeatureBuffer(storage, schema, model);
      for (int w = s; w < commit.writes().size(); w += commit.segments()) {
        buffer.add(feature(schema, commit.writes().get(w), number, w));
      }
      buffer.flush().ifPresent(segments::add);
    }
    new Committer(log, new ModelReassigner(storage))
        .commit(Change.append("test", log.newest().model().id(), segments));
  }

  /** Replaces the oldest segments by one, as docs/FORMAT.md allows it. */
  private static void merge(Storage storage, int count) throws IOException {
    SnapshotLog log = new SnapshotLog(storage);
    Snapshot snapshot = log.newest();
    if (count < 2 || snapshot.segments().size() < count) {
      return;
    }
    Schema schema = snapshot.schema();
    List<Segment> segments = new ArrayList<>();
    for (SegmentRef ref : snapshot.segments()) {
      segments.add(SegmentReader.read(storage, ref, schema));
    }
    FeatureBuffer merged =
        new FeatureBuffer(storage, schema, ModelFile.read(storage, snapshot.model()));
    long sequence = 0;
    List<String> removed = new ArrayList<>();
    for (Segment segment : segments.subList(0, count)) {
      for (int row = 0; row < segment.rowCount(); row++) {
        if (isNewest(segment, row, segments)) {
          merged.add(segment.feature(row));
        }
      }
      sequence = Math.max(sequence, segment.ref().sequence());
      removed.add(segment.ref().path());
    }
    List<SegmentRef> added = new ArrayList<>();
    Optional<SegmentRef> written = merged.flush();
    if (written.isPresent()) {
      added.add(written.get().committedIn(sequence));
    }
    new Committer(log, new ModelReassigner(storage))
        .commit(
            new Change(
                "merge " + removed,
                "merge",
                snapshot.model().id(),
                added,
                removed,
                new TreeMap<>()));
  }

  private static boolean isNewest(Segment segment, int row, List<Segment> segments) {
    for (Segment other : segments) {
      for (int otherRow = 0; otherRow < other.rowCount(); otherRow++) {
        if (other.ids().sameId(otherRow, segment.ids(), row)
            && other.supersedes(otherRow, segment, row)) {
          return false;
        }
      }
    }
    return true;
  }

  private static void apply(
      Schema schema, Commit commit, int number, Map<FeatureId, Version> live) {
    for (int w = 0; w < commit.writes().size(); w++) {
      Feature feature = feature(schema, commit.writes().get(w), number, w);
      Version version = new Version(feature, feature.order(), number, w);
      live.merge(feature.id(), version, (old, added) -> added.supersedes(old) ? added : old);
    }
  }

  private static Feature feature(Schema schema, Write write, int commit, int position) {
    FeatureId id =
        schema.idType() == IdType.INT64 ? FeatureId.of(write.id() - 5) : textId(write.id());
    if (write.vector() == null) {
      return Feature.delete(id, write.order(), position);
    }
    try {
      Object[] attributes = {write.order() == 0 ? null : commit + "/" + position};
      float[] vector = VectorRules.accept(schema, write.vector());
      return new Feature(id, vector, write.order(), position, attributes);
    } catch (RejectedFeatureException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Ids that sort differently as UTF-8 and as UTF-16. */
  private static FeatureId textId(int id) {
    return FeatureId.of((id % 2 == 0 ? "\uff5e" : "\ud83d\ude00") + id);
  }

  private static void assertShows(IndexView view, Map<FeatureId, Version> versions)
      throws Exception {
    Map<FeatureId, Feature> expected = new HashMap<>();
    versions.forEach(
        (id, version) -> {
          if (!version.feature().deleted()) {
            expected.put(id, version.feature());
          }
        });
    Map<FeatureId, Feature> found = new HashMap<>();
    view.forEachLive(feature -> assertThat(found.put(feature.id(), feature)).isNull());

    assertThat(found.keySet()).isEqualTo(expected.keySet());
    found.forEach((id, feature) -> assertSame(feature, expected.get(id)));
    assertThat(view.liveRowCount()).isEqualTo(expected.size());
    for (FeatureId id : versions.keySet()) {
      assertThat(view.get(id).isPresent()).isEqualTo(expected.containsKey(id));
      view.get(id).ifPresent(feature -> assertSame(feature, expected.get(id)));
    }
    List<Feature> live = List.copyOf(expected.values());
    for (float[] query : new float[][] {{1, 1, 0}, {-2, 1, 1}, {0, 0, 2}}) {
      assertNearest(view, query, live, 3);
      assertNearest(view, query, live, IDS + 1);
    }
  }

  private static void assertSame(Feature found, Feature expected) {
    assertThat(found.order()).isEqualTo(expected.order());
    assertThat(found.position()).isEqualTo(expected.position());
    assertThat(found.vector()).isEqualTo(expected.vector());
    assertThat(found.attributes()).isEqualTo(expected.attributes());
  }

  private static void assertNearest(IndexView view, float[] query, List<Feature> live, int k)
      throws Exception {
    Metric metric = view.snapshot().schema().metric();
    List<Hit> hits = view.search(query, k, Probe.exact()).hits();

    List<Feature> ranked = new ArrayList<>(live);
    ranked.sort(
        Comparator.comparingDouble((Feature f) -> TestIndexes.distance(metric, query, f.vector()))
            .thenComparing(Feature::id));
    assertThat(hits).hasSize(Math.min(k, live.size()));
    assertThat(view.search(query, k, Probe.nearest(1)).hits()).hasSize(hits.size());
    assertThat(hits)
        .isSortedAccordingTo(Comparator.comparingDouble(Hit::distance).thenComparing(Hit::id));
    for (int i = 0; i < hits.size(); i++) {
      double expected = TestIndexes.distance(metric, query, ranked.get(i).vector());
      assertThat((double) hits.get(i).distance()).isCloseTo(expected, within(1e-6));
      // Under cosine the stored vectors are rounded, and near ties with them.
      if (metric != Metric.COSINE) {
        assertThat(hits.get(i).id()).isEqualTo(ranked.get(i).id());
      }
    }
  }
}
