package io.tarn.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExactSearchTest {
  /** Small whole numbers: many rows at the same distance, none of it rounded. */
  private static Vectors whole(int count, int dimension, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count * dimension];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(2);
    }
    return new Vectors(dimension, values);
  }

  private static double distance(float[] a, float[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> (a[i] - b[i]) * (a[i] - b[i])).sum();
  }

  @Test
  void findsWhatSortingAllRowsFinds() {
    // More rows than a tile has.
    Vectors base = whole(5_000, 16, 1);
    Vectors queries = whole(10, 16, 2);
    List<int[]> found = ExactSearch.nearest(base, queries, 7, 2);
    for (int q = 0; q < queries.count(); q++) {
      float[] query = queries.row(q);
      int[] expected =
          IntStream.range(0, base.count())
              .boxed()
              .sorted(
                  Comparator.<Integer>comparingDouble(row -> distance(query, base.row(row)))
                      .thenComparing(row -> row))
              .mapToInt(row -> row)
              .limit(7)
              .toArray();
      assertThat(found.get(q)).containsExactly(expected);
    }
  }

  @Test
  void findsAllOfFewRows() {
    assertThat(ExactSearch.nearest(whole(3, 2, 1), whole(1, 2, 2), 10, 1).get(0))
        .containsExactlyInAnyOrder(0, 1, 2);
  }

  @Test
  void rowsAtTheSameDistanceAsTheLastTrueOneAreRightToo() {
    Vectors base = new Vectors(1, new float[] {0, 1, 1, 1, 5});
    Vectors query = new Vectors(1, new float[] {0});
    Truth truth = Truth.of(new DataSet("line", base, query, List.of(new int[] {0, 1})), 2);
    assertThat(truth.recall(0, new int[] {0, 3}, 2)).isEqualTo(1);
    assertThat(truth.recall(0, new int[] {4, 2}, 2)).isEqualTo(0.5);
    assertThat(truth.recall(0, new int[] {0, 9}, 1)).isEqualTo(0.5);
  }

  @Test
  void answersThatCannotBeAreRefused() {
    Vectors base = new Vectors(1, new float[] {0, 1, 2});
    DataSet data = new DataSet("line", base, base.first(1), List.of(new int[] {0, 1}));
    Truth truth = Truth.of(data, 2);
    for (int[] rows : List.of(new int[] {0, 0}, new int[] {0, 3}, new int[] {-1, 0})) {
      assertThatThrownBy(() -> truth.recall(0, rows, 2))
          .isInstanceOf(BenchmarkException.class)
          .hasMessageContaining("query 0 was answered with row");
    }
    assertThatThrownBy(() -> Truth.of(data, 3))
        .isInstanceOf(BenchmarkException.class)
        .hasMessage("the true neighbours of line are 2 to a query, fewer than k 3");
  }
}
