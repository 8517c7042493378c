package io.tarn.index.maintain;

import static io.tarn.index.maintain.MaintainedIndex.at;
import static io.tarn.index.maintain.MaintainedIndex.delete;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.VersionExpiredException;
import io.tarn.index.expire.Expiry;
import io.tarn.index.expire.ExpiryPlan;
import io.tarn.index.expire.Retention;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.search.IndexReader;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.verify.PurgeCheck;
import io.tarn.index.verify.PurgeReport;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Any sequence of appends, deletes, compaction, retraining, splits and expiry, appends overtaking
 * what takes long, against a plain map; and every version that is kept against what it was.
 */
class UpkeepPropertiesTest {
  private static final int IDS = 8;

  /**
   * @param value null for a delete
   */
  private record Write(int id, Integer value) {}

  private enum Kind {
    COMPACT,
    COMPACT_ALL,
    RETRAIN,
    SPLIT,
    DISSOLVE,
    EXPIRE
  }

  /**
   * @param before committed first
   * @param kind what is done then
   * @param meanwhile committed before that is
   * @param choice of how many lists, or versions
   * @param keep of the deletes so far those after so many of the newest orders are remembered
   */
  private record Step(
      List<Write> before, Kind kind, Optional<List<Write>> meanwhile, int choice, int keep) {}

