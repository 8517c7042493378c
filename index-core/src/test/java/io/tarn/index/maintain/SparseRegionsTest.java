package io.tarn.index.maintain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Two regions of lists on a line, far from each other: {@code [0, 100)} and the others. */
class SparseRegionsTest {
  private static final int FIRST = 100;
  private static final int LISTS = 200;

  @Test
  void listsGoWhereTheyAreSmallUntilThoseLeftAreAsLargeAsElsewhere() {
    long[] live = live(25, 100);

    List<Integer> superfluous = superfluous(live, 100, Set.of());

    assertThat(superfluous).isSorted().allMatch(list -> list < FIRST);
    // A quarter of the rows needs a quarter of the lists; no fewer are left in any region.
    assertThat(superfluous).hasSizeBetween(45, 78);
  }

  @Test
  void theSmallestGoFirst() {
    long[] live = live(25, 100);
    for (int list = 0; list < FIRST; list += 2) {
      live[list] = 15;
      live[list + 1] = 35;
    }

    List<Integer> superfluous = superfluous(live, 100, Set.of());

    assertThat(superfluous)
        .contains(IntStream.range(5, 45).mapToObj(i -> 2 * i).toArray(Integer[]::new));
  }

  @Test
  void whatIsNeededStays() {
    Set<Integer> needed = Set.of(10, 11, 12, 13, 50);

    List<Integer> superfluous = superfluous(live(25, 100), 100, needed);

    assertThat(superfluous).isNotEmpty().doesNotContainAnyElementsOf(needed);
  }

  @Test
  void listsThatAreNotMuchSmallerStay() {
    assertThat(superfluous(live(80, 100), 100, Set.of())).isEmpty();
    assertThat(superfluous(live(70, 100), 100, Set.of())).isNotEmpty();
  }

  @Test
  void aSmallListAmongLargeOnesStays() {
    long[] live = live(100, 100);
    live[50] = 1;

    assertThat(superfluous(live, 100, Set.of())).isEmpty();
  }

  @Test
  void anIndexThatIsToHaveSmallListsKeepsThem() {
    assertThat(superfluous(live(100, 100), 1000, Set.of())).isEmpty();
    assertThat(superfluous(live(25, 100), 1000, Set.of())).as("beside others").isNotEmpty();
  }

  @Test
  void listsAreNeverFewerThanTheirTargetAllows() {
    assertThat(superfluous(live(25, 100), 25, Set.of())).isEmpty();
  }

  private static List<Integer> superfluous(long[] live, long target, Set<Integer> needed) {
    float[] centroids = new float[LISTS];
    for (int list = 0; list < LISTS; list++) {
      centroids[list] = list < FIRST ? list : 10_000 + list;
    }
    Model model = Model.of(Metric.L2, 1, centroids, Quantizer.byDefault());
    return SparseRegions.of(model, live, target).superfluous(needed);
  }

  private static long[] live(long first, long others) {
    long[] live = new long[LISTS];
    Arrays.fill(live, 0, FIRST, first);
    Arrays.fill(live, FIRST, LISTS, others);
    return live;
  }
}
