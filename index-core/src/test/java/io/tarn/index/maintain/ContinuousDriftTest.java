package io.tarn.index.maintain;

import static io.tarn.index.maintain.MaintainedIndex.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.feature.Feature;
import io.tarn.index.maintain.ContinuousMaintenance.Step;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.search.Probe;
import io.tarn.index.search.VectorTier;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.DriftSample;
import io.tarn.index.snapshot.RetrainRequest;
import io.tarn.index.snapshot.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Drift as maintenance measures it, publishes it, and judges it. */
class ContinuousDriftTest {
  private static final DriftRules RULES = new DriftRules(1.5, 2, 0.1);
  private static final PlanSettings SETTINGS = new PlanSettings(200, 2, 0, 0.9, 4, 1 << 20);
  private static final int LISTS = 10;

  private final Random random = new Random(11);
  private int order;

  private static ContinuousMaintenance of(MaintainedIndex index) {
    return new ContinuousMaintenance(
        index.storage,
        (snapshot, live) -> SETTINGS,
        OpenOptions.defaults().withTier(VectorTier.REMOTE).withMaxCacheBytes(0));
  }

  /** Lists at 0, 10, 20, … */
  private static MaintainedIndex index() throws IOException {
    float[] centroids = new float[LISTS];
    for (int list = 0; list < LISTS; list++) {
      centroids[list] = 10 * list;
    }
    return MaintainedIndex.of(centroids);
  }

  private Snapshot append(MaintainedIndex index, int count, double from, double to)
      throws IOException {
    Feature[] rows = new Feature[count];
    for (int i = 0; i < count; i++) {
      order++;
      rows[i] = at(order, (float) (from + (to - from) * random.nextDouble()), order);
    }
    return index.append(rows);
  }

  @Test
  void imbalanceIsThatOfLiveRowsAndRecallThatOfSearchesForRecentOnes() throws Exception {
    MaintainedIndex index = index();
    append(index, 200, -5, 95);
    append(index, 400, -5, 15);
    // Some die, and a few live on elsewhere.
    index.append(at(1, 50, ++order), at(2, 50, ++order), MaintainedIndex.delete(3, ++order));

    DriftSample sample = of(index).measureDrift(1000, 1).orElseThrow();

    IndexView view = index.view();
    double squares = Arrays.stream(view.liveRowsByList()).mapToDouble(n -> (double) n * n).sum();
    double live = view.liveRowCount();
    assertThat(live).isEqualTo(599);
    assertThat(sample.version()).isEqualTo(view.snapshot().version());
    assertThat(sample.imbalance()).isCloseTo(LISTS * squares / (live * live), within(1e-12));
    assertThat(sample.queries()).isEqualTo(599);
    assertThat(sample.nprobe()).isEqualTo(1);
    assertThat(sample.recall()).isCloseTo(recall(index, view), within(1e-12));
    assertThat(sample.recall()).isBetween(0.5, 0.99);
    assertThat(of(index).measureDrift(10, LISTS).orElseThrow().recall()).isEqualTo(1);
    assertThat(of(index).measureDrift(10, 0).orElseThrow().nprobe()).isEqualTo(8);
  }

  /** By distances between numbers, for each row that lives. */
  private static double recall(MaintainedIndex index, IndexView view) throws Exception {
    Map<Long, Float> values = index.values();
    double sum = 0;
    for (Map.Entry<Long, Float> row : values.entrySet()) {
      List<Float> distances = new ArrayList<>();
      for (Map.Entry<Long, Float> other : values.entrySet()) {
        if (!other.getKey().equals(row.getKey())) {
          float difference = other.getValue() - row.getValue();
          distances.add(difference * difference);
        }
      }
      distances.sort(Comparator.naturalOrder());
      int found = 0;
      int right = 0;
      for (Hit hit : view.search(new float[] {row.getValue()}, 11, Probe.nearest(1)).hits()) {
        if (!hit.id().toObject().equals(row.getKey()) && found < 10) {
          found++;
          right += hit.distance() <= distances.get(9) ? 1 : 0;
        }
      }
      sum += right / 10.0;
    }
    return sum / values.size();
  }

  @Test
  void queriesAreRecentRows() throws Exception {
    MaintainedIndex index = index();
    append(index, 20_000, -5, 45);
    append(index, 6000, 45, 75);
    append(index, 5000, 75, 95);

    List<Feature> sample = index.view().sampleNewest(10_000, 500, 1);

    assertThat(sample).hasSize(500).allMatch(row -> row.vector()[0] >= 45);
    assertThat(sample).filteredOn(row -> row.vector()[0] >= 75).hasSizeBetween(150, 300);
    assertThat(sample).extracting(Feature::id).doesNotHaveDuplicates();
    assertThat(index.view().sampleNewest(10, 9, 1)).allMatch(row -> row.vector()[0] >= 75);
  }

  @Test
  void anIndexThatIsOnlyBeingFilledIsNotMeasured() throws IOException {
    MaintainedIndex index = index();
    assertThat(of(index).measureDrift(10, 0)).isEmpty();
    append(index, 39 * LISTS - 1, -5, 95);
    assertThat(of(index).measureDrift(10, 0)).isEmpty();
    append(index, 1, -5, 95);
    assertThat(of(index).measureDrift(10, 0)).isPresent();
  }

  @Test
  void whatIsMeasuredIsPublishedWithTheNextStep() throws IOException {
    MaintainedIndex index = index();
    ContinuousMaintenance maintenance = of(index);
    List<DriftSample> samples = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      append(index, 400, -5, 95);
      samples.add(maintenance.measureDrift(50, 1).orElseThrow());
      assertThat(index.log.newest().drift().latest()).isNull();
    }
    Drift measured = maintenance.drift();

