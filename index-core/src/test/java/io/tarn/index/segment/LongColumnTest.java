package io.tarn.index.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class LongColumnTest {

  @Test
  void numbersTakeTheBytesTheirRangeNeeds() {
    assertHolds(0, 7, 7, 7);
    assertHolds(0, Long.MIN_VALUE, Long.MIN_VALUE);
    assertHolds(4, 5, 5 + 0xFFFF_FFFFL, 5 + 0x8000_0000L);
    assertHolds(4, -3, 1, 0);
    assertHolds(8, 5, 6 + 0xFFFF_FFFFL);
    assertHolds(8, Long.MIN_VALUE, Long.MAX_VALUE, 0);
    assertHolds(4, Long.MAX_VALUE - 1, Long.MAX_VALUE);
  }

  private static void assertHolds(int bytesPerRow, long... values) {
    LongColumn column = LongColumn.of(values);
    for (int row = 0; row < values.length; row++) {
      assertThat(column.get(row)).isEqualTo(values[row]);
    }
    assertThat(column.memoryBytes()).isEqualTo((long) bytesPerRow * values.length);
  }

  @Test
  void aNumberOutOfTheRangeIsRefused() {
    LongColumn.Builder builder = new LongColumn.Builder(3, 3, 2);
    builder.add(3);

    assertThatThrownBy(() -> builder.add(4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("4 is not from 3 to 3");
  }

  @Test
  void runsGiveTheListOfEveryRow() {
    ListRuns.Builder builder = new ListRuns.Builder();
    builder.add(-1, 2);
    for (int list = 5; list < 45; list += 2) {
      builder.add(list, 1);
      builder.add(list, list);
    }
    ListRuns runs = builder.build();

    assertThat(runs.count()).isEqualTo(21);
    for (int run = 0; run < runs.count(); run++) {
      for (int row = runs.start(run); row < runs.end(run); row++) {
        assertThat(runs.listOf(row)).isEqualTo(runs.list(run));
      }
    }
    assertThat(runs.end(0)).isEqualTo(2);
    assertThat(runs.end(1)).isEqualTo(8);
  }
}
