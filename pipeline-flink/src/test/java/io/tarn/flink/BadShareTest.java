package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.junit.jupiter.api.Test;

class BadShareTest {
  @Test
  void recordsAreJudgedByTheThousand() {
    BadShare share = new BadShare(0.1);

    share.add(100, 100, false);
    share.add(899, 0, false);
    // 100 of 1000 are as many as may be.
    share.add(1, 0, false);
    share.add(999, 101, false);
    assertThatThrownBy(() -> share.add(2, 0, false))
        .isInstanceOf(SuppressRestartsException.class)
        .hasRootCauseMessage(
            "101 of the last 1001 records are bad, and kafka.max-bad-share allows 0.1 of them:"
                + " see the dead letters for what is wrong, correct the settings or the producer,"
                + " and start the job again, or raise kafka.max-bad-share");
  }

  @Test
  void goodRecordsFromLongAgoDoNotMakeUpForBadOnes() {
    BadShare share = new BadShare(0.5);

    share.add(1_000_000, 0, false);
    assertThatThrownBy(() -> share.add(1000, 501, false))
        .isInstanceOf(SuppressRestartsException.class);
  }

  @Test
  void fewRecordsAreJudgedOnlyIfThereAreNoMore() {
    BadShare few = new BadShare(0.5);
    few.add(10, 9, false);
    assertThatThrownBy(() -> few.add(0, 0, true)).isInstanceOf(SuppressRestartsException.class);

    BadShare many = new BadShare(0.5);
    many.add(1000, 0, false);
    assertThatCode(() -> many.add(1, 1, true)).doesNotThrowAnyException();
  }

  @Test
  void noneMayBeBadOrAllMay() {
    BadShare none = new BadShare(0);
    none.add(1000, 0, false);
    assertThatThrownBy(() -> none.add(1000, 1, false))
        .isInstanceOf(SuppressRestartsException.class);

    BadShare all = new BadShare(1);
    assertThatCode(() -> all.add(1000, 1000, true)).doesNotThrowAnyException();
    assertThatCode(() -> all.add(0, 0, true)).doesNotThrowAnyException();
  }
}
