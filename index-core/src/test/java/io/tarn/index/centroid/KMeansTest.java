package io.tarn.index.centroid;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KMeansTest {
  private static final int DIMENSION = 9;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void threadsDoNotChangeTheCentroids(int threads) {
    float[] rows = rows(1000, 1);
    assertThat(KMeans.train(Metric.L2, DIMENSION, rows, 20, 6, 42, threads))
        .containsExactly(KMeans.train(Metric.L2, DIMENSION, rows, 20, 6, 42, 1));
  }

  @Test
  void iterationsBringCentroidsNearer() {
    float[] rows = rows(2000, 2);
    double before = meanDistance(rows, KMeans.train(Metric.L2, DIMENSION, rows, 20, 0, 1, 2));
    double after = meanDistance(rows, KMeans.train(Metric.L2, DIMENSION, rows, 20, 10, 1, 2));
    assertThat(after).isLessThan(0.8 * before);
  }

  @Test
  void cosineCentroidsHaveUnitLength() {
    float[] centroids = KMeans.train(Metric.COSINE, DIMENSION, rows(500, 3), 10, 5, 1, 2);
    for (int c = 0; c < 10; c++) {
      double squaredNorm = 0;
      for (int i = 0; i < DIMENSION; i++) {
        squaredNorm += Math.pow(centroids[c * DIMENSION + i], 2);
      }
      assertThat(squaredNorm).isBetween(0.999, 1.001);
    }
  }

  @Test
  void fewerDistinctRowsThanListsMakeFewerLists() {
    float[] rows = new float[100 * DIMENSION];
    for (int r = 0; r < 100; r++) {
      Arrays.fill(rows, r * DIMENSION, (r + 1) * DIMENSION, r % 3);
    }
    assertThat(KMeans.train(Metric.L2, DIMENSION, rows, 10, 5, 1, 2)).hasSize(3 * DIMENSION);
  }

  @Test
  void everyListIsUsedThoughTheDataIsOneClusterWithOutliers() {
    float[] rows = rows(3000, 4);
    Arrays.fill(rows, 0, DIMENSION, 1e30f);
    Arrays.fill(rows, DIMENSION, 2 * DIMENSION, -1e30f);
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, rows, 30, 10, 1, 2);
    int[] lists = new int[3000];
    new Assigner(Metric.L2, DIMENSION, centroids).assign(rows, 0, 3000, lists, 0);
    Set<Integer> used = new HashSet<>();
    Arrays.stream(lists).forEach(used::add);
    assertThat(used.size()).isGreaterThan(20);
    for (float value : centroids) {
      assertThat(value).isFinite();
    }
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void assignmentFindsTheNearestCentroid(Metric metric) {
    float[] centroids = rows(37, 5);
    if (metric == Metric.COSINE) {
      normalise(centroids);
    }
    float[] rows = rows(101, 6);
    Model model = Model.of(metric, DIMENSION, centroids, Quantizer.byDefault());
    int[] lists = new int[101];
    new Assigner(model).assign(rows, 0, 101, lists, 0);
    for (int r = 0; r < 101; r++) {
      double assigned = cost(metric, rows, r, centroids, lists[r]);
      for (int c = 0; c < 37; c++) {
        assertThat(assigned).isLessThanOrEqualTo(cost(metric, rows, r, centroids, c) + 1e-5);
      }
    }
  }

  @Test
  void aRowIsAssignedAlikeAloneAndInAnyBatch() {
    Model model = Model.of(Metric.L2, DIMENSION, rows(50, 7), Quantizer.byDefault());
    float[] rows = rows(100, 8);
    int[] together = new int[100];
    new Assigner(model).assign(rows, 0, 100, together, 0);
    Assigner alone = new Assigner(model);
    for (int r = 0; r < 100; r++) {
      float[] row = Arrays.copyOfRange(rows, r * DIMENSION, (r + 1) * DIMENSION);
      assertThat(alone.assign(row)).isEqualTo(together[r]);
    }
  }

  private static double cost(Metric metric, float[] rows, int r, float[] centroids, int c) {
    double dot = 0;
    double squaredL2 = 0;
    for (int i = 0; i < DIMENSION; i++) {
      double x = rows[r * DIMENSION + i];
      double y = centroids[c * DIMENSION + i];
      dot += x * y;
      squaredL2 += (x - y) * (x - y);
    }
    return metric == Metric.COSINE ? -dot : squaredL2;
  }

  private static double meanDistance(float[] rows, float[] centroids) {
    int count = rows.length / DIMENSION;
    int[] lists = new int[count];
    new Assigner(Metric.L2, DIMENSION, centroids).assign(rows, 0, count, lists, 0);
    double sum = 0;
    for (int r = 0; r < count; r++) {
      sum += cost(Metric.L2, rows, r, centroids, lists[r]);
    }
    return sum / count;
  }

  private static void normalise(float[] rows) {
    for (int from = 0; from < rows.length; from += DIMENSION) {
      double squaredNorm = 0;
      for (int i = from; i < from + DIMENSION; i++) {
        squaredNorm += (double) rows[i] * rows[i];
      }
      for (int i = from; i < from + DIMENSION; i++) {
        rows[i] /= (float) Math.sqrt(squaredNorm);
      }
    }
  }

  /** Ten clusters. */
  private static float[] rows(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] rows = new float[count * DIMENSION];
    for (int r = 0; r < count; r++) {
      SplittableRandom centre = new SplittableRandom(r % 10);
      for (int i = 0; i < DIMENSION; i++) {
        rows[r * DIMENSION + i] = (float) (centre.nextDouble(-1, 1) + random.nextDouble(-0.2, 0.2));
      }
    }
    return rows;
  }
}
