package io.tarn.index.maintain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
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
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.search.TestIndexes;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.FaultyStorage;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Any sequence of commits and maintenance, one overtaking the other. Few ids, orders and positions,
 * so that nearly every version meets another of its id; small whole vectors, so that distances are
 * exact and ties are ties.
 */
class MaintenancePropertiesTest {
  private static final int DIMENSION = 2;
  private static final int IDS = 6;
  private static final int MAX_ORDER = 2;
  private static final Object[] NO_ATTRIBUTES = {};

  /** An upsert, or a delete where {@code vector} is null. */
  private record Write(int id, float[] vector, long order, int position) {}

  /**
   * @param segments into how many segments the commit divides the writes
   * @param newModel whether the writer knows the newest model, or only the first
   */
  private record Append(List<Write> writes, int segments, boolean newModel) {}

  private enum Kind {
    MERGE,
    REWRITE_SEGMENTS,
    REWRITE_LISTS,
    SPLIT,
    SPLIT_AND_MOVE,
    ADD_LISTS,
    DISSOLVE
  }

  /**
   * @param choice which segments or lists, a bit each, over and over
   * @param forgetBelow deletes of a smaller order may go
   */
  private record Upkeep(Kind kind, int choice, long forgetBelow) {}

  /**
   * @param before committed first
   * @param upkeeps made from one snapshot, and committed after {@code meanwhile}
   * @param meanwhile committed after the changes of {@code upkeeps} are made
   * @param late committed after the first of these was checked against the newest snapshot
   */
  private record Step(
      Append before, List<Upkeep> upkeeps, Optional<Append> meanwhile, Optional<Append> late) {}

  private record Scenario(Metric metric, Quantizer quantizer, List<Step> steps) {}

  @Provide
  Arbitrary<Scenario> scenarios() {
    Arbitrary<float[]> vectors =
        Arbitraries.integers()
            .between(-4, 4)
            .map(Integer::floatValue)
            .array(float[].class)
            .ofSize(DIMENSION)
            .filter(vector -> vector[0] != 0 || vector[1] != 0);
    Arbitrary<Write> writes =
        Combinators.combine(
                Arbitraries.integers().between(0, IDS - 1),
                vectors.injectNull(0.3),
                Arbitraries.longs().between(0, MAX_ORDER),
                Arbitraries.integers().between(0, 1))
            .as(Write::new);
    Arbitrary<Append> appends =
        Combinators.combine(
                writes.list().ofMinSize(1).ofMaxSize(8),
                Arbitraries.integers().between(1, 3),
                Arbitraries.of(true, false))
            .as(Append::new);
    Arbitrary<Upkeep> upkeeps =
        Combinators.combine(
                Arbitraries.of(Kind.values()),
                Arbitraries.integers().between(1, 255),
                Arbitraries.longs().between(0, MAX_ORDER + 1))
            .as(Upkeep::new);
    Arbitrary<Step> steps =
        Combinators.combine(
                appends, upkeeps.list().ofMaxSize(2), appends.optional(0.4), appends.optional(0.3))
            .as(Step::new);
    return Combinators.combine(
            Arbitraries.of(Metric.values()),
            Arbitraries.of(Quantizer.all()),
            steps.list().ofMinSize(1).ofMaxSize(7))
        .as(Scenario::new);
  }

  /** An index with what is expected of it. */
  private static final class Lake {
    private final Storage storage = new MemoryStorage();
    private final SnapshotLog log = new SnapshotLog(storage);
    private final Schema schema;
    private final ModelRef firstModel;
    private final boolean forgetting;
    private final boolean withTies;
    private final IndexReader steady;
    private final Map<FeatureId, Feature> newest = new HashMap<>();
    private long positions;

    /** Not any longer where lists were added for the rows of some segments. */
    private boolean listsAreNearest = true;

    Lake(Scenario scenario, boolean forgetting, boolean withTies) throws IOException {
      Metric metric = scenario.metric();
      this.schema = new Schema(IdType.INT64, DIMENSION, metric, List.of());
      this.forgetting = forgetting;
      this.withTies = withTies;
      float[] centroids = {1, 0, 0, 1, -1, 0};
      Model model = Model.of(metric, DIMENSION, centroids, scenario.quantizer());
      this.firstModel = ModelFile.write(storage, model);
      Committer.create(log, new NewIndex("test", schema, firstModel, null, List.of()));
      this.steady = IndexReader.open(storage);
    }

