package io.tarn.index.maintain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NearestListsTest {
  private static final int LISTS = 50;

  @Test
  void theyAreThoseThatComeFirstWhenAllAreSorted() {
    Random random = new Random(3);
    // Whole numbers from so few that many distances are equal.
    float[] centroids = new float[LISTS * 2];
    for (int i = 0; i < centroids.length; i++) {
      centroids[i] = random.nextInt(6);
    }
    NearestLists lists = new NearestLists(model(centroids));
    for (int count : new int[] {0, 1, 7, LISTS, LISTS + 1}) {
      for (int trial = 0; trial < 20; trial++) {
        float[] point = {random.nextInt(6), random.nextInt(6)};

        assertThat(lists.of(point, count)).containsExactly(sorted(centroids, point, count));
      }
    }
  }

  @Test
  void aListIsNotAroundItself() {
    NearestLists lists = new NearestLists(model(new float[] {0, 0, 5, 0, 1, 0, 0, 0}));

    assertThat(lists.around(0, 2)).containsExactly(3, 2);
    assertThat(lists.around(3, 1)).as("at the same place as another").containsExactly(0);
    assertThat(lists.around(1, 9)).containsExactly(2, 0, 3);
  }

  private static int[] sorted(float[] centroids, float[] point, int count) {
    return IntStream.range(0, LISTS)
        .boxed()
        .sorted(
            Comparator.comparingDouble(
                (Integer list) ->
                    Math.pow(centroids[2 * list] - point[0], 2)
                        + Math.pow(centroids[2 * list + 1] - point[1], 2)))
        .limit(count)
        .mapToInt(list -> list)
        .toArray();
  }

  private static Model model(float[] centroids) {
    return Model.of(Metric.L2, 2, centroids, Quantizer.byDefault());
  }
}
