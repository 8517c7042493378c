package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a recall means, by what was measured. */
class ProbeTest {
  private static final int LISTS = 6;

  private final Storage storage = new MemoryStorage();
  private Snapshot created;

  @BeforeEach
  void create() throws Exception {
    Schema schema = new Schema(IdType.INT64, 4, Metric.L2, List.of());
    List<Feature> features = new ArrayList<>();
    float[][] rows = TestIndexes.clustered(60, 4, 1);
    for (int i = 0; i < rows.length; i++) {
      features.add(TestIndexes.feature(schema, i, rows[i], i));
    }
    created = TestIndexes.create(storage, schema, LISTS, features);
  }

  private Snapshot calibrated(CalibrationPoint... points) throws Exception {
    return new Committer(new SnapshotLog(storage), new ModelReassigner(storage))
        .calibrate(created.model().id(), List.of(points));
  }

  @Test
  void aRecallIsWhatItTookInSearchesThatStopByThemselves() throws Exception {
    Snapshot snapshot =
        calibrated(
            new CalibrationPoint(2, 10, 0.8),
            new CalibrationPoint(4, 10, 0.95),
            new CalibrationPoint(2, 10, 0.7, true),
            new CalibrationPoint(3, 10, 0.96, true));

    assertThat(Probe.recall(0.95).resolved(snapshot, 10)).isEqualTo(Probe.adaptive(3));
    assertThat(Probe.recall(0.97).resolved(snapshot, 10)).isEqualTo(Probe.adaptive(LISTS));
    // For those who look at as many lists for every query.
    assertThat(Probe.recall(0.95).listsWanted(snapshot, 10)).isEqualTo(4);
    assertThat(IndexReader.open(storage).view().search(new float[4], 10, Probe.recall(0.7)).hits())
        .hasSize(10);
  }

  @Test
  void whereNoneOfThoseWereMeasuredItIsSoManyListsForAll() throws Exception {
    Snapshot snapshot =
        calibrated(
            new CalibrationPoint(4, 10, 0.95),
            new CalibrationPoint(2, 20, 0.99, true),
            new CalibrationPoint(5, 20, 0.99));

    assertThat(Probe.recall(0.9).resolved(snapshot, 5)).isEqualTo(Probe.nearest(4));
    assertThat(Probe.recall(0.9).resolved(snapshot, 11)).isEqualTo(Probe.adaptive(2));
    assertThat(Probe.recall(0.9).resolved(snapshot, 21)).isEqualTo(Probe.adaptive(2));
    assertThat(Probe.recall(0.9).listsWanted(snapshot, 21)).isEqualTo(5);
  }

  @Test
  void othersMeanThemselves() {
    for (Probe probe : List.of(Probe.nearest(3), Probe.adaptive(3), Probe.exact())) {
      assertThat(probe.resolved(created, 10)).isEqualTo(probe);
    }
    assertThat(Probe.adaptive(99).listsWanted(created, 10)).isEqualTo(LISTS);
  }

  @Test
  void nothingIsMadeUp() {
    assertThatThrownBy(() -> Probe.recall(0.9).resolved(created, 10))
        .hasMessageContaining("has not been calibrated");
    assertThatThrownBy(() -> Probe.adaptive(0)).hasMessage("nprobe 0 is less than 1");
  }
}