    void append(Append append) throws IOException {
      ModelRef known = append.newModel() ? log.newest().model() : firstModel;
      Model model = ModelFile.read(storage, known);
      List<SegmentRef> segments = new ArrayList<>();
      for (int s = 0; s < append.segments(); s++) {
        FeatureBuffer buffer = new FeatureBuffer(storage, schema, model);
        for (int w = s; w < append.writes().size(); w += append.segments()) {
          buffer.add(feature(append.writes().get(w)));
        }
        buffer.flush().ifPresent(segments::add);
      }
      new Committer(log, new ModelReassigner(storage))
          .commit(Change.append("append", known.id(), segments));
      // What a plain map makes of it: the later write of an equal order wins.
      for (SegmentRef ref : segments) {
        Segment segment = SegmentReader.read(storage, ref, schema);
        for (int row = 0; row < segment.rowCount(); row++) {
          Feature feature = segment.feature(row);
          Feature old = newest.get(feature.id());
          boolean sameCommit = old != null && old.position() > positions - append.writes().size();
          if (old == null
              || feature.order() > old.order()
              || (feature.order() == old.order()
                  && (!sameCommit || feature.position() > old.position()))) {
            newest.put(feature.id(), feature);
          }
        }
      }
    }

    private Feature feature(Write write) {
      FeatureId id = FeatureId.of((long) write.id());
      long position = withTies ? write.position() : ++positions;
      if (write.vector() == null) {
        return Feature.delete(id, write.order(), position);
      }
      try {
        float[] vector = VectorRules.accept(schema, write.vector());
        return new Feature(id, vector, write.order(), position, NO_ATTRIBUTES);
      } catch (RejectedFeatureException e) {
        throw new IllegalArgumentException(e);
      }
    }

    void run(Step step) throws IOException {
      append(step.before());
      List<Change> changes = new ArrayList<>();
      for (Upkeep upkeep : step.upkeeps()) {
        change(upkeep).ifPresent(changes::add);
      }
      if (step.meanwhile().isPresent()) {
        append(step.meanwhile().get());
      }
      for (int i = 0; i < changes.size(); i++) {
        commit(changes.get(i), i == 0, step.late());
      }
    }

    private Optional<Change> change(Upkeep upkeep) throws IOException {
      Snapshot snapshot = log.newest();
      long forgetBelow = forgetting ? upkeep.forgetBelow() : Maintenance.KEEP_ALL_DELETES;
      Maintenance maintenance = new Maintenance(storage, snapshot, forgetBelow);
      List<String> segments = new ArrayList<>();
      for (int i = 0; i < snapshot.segments().size(); i++) {
        if ((upkeep.choice() >> i % 8 & 1) != 0) {
          segments.add(snapshot.segments().get(i).path());
        }
      }
      int[] listIds = ModelFile.read(storage, snapshot.model()).listIds();
      List<Integer> lists = new ArrayList<>();
      for (int i = 0; i < listIds.length; i++) {
        if ((upkeep.choice() >> i % 8 & 1) != 0) {
          lists.add(listIds[i]);
        }
      }
      return switch (upkeep.kind()) {
        case MERGE -> maintenance.merge(segments);
        case REWRITE_SEGMENTS -> maintenance.rewriteSegments(segments);
        case REWRITE_LISTS -> maintenance.rewriteLists(lists);
        case SPLIT -> maintenance.split(lists, SplitSettings.intoPartsOf(2));
        case SPLIT_AND_MOVE -> maintenance.perform(splitAndMove(lists, listIds));
        case ADD_LISTS -> maintenance.perform(addLists(upkeep, snapshot, segments, listIds));
        case DISSOLVE ->
            lists.size() == listIds.length ? Optional.empty() : maintenance.dissolve(lists);
      };
    }

    private static MaintenanceTask splitAndMove(List<Integer> lists, int[] listIds) {
      List<Integer> others =
          Arrays.stream(listIds).boxed().filter(list -> !lists.contains(list)).toList();
      int half = others.size() / 2;
      return new MaintenanceTask.Split(
          lists, others.subList(half, others.size()), others.subList(0, half), 2, "");
    }

    /** For the rows of some segments, beside the lists there are, or of all, in place of some. */
    private MaintenanceTask addLists(
        Upkeep upkeep, Snapshot snapshot, List<String> segments, int[] listIds) {
      if (upkeep.choice() % 2 == 0) {
        List<String> all = snapshot.segments().stream().map(SegmentRef::path).toList();
        int first = listIds[upkeep.choice() / 2 % listIds.length];
        return new MaintenanceTask.AddLists(all, first, 0, 1, "");
      }
      listsAreNearest = false;
      return new MaintenanceTask.AddLists(segments, Integer.MAX_VALUE, 0, 1, "");
    }

