package io.tarn.spark.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.maintain.Maintenance;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.LocalSpark;
import io.tarn.spark.SampleIndex;
import io.tarn.spark.segment.IndexLocation;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettledFatesTest {
  @TempDir Path directory;

  @Test
  void sharesOfTheIdsComeToTheSameAsAllAtOnce() throws Exception {
    SampleIndex.create(directory);
    IndexLocation location = SampleIndex.location(directory);
    Snapshot snapshot;
    try (Storage storage = location.open()) {
      snapshot = new SnapshotLog(storage).newest();
    }
    for (long forgetBelow : new long[] {Maintenance.KEEP_ALL_DELETES, SampleIndex.ROWS}) {
      List<SegmentFate> shared =
          SettledFates.settle(LocalSpark.session(), location, snapshot, forgetBelow, 500);
      List<SegmentFate> atOnce =
          SettledFates.settle(LocalSpark.session(), location, snapshot, forgetBelow, 1 << 20);
      assertThat(shared).hasSameSizeAs(atOnce);
      for (int i = 0; i < shared.size(); i++) {
        assertThat(shared.get(i)).usingRecursiveComparison().isEqualTo(atOnce.get(i));
      }
      assertThat(atOnce.stream().mapToLong(fate -> fate.superseded().cardinality()).sum())
          .isGreaterThan(500);
      boolean forgets = atOnce.stream().anyMatch(fate -> !fate.forgettable().isEmpty());
      assertThat(forgets).isEqualTo(forgetBelow == SampleIndex.ROWS);
    }
  }
}
