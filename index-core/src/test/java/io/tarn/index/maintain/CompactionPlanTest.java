package io.tarn.index.maintain;

import static io.tarn.index.maintain.MaintainedIndex.at;
import static io.tarn.index.maintain.MaintainedIndex.delete;
import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.Feature;
import io.tarn.index.maintain.CompactionPlan.Reason;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.verify.IndexVerifier;
import java.io.IOException;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Which segments are written anew, where leaving one out would change what the index holds. */
class CompactionPlanTest {
  /** So that nothing but a purge is a reason. */
  private static final CompactionSettings PURGES_ONLY =
      new CompactionSettings(0.9, 100, 1 << 20, 0, false);

  /** Were the delete forgotten and the row left where it is, the row would be back. */
  @Test
  void aDeleteIsForgottenTogetherWithTheRowsItSupersedes() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    index.append(LongStream.range(0, 100).mapToObj(id -> at(id, id, 1)).toArray(Feature[]::new));
    index.append(delete(7, 2));
    Snapshot snapshot = index.log.newest();

    CompactionPlan plan =
        CompactionPlan.of(snapshot, SegmentFate.of(index.segments(), 3), Map.of(), PURGES_ONLY);
    index.commit(Upkeeps.compact(index, snapshot, plan));

    assertThat(plan.reasons(snapshot, Map.of(), PURGES_ONLY)).isEqualTo(Map.of(Reason.PURGE, 2));
    assertThat(index.values()).hasSize(99).doesNotContainKey(7L);
    assertThat(index.rows()).as("neither the row nor its delete").isEqualTo(99);
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  @Test
  void aDeleteThatIsRememberedIsNoReasonToWriteAnything() throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0);
    index.append(LongStream.range(0, 100).mapToObj(id -> at(id, id, 1)).toArray(Feature[]::new));
    index.append(delete(7, 2));

    CompactionPlan plan =
        CompactionPlan.of(
            index.log.newest(), SegmentFate.of(index.segments(), 2), Map.of(), PURGES_ONLY);

    assertThat(plan.isEmpty()).isTrue();
  }
}