    private void commit(Change change, boolean first, Optional<Append> late) throws IOException {
      long seen = log.newestVersion();
      FaultyStorage interrupted = new FaultyStorage(storage);
      if (first && late.isPresent()) {
        interrupted.beforePublishing(SnapshotLog.path(seen + 1), () -> append(late.get()));
      }
      Committer committer =
          new Committer(new SnapshotLog(interrupted), new ModelReassigner(interrupted));
      Snapshot committed;
      try {
        committed = committer.commit(change);
      } catch (CommitConflictException e) {
        assertThat(!first || forgetting).as("refused beside nothing but appends: " + e).isTrue();
        return;
      }
      IndexView before = IndexReader.openVersion(storage, committed.version() - 1);
      IndexView after = IndexReader.openVersion(storage, committed.version());
      assertThat(live(after)).as(change.operation()).isEqualTo(live(before));
      assertThat(committer.commit(change).version()).isEqualTo(committed.version());
    }

    /** Live rows, vectors and all, as text. */
    private static Map<FeatureId, String> live(IndexView view) {
      Map<FeatureId, String> live = new HashMap<>();
      view.forEachLive(f -> assertThat(live.put(f.id(), describe(f))).isNull());
      return live;
    }

    private static String describe(Feature f) {
      return f.order() + "/" + f.position() + Arrays.toString(f.vector());
    }

    void assertSound() throws Exception {
      steady.refresh();
      IndexView view = IndexReader.open(storage).view();
      Map<FeatureId, String> live = live(view);
      assertThat(live(steady.view())).isEqualTo(live);
      List<Feature> features = new ArrayList<>();
      view.forEachLive(features::add);
      for (long id = 0; id < IDS; id++) {
        FeatureId key = FeatureId.of(id);
        assertThat(view.get(key).map(Lake::describe)).isEqualTo(Optional.ofNullable(live.get(key)));
      }
      for (float[] query : new float[][] {{1, 1}, {-3, 2}}) {
        assertFindsAll(view, query, features);
      }
      if (listsAreNearest) {
        assertListsAreNearest(view);
      }
      if (!withTies && !forgetting) {
        Map<FeatureId, String> expected = new HashMap<>();
        newest.forEach((id, f) -> expected.put(id, describe(f)));
        newest.values().stream().filter(Feature::deleted).forEach(f -> expected.remove(f.id()));
        assertThat(live).isEqualTo(expected);
      }
    }

    private void assertFindsAll(IndexView view, float[] query, List<Feature> live)
        throws Exception {
      List<Hit> hits = view.search(query, IDS + 1, Probe.exact()).hits();
      List<Double> expected =
          live.stream()
              .map(f -> TestIndexes.distance(schema.metric(), query, f.vector()))
              .sorted(Comparator.naturalOrder())
              .toList();
      assertThat(hits).hasSize(live.size());
      for (int i = 0; i < hits.size(); i++) {
        assertThat((double) hits.get(i).distance()).isCloseTo(expected.get(i), within(1e-5));
      }
    }

    /** There are fewer lists than neighbours looked at, so nothing may lie elsewhere. */
    private void assertListsAreNearest(IndexView view) throws IOException {
      Assigner assigner = new Assigner(view.model());
      for (SegmentRef ref : view.snapshot().segments()) {
        Segment segment = SegmentReader.read(storage, ref, schema);
        for (int row = segment.deletes(); row < segment.rowCount(); row++) {
          Feature feature = segment.feature(row);
          String live = view.get(feature.id()).map(Lake::describe).orElse("");
          if (describe(feature).equals(live) && view.model().listCount() <= 16) {
            int nearest = view.model().listIds()[assigner.assign(feature.vector())];
            assertThat(segment.lists().listOf(row)).isEqualTo(nearest);
          }
        }
      }
    }
  }

  private static void run(Scenario scenario, boolean forgetting, boolean ties) throws Exception {
    Lake lake = new Lake(scenario, forgetting, ties);
    for (Step step : scenario.steps()) {
      lake.run(step);
      lake.assertSound();
    }
    assertThat(IndexVerifier.verify(lake.storage).problems()).isEmpty();
  }

  @Property(tries = 60)
  void liveRowsAreThoseOfAPlainMap(@ForAll("scenarios") Scenario scenario) throws Exception {
    run(scenario, false, false);
  }

  /** Of rows that are equal in all but their place, a merge must not choose anew. */
  @Property(tries = 60)
  void noWinnerChangesWherePathsDecide(@ForAll("scenarios") Scenario scenario) throws Exception {
    run(scenario, false, true);
  }

  @Property(tries = 60)
  void noWinnerChangesWhereDeletesAreForgotten(@ForAll("scenarios") Scenario scenario)
      throws Exception {
    run(scenario, true, true);
  }
}