  @Provide
  Arbitrary<List<Step>> scenarios() {
    Arbitrary<List<Write>> writes =
        Combinators.combine(
                Arbitraries.integers().between(0, IDS - 1),
                Arbitraries.integers().between(-20, 20).injectNull(0.35))
            .as(Write::new)
            .list()
            .ofMinSize(1)
            .ofMaxSize(6);
    return Combinators.combine(
            writes,
            Arbitraries.of(Kind.values()),
            writes.optional(0.4),
            Arbitraries.integers().between(1, 4),
            Arbitraries.integers().between(0, 20))
        .as(Step::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(9);
  }

  /** An index, and what is expected of each of its versions. */
  private static final class Lake {
    private final MaintainedIndex index;
    private final Map<Long, Float> expected = new TreeMap<>();
    private final Map<Long, Map<Long, Float>> versions = new TreeMap<>();
    private long order;

    Lake() throws IOException {
      index = MaintainedIndex.of(-10, 0, 10);
      note();
    }

    private void note() throws IOException {
      versions.put(index.log.newestVersion(), new TreeMap<>(expected));
    }

    /** Orders ascend, so that the last write of an id is the newest. */
    void append(List<Write> writes) throws IOException {
      List<Feature> features = new ArrayList<>();
      for (Write write : writes) {
        order++;
        long id = write.id();
        features.add(
            write.value() == null ? delete(id, order) : at(id, write.value(), order, order));
        expected.remove(id);
        if (write.value() != null) {
          expected.put(id, write.value().floatValue());
        }
      }
      index.append(features.toArray(Feature[]::new));
      note();
    }

    void run(Step step) throws IOException {
      append(step.before());
      if (step.kind() == Kind.EXPIRE) {
        expire(step.choice());
        return;
      }
      Optional<Change> change = change(step);
      if (step.meanwhile().isPresent()) {
        append(step.meanwhile().get());
      }
      if (change.isPresent()) {
        try {
          Snapshot committed = index.commit(change.get());
          note();
          assertThat(index.commit(change.get())).as("once").isEqualTo(committed);
        } catch (CommitConflictException e) {
          assertThat(e).hasMessageContaining("rows as old as the deletes");
        }
      }
    }

    private Optional<Change> change(Step step) throws IOException {
      Snapshot snapshot = index.log.newest();
      List<SegmentFate> fates = SegmentFate.of(index.segments(), Math.max(0, order - step.keep()));
      Model model = index.model();
      List<Integer> lists = new ArrayList<>();
      for (int i = 0; i < model.listCount() && i < step.choice(); i++) {
        lists.add(model.listIds()[i]);
      }
      return switch (step.kind()) {
        case COMPACT, COMPACT_ALL -> compact(snapshot, fates, step.kind() == Kind.COMPACT_ALL);
        case RETRAIN -> retrain(snapshot, fates, step.choice());
        case SPLIT -> index.maintenance().split(lists, SplitSettings.defaults());
        case DISSOLVE ->
            lists.size() == model.listCount()
                ? Optional.empty()
                : index.maintenance().dissolve(lists);
        case EXPIRE -> throw new AssertionError();
      };
    }

    private Optional<Change> compact(Snapshot snapshot, List<SegmentFate> fates, boolean all)
        throws IOException {
      CompactionSettings settings = new CompactionSettings(0.3, 3, 1 << 20, 0, all);
      CompactionPlan plan = CompactionPlan.of(snapshot, fates, Map.of(), settings);
      return plan.isEmpty()
          ? Optional.empty()
          : Optional.of(Upkeeps.compact(index, snapshot, plan));
    }

    private Optional<Change> retrain(Snapshot snapshot, List<SegmentFate> fates, int lists)
        throws IOException {
      float[] centroids = new float[lists];
      for (int i = 0; i < lists; i++) {
        centroids[i] = 7 * i - 9;
      }
      return fates.isEmpty()
          ? Optional.empty()
          : Optional.of(Upkeeps.retrain(index, snapshot, fates, centroids));
    }

    private void expire(int keep) throws IOException {
      Retention retention = new Retention(keep, Duration.ZERO, Duration.ZERO, true);
      Instant later = Instant.now().plusSeconds(1);
      ExpiryPlan plan = Expiry.plan(index.storage, retention, later);
      Expiry.perform(index.storage, plan);
      note();
      for (long version : versions.keySet()) {
        if (version < plan.oldestVersion()) {
          assertThatThrownBy(() -> IndexReader.openVersion(index.storage, version))
              .isInstanceOf(VersionExpiredException.class)
              .hasMessageContaining("open a version from " + plan.oldestVersion());
        }
      }
      versions.keySet().removeIf(version -> version < plan.oldestVersion());
      // Expiry has made a version of its own: with one more nothing is left to be done.
      Retention onceMore = new Retention(keep + 1, Duration.ZERO, Duration.ZERO, true);
      assertThat(Expiry.plan(index.storage, onceMore, later).isEmpty()).isTrue();
    }

    void assertSound() throws IOException {
      assertThat(index.values()).isEqualTo(expected);
      for (Map.Entry<Long, Map<Long, Float>> version : versions.entrySet()) {
        Map<Long, Float> values = new TreeMap<>();
        IndexReader.openVersion(index.storage, version.getKey())
            .forEachLive(f -> values.put((Long) f.id().toObject(), f.vector()[0]));
        assertThat(values).as("version " + version.getKey()).isEqualTo(version.getValue());
      }
      assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
    }

    /**
     * Once no delete is remembered and no old version kept, of what was deleted nothing is left.
     */
    void assertPurges() throws IOException {
      Snapshot snapshot = index.log.newest();
      List<SegmentFate> fates = SegmentFate.of(index.segments(), Long.MAX_VALUE);
      CompactionPlan plan =
          CompactionPlan.of(
              snapshot, fates, Map.of(), new CompactionSettings(0, 2, 1 << 20, 0, false));
      if (!plan.isEmpty()) {
        index.commit(Upkeeps.compact(index, snapshot, plan));
      }
      expire(1);
      for (long id = 0; id < IDS; id++) {
        PurgeReport report = PurgeCheck.find(index.storage, FeatureId.of(id));
        assertThat(report.purged()).as(report.toString()).isEqualTo(!expected.containsKey(id));
      }
    }
  }

  @Property(tries = 120)
  void everyKeptVersionIsThatOfAPlainMap(@ForAll("scenarios") List<Step> steps) throws Exception {
    Lake lake = new Lake();
    for (Step step : steps) {
      lake.run(step);
      assertThat(lake.index.values()).isEqualTo(lake.expected);
    }
    lake.assertSound();
    lake.assertPurges();
    assertThat(lake.index.values()).isEqualTo(lake.expected);
  }
}
