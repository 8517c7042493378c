package io.tarn.index.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class DriftTest {
  private static final Drift TRAINED = Drift.trained(1, List.of(segment(2000, 0.5)));

  private static SegmentRef segment(long rows, double error) {
    return new SegmentRef(new FileRef("segments/x", 1, "x"), 1, rows, 0, 0, 0, rows * error);
  }

  private static DriftSample sample(long version, double recall, int nprobe) {
    return new DriftSample(version, 1.5, recall, nprobe, 100);
  }

  @Test
  void theRowsThatListsWereTrainedForAreTheBaseline() {
    assertThat(TRAINED.errorRatio()).hasValue(1);
    assertThat(TRAINED.baselineError()).isEqualTo(0.5);
    assertThat(TRAINED.baselineRows()).isEqualTo(2000);
    assertThat(TRAINED.trainedVersion()).isEqualTo(1);
  }

  @Test
  void whereTheyAreFewTheFirstOnesBelongToIt() {
    Drift few = Drift.trained(1, List.of(segment(100, 1), segment(100, 2)));
    assertThat(few.errorRatio()).isEmpty();
    assertThat(few.relisted(List.of(segment(200, 9)))).isEqualTo(few);

    Drift enough = few.after(List.of(segment(700, 2), segment(100, 5)));

    assertThat(enough.baselineRows()).isEqualTo(1000);
    assertThat(enough.baselineError()).isCloseTo(2.2, within(1e-12));
    assertThat(enough.errorRatio()).hasValue(1);
    assertThat(enough.after(List.of(segment(1000, 4.4))).errorRatio().orElseThrow())
        .isCloseTo(1.1, within(1e-12));
  }

  @Test
  void whatIsNotKnownDoesNotCount() {
    SegmentRef unknown = new SegmentRef(new FileRef("segments/y", 1, "x"), 1, 50, 0, 0, 0);
    SegmentRef infinite = segment(50, Double.POSITIVE_INFINITY);
    SegmentRef onlyDeletes = new SegmentRef(new FileRef("segments/z", 1, "x"), 1, 0, 9, 0, 0, 0);

    assertThat(infinite.squaredError()).isEqualTo(SegmentRef.UNKNOWN_ERROR);
    assertThat(TRAINED.after(List.of(unknown, infinite, onlyDeletes))).isEqualTo(TRAINED);
    assertThat(Drift.unknown().after(List.of(unknown)).errorRatio()).isEmpty();
  }

  @Test
  void rowsThatAreAllCentroidsAreNothingToCompareWith() {
    Drift drift = Drift.trained(1, List.of(segment(5000, 0)));
    assertThat(drift.errorRatio()).isEmpty();
    assertThat(drift.after(List.of(segment(1000, 3))).errorRatio()).hasValue(1);
  }

  @Property(tries = 200)
  void oneOddCommitLiftsTheRatioByThreeEighthsAtMost(
      @ForAll @LongRange(min = 1, max = 10_000_000) long rows,
      @ForAll @DoubleRange(min = 0, max = 1e9) double error) {
    double ratio = TRAINED.after(List.of(segment(rows, error))).errorRatio().orElseThrow();
    assertThat(ratio).isBetween(0.875, 1.375);
  }

  @Property(tries = 100)
  void whatStaysIsTaken(
      @ForAll @LongRange(min = 10, max = 100_000) long rows,
      @ForAll @DoubleRange(min = 0.01, max = 3.9) double ratio) {
    Drift drift = TRAINED;
    for (long done = 0; done < 10 * Drift.RECENT_ROWS; done += Math.min(rows, 1250)) {
      drift = drift.after(List.of(segment(rows, ratio * TRAINED.baselineError())));
    }
    assertThat(drift.errorRatio().orElseThrow()).isCloseTo(ratio, within(0.01));
    assertThat(drift.baselineError()).isEqualTo(TRAINED.baselineError());
  }

  @Test
  void afterASplitTheNewestSegmentsTell() {
    Drift drifted = TRAINED.after(List.of(segment(9000, 2)));
    List<SegmentRef> segments =
        List.of(segment(1_000_000, 100), segment(9_000, 0.5), segment(3000, 1));

    assertThat(drifted.relisted(segments).errorRatio().orElseThrow())
        .isCloseTo((9_000 + 2 * 3000) / 12_000.0, within(1e-12));
    assertThat(drifted.relisted(List.of(segment(10, 100))).errorRatio()).hasValue(4);
  }

  @Test
  void recallIsSmoothedAndHeldAgainstTheFirst() {
    Drift drift = TRAINED.measured(sample(3, 0.9, 8)).measured(sample(4, 0.1, 8));
    assertThat(drift.first()).isEqualTo(sample(3, 0.9, 8));
    assertThat(drift.latest()).isEqualTo(sample(4, 0.8, 8));

    assertThat(drift.measured(sample(4, 0.5, 8))).as("known").isEqualTo(drift);
    assertThat(drift.measured(sample(3, 0.5, 8))).as("older").isEqualTo(drift);
    assertThat(drift.measured(sample(5, 0.5, 7)).first()).isEqualTo(sample(5, 0.5, 7));
    Drift later = Drift.trained(9, List.of());
    assertThat(later.measured(sample(8, 0.5, 8))).as("of other lists").isEqualTo(later);
  }

  @Test
  void whoAsksFirstIsHeard() {
    RetrainRequest request = new RetrainRequest(5, "because");
    Drift asked = TRAINED.asking(request);

    assertThat(asked.retrainIfAsked()).hasValue(request);
    assertThat(asked.asking(new RetrainRequest(6, "still"))).isEqualTo(asked);
    assertThat(asked.after(List.of(segment(9, 1))).retrain()).isEqualTo(request);
    assertThat(asked.measured(sample(9, 1, 8)).retrain()).isEqualTo(request);
    assertThat(asked.relisted(List.of(segment(9, 1))).retrain()).isEqualTo(request);
  }
}