    Step merge = maintenance.mergeSegments().orElseThrow();

    Drift published = merge.snapshot().drift();
    assertThat(published).isEqualTo(measured).isEqualTo(index.log.newest().drift());
    assertThat(published.first()).isEqualTo(samples.get(0));
    assertThat(published.latest().version()).isEqualTo(samples.get(3).version());
    assertThat(maintenance.drift()).isEqualTo(published);
    assertThat(merge.snapshot().version()).as("none but appends and the merge").isEqualTo(6);
  }

  @Test
  void rowsAsBeforeAskForNothing() throws IOException {
    MaintainedIndex index = index();
    ContinuousMaintenance maintenance = of(index);
    for (int commit = 0; commit < 30; commit++) {
      append(index, 400, -5, 95);
      assertThat(step(maintenance)).isEmpty();
    }
    assertThat(maintenance.drift().errorRatio().orElseThrow()).isCloseTo(1, within(0.1));
    assertThat(maintenance.drift().latest().imbalance()).isCloseTo(1, within(0.1));
  }

  private static Optional<RetrainRequest> step(ContinuousMaintenance maintenance)
      throws IOException {
    while (maintenance.mergeSegments().isPresent()) {
      // All that are worth it.
    }
    assertThat(maintenance.measureDrift(50, 1)).isPresent();
    return maintenance.askForRetrain(RULES);
  }

  @Test
  void rowsThatMoveAwayAskForARetrainOnceAndARetrainEndsIt() throws IOException {
    MaintainedIndex index = index();
    ContinuousMaintenance maintenance = of(index);
    for (int commit = 0; commit < 5; commit++) {
      append(index, 400, -5, 95);
      assertThat(step(maintenance)).isEmpty();
    }
    RetrainRequest asked = null;
    for (int commit = 0; commit < 20 && asked == null; commit++) {
      append(index, 400, 100, 200);
      asked = step(maintenance).orElse(null);
    }
    Snapshot asking = index.log.newest();
    assertThat(asked).isNotNull().isEqualTo(asking.drift().retrain());
    assertThat(asked.sinceVersion()).isEqualTo(asking.version());
    assertThat(asked.reason()).startsWith("the imbalance of lists is ");
    assertThat(asking.drift().errorRatio().orElseThrow()).isGreaterThan(1.2);
    assertThat(asking.drift().latest().version()).isEqualTo(asking.version() - 1);
    assertThat(step(maintenance)).as("once").isEmpty();

    index.commit(
        Upkeeps.retrain(
            index,
            asking,
            SegmentFate.of(index.segments(), Maintenance.KEEP_ALL_DELETES),
            new float[] {0, 50, 110, 150, 190}));

    assertThat(index.log.newest().drift().retrain()).isNull();
    append(index, 400, 100, 200);
    assertThat(step(maintenance)).isEmpty();
    assertThat(maintenance.drift().errorRatio().orElseThrow()).isLessThan(1.2);
  }

  /** Lists that are split in time take the error back. */
  @Test
  void whereSplittingIsEnoughNobodyAsks() throws IOException {
    MaintainedIndex maintained = index();
    assertThat(moving(maintained, true)).isEmpty();
    assertThat(maintained.log.newest().drift().errorRatio().orElseThrow()).isLessThan(1.2);
    assertThat(maintained.model().listCount()).isGreaterThan(2 * LISTS);

    assertThat(moving(index(), false).orElseThrow().reason())
        .startsWith("recent rows are 1.5")
        .contains("times as far from their centroids", "1.50 times is allowed");
  }

  /** Rows come ever farther out. */
  private Optional<RetrainRequest> moving(MaintainedIndex index, boolean splitting)
      throws IOException {
    ContinuousMaintenance maintenance = of(index);
    append(index, 2000, -5, 95);
    maintenance.mergeSegments();
    for (int commit = 0; commit < 20; commit++) {
      append(index, 400, 100 + 5 * commit, 105 + 5 * commit);
      maintenance.mergeSegments();
      while (splitting && maintenance.tidy().isPresent()) {
        // All that is worth doing.
      }
      Optional<RetrainRequest> asked = maintenance.askForRetrain(RULES);
      if (asked.isPresent()) {
        return asked;
      }
    }
    return Optional.empty();
  }

  @Test
  void eachFigureIsJudgedByWhatItWasAtFirst() {
    Drift fine = new Drift(1, 1000, 2, 2.9, sample(2, 3, 0.5), sample(3, 5.9, 0.41), null);
    assertThat(RULES.reasonToRetrain(fine)).isEmpty();
    assertThat(RULES.reasonToRetrain(new Drift(1, 1000, 2, 3.1, null, null, null)).orElseThrow())
        .startsWith("recent rows are 1.55 times as far");
    assertThat(
            RULES
                .reasonToRetrain(
                    new Drift(1, 1000, 2, 2, sample(2, 3, 0.5), sample(3, 6.1, 0.39), null))
                .orElseThrow())
        .isEqualTo(
            "the imbalance of lists is 6.10, and was 3.00 in version 2; 2.00 times that is allowed;"
                + " recall@10 at nprobe 8 is 0.390, and was 0.500 in version 2; 0.100 less is"
                + " allowed");
    assertThat(RULES.reasonToRetrain(Drift.unknown())).isEmpty();
  }

  private static DriftSample sample(long version, double imbalance, double recall) {
    return new DriftSample(version, imbalance, recall, 8, 100);
  }
}
