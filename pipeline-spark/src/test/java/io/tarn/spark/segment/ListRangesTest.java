package io.tarn.spark.segment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ListRangesTest {
  private static Long[] zeros(int count) {
    Long[] zeros = new Long[count];
    Arrays.fill(zeros, 0L);
    return zeros;
  }

  @Test
  void tasksHaveContiguousRangesOfListsOfAboutEqualSize() {
    Random random = new Random(1);
    long[] sizes = new long[1000];
    for (int list = 0; list < sizes.length; list++) {
      sizes[list] = random.nextInt(200);
    }
    ListRanges ranges = new ListRanges(sizes, 7);
    Long[] load = zeros(7);
    int last = 0;
    for (int list = 0; list < sizes.length; list++) {
      int task = ranges.taskOf(list, random.nextLong());
      assertThat(task).isBetween(last, last + 1);
      assertThat(ranges.taskOf(list, random.nextLong())).isEqualTo(task);
      load[task] += sizes[list];
      last = task;
    }
    assertThat(load).allSatisfy(rows -> assertThat(rows).isBetween(13_000L, 16_000L));
  }

  @Test
  void aListLargerThanATasksShareIsSpread() {
    ListRanges ranges = new ListRanges(new long[] {100, 100_000, 100}, 4);
    Long[] load = zeros(4);
    for (long position = 0; position < 100_000; position++) {
      load[ranges.taskOf(1, position)]++;
    }
    assertThat(load).allSatisfy(rows -> assertThat(rows).isBetween(24_000L, 26_000L));
    assertThat(ranges.taskOf(0, 5)).isEqualTo(0);
    assertThat(ranges.taskOf(2, 5)).isEqualTo(3);
  }

  @Test
  void deletesAreSpreadToo() {
    ListRanges ranges = new ListRanges(new long[] {10, 10}, 4);
    Long[] load = zeros(4);
    for (long position = 0; position < 1000; position++) {
      load[ranges.taskOf(ListRanges.DELETES, position)]++;
    }
    assertThat(load).allSatisfy(rows -> assertThat(rows).isBetween(200L, 300L));
  }

  @Test
  void listsNobodyExpectedAnythingInHaveTasksToo() {
    ListRanges ranges = new ListRanges(new long[50], 3);
    for (int list = 0; list < 50; list++) {
      assertThat(ranges.taskOf(list, list)).isEqualTo((2 * list + 1) * 3 / 100);
    }
    assertThat(new ListRanges(new long[] {0}, 1).taskOf(0, -1)).isZero();
  }
}
