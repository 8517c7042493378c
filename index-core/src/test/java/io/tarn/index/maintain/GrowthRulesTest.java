package io.tarn.index.maintain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GrowthRulesTest {
  private static final GrowthRules RULES = new GrowthRules(0.1, 500, 0.025);

  @Test
  void aLookIsDueWhenRowsHaveGrownByTheShareAndByEnough() {
    assertThat(RULES.isDue(10_000, 10_999)).isFalse();
    assertThat(RULES.isDue(10_000, 11_000)).isTrue();
    assertThat(RULES.isDue(1_000, 1_499)).as("a few rows are not looked at").isFalse();
    assertThat(RULES.isDue(1_000, 1_500)).isTrue();
    assertThat(RULES.isDue(0, 499)).isFalse();
    assertThat(RULES.isDue(0, 500)).isTrue();
    assertThat(RULES.isDue(10_000, 10_000)).isFalse();
    assertThat(RULES.isDue(10_000, 9_000)).isFalse();
    assertThat(new GrowthRules(0.1, 0, 0).isDue(0, 0)).as("nothing came").isFalse();
  }

  @Test
  void allLooksOfAGrowthTogetherSeeABoundedNumberOfRows() {
    for (long commitRows : new long[] {1, 333, 5_000, 70_000}) {
      List<Long> looks = new ArrayList<>();
      long rowsAtLook = 0;
      long rows = 0;
      while (rows < 1_000_000) {
        rows += commitRows;
        if (RULES.isDue(rowsAtLook, rows)) {
          looks.add(rows);
          rowsAtLook = rows;
        }
      }
      long seen = looks.stream().mapToLong(Long::longValue).sum();

      assertThat(seen).isLessThanOrEqualTo((long) (rows * (1 + 1 / RULES.share())));
      assertThat(looks.size()).isBetween(10, 75);
      assertThat(looks.get(looks.size() - 1)).isGreaterThan((long) (rows / (1 + RULES.share())));
    }
  }

  @Test
  void rowsThatCameAreLookedAtFiveTimesAsOften() {
    assertThat(RULES.areArrivalsDue(10_000, 10_199)).isFalse();
    assertThat(RULES.areArrivalsDue(10_000, 10_200)).isTrue();
    assertThat(RULES.areArrivalsDue(1_000, 1_099)).isFalse();
    assertThat(RULES.areArrivalsDue(1_000, 1_100)).isTrue();
    assertThat(RULES.areArrivalsDue(1_000, 900)).isFalse();
    assertThat(new GrowthRules(0.1, 0, 0).areArrivalsDue(0, 0)).as("nothing came").isFalse();
  }

  @Test
  void crowdedListsHaveToHoldAShareOfWhatCame() {
    assertThat(GrowthRules.by(0.1)).isEqualTo(new GrowthRules(0.1, 10_000, 0.025));
    assertThat(GrowthRules.by(8).crowdedShare()).isEqualTo(1);
  }

  @Test
  void rulesThatWouldLookAllTheTimeAreRefused() {
    for (double share : new double[] {0, -0.1, Double.NaN}) {
      assertThatThrownBy(() -> new GrowthRules(share, 0, 0.1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("need a share of more than 0");
    }
  }
}
