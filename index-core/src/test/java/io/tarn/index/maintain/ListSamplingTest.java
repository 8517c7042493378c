package io.tarn.index.maintain;

import static io.tarn.index.maintain.MaintainedIndex.at;
import static io.tarn.index.maintain.MaintainedIndex.delete;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.feature.Feature;
import io.tarn.index.segment.Segment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ListSamplingTest {
  private static final int ROWS = 1000;
  private static final int STRIDE = 10;

  /** Of the lists 0 and 1, each with so many rows that every tenth is drawn. */
  private static ListSampling sampling() {
    TreeMap<Integer, Long> live = new TreeMap<>(Map.of(0, (long) ROWS, 1, (long) ROWS));
    return ListSampling.of(1, live, 2 * ROWS / STRIDE);
  }

  private static Segment segment(Feature... rows) throws IOException {
    MaintainedIndex index = MaintainedIndex.of(0, 1000, 2000);
    index.append(rows);
    return index.segments().get(0);
  }

  @Test
  void everyTenthOfTheNewestRowsIsDrawn() throws IOException {
    List<Feature> rows = new ArrayList<>();
    rows.add(delete(-1, 1));
    for (int i = 0; i < ROWS; i++) {
      rows.add(at(i, i / (float) ROWS, 1));
    }
    rows.add(at(ROWS, 2000, 1));
    Segment segment = segment(rows.toArray(new Feature[0]));
    assertThat(segment.lists().count()).isEqualTo(3);
    for (int number = 0; number < 20; number++) {
      assertThat(sampling().draw(segment, number, 0, row -> true)).as("of deletes").isEmpty();
      assertThat(sampling().draw(segment, number, 1, row -> true)).hasSize(ROWS / STRIDE);
      float[] even = sampling().draw(segment, number, 1, row -> row % 2 == 0);
      assertThat(even).hasSize(ROWS / 2 / STRIDE);
      assertThat(even[1] - even[0]).isCloseTo(2f * STRIDE / ROWS, within(1e-5f));
      assertThat(sampling().draw(segment, number, 2, row -> true)).as("of list 2").isEmpty();
    }
  }

  @Test
  void aboutEveryTenthIsDrawnOfAsManySegmentsOfOneRow() throws IOException {
    Segment segment = segment(at(1, 0, 1), at(2, 1000, 1));
    int[] drawn = new int[2];
    int together = 0;
    for (int number = 0; number < ROWS; number++) {
      int first = sampling().draw(segment, number, 0, row -> true).length;
      int second = sampling().draw(segment, number, 1, row -> true).length;
      drawn[0] += first;
      drawn[1] += second;
      together += first * second;
    }
    assertThat(drawn[0]).isBetween(ROWS / STRIDE / 2, 2 * ROWS / STRIDE);
    assertThat(drawn[1]).isBetween(ROWS / STRIDE / 2, 2 * ROWS / STRIDE);
    assertThat(together).as("lists by themselves").isLessThan(ROWS / STRIDE / 2);
  }

  @Test
  void smallListsAreTakenWhole() throws IOException {
    Segment segment = segment(at(1, 0, 1), at(2, 1, 1), at(3, 2, 1));
    ListSampling sampling = ListSampling.toDivide(1, new TreeMap<>(Map.of(0, 3L)));
    assertThat(sampling.draw(segment, 5, 0, row -> true)).containsExactly(0, 1, 2);
  }
}
