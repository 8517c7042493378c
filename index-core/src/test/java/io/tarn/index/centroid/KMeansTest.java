package io.tarn.index.centroid;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KMeansTest {
  private static final int DIMENSION = 9;

  /** So many that they are trained group by group. */
  private static final int MANY_LISTS = KMeans.MAX_FLAT_LISTS + 72;

  @ParameterizedTest
  @CsvSource({"20, 1", "20, 2", "20, 3", "20, 8", "200, 1", "200, 2", "200, 3", "200, 8"})
  void threadsDoNotChangeTheCentroids(int lists, int threads) {
    float[] rows = rows(10 * lists + 5000, 1);
    assertThat(KMeans.train(Metric.L2, DIMENSION, rows, lists, 6, 42, threads))
        .containsExactly(KMeans.train(Metric.L2, DIMENSION, rows, lists, 6, 42, 1));
  }

  @Test
  void manyListsAreAboutAsNearAsThoseOfFlatKMeans() {
    float[] rows = rows(8000, 9);
    TrainingRows training = new TrainingRows(Metric.L2, DIMENSION, rows);
    double flat = meanDistance(rows, Lloyd.train(training, MANY_LISTS, 10, 1, Workers.none()));
    double grouped =
        meanDistance(rows, KMeans.train(Metric.L2, DIMENSION, rows, MANY_LISTS, 10, 1, 2));
    assertThat(grouped).isLessThan(1.02 * flat);
  }

  /** Kinds of data of which plain k-means makes some very large lists, and some empty ones. */
  enum Skewed {
    /** A tenth of a hundred clusters has nine tenths of the rows, some wide, some narrow. */
    WEIGHTS,
    /** Dense in the middle, and ever thinner to the outside, over six orders of magnitude. */
    RADII,
    /** Half of all rows are within a thousandth of one point. */
    KNOT,
    /** A few rows are 10^30 long, others lie close together. */
    OUTLIERS
  }

  @ParameterizedTest
  @CsvSource({
    "WEIGHTS, L2, 60", "WEIGHTS, L2, 400", "WEIGHTS, COSINE, 400",
    "RADII, L2, 60", "RADII, L2, 400", "RADII, COSINE, 60",
    "KNOT, L2, 60", "KNOT, L2, 400", "KNOT, COSINE, 400",
    "OUTLIERS, L2, 60", "OUTLIERS, L2, 400"
  })
  void noListIsHugeAndNoneIsEmptyHoweverSkewedTheData(Skewed kind, Metric metric, int lists) {
    int count = 64 * lists;
    float[] rows = skewed(kind, 2 * count, 12);
    if (metric == Metric.COSINE) {
      normalise(rows);
    }
    float[] sample = Arrays.copyOf(rows, count * DIMENSION);
    float[] centroids = KMeans.train(metric, DIMENSION, sample, lists, 10, 1, 2);
    assertThat(centroids).hasSize(lists * DIMENSION);
    Assigner assigner = new Assigner(metric, DIMENSION, centroids);
    int[] sampled = new int[count];
    assigner.assign(rows, 0, count, sampled, 0);
    int[] others = new int[count];
    assigner.assign(rows, count * DIMENSION, count, others, 0);
    Grouping grouping = Grouping.of(sampled, lists);
    // Training compares a row with the neighbours of its list, where this compares it with all.
    int most = (int) (1.05 * Balance.MAX_OVER_MEAN * 64);
    for (int list = 0; list < lists; list++) {
      assertThat(grouping.size(list)).isBetween(1, most);
      assertThat(Grouping.of(others, lists).size(list))
          .as("rows that were not sampled")
          .isLessThanOrEqualTo((Balance.MAX_OVER_MEAN + 1) * 64);
    }
  }

  private static float[] skewed(Skewed kind, int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] rows = new float[count * DIMENSION];
    for (int r = 0; r < count; r++) {
      double pick = random.nextDouble();
      int cluster = random.nextInt(100);
      cluster = pick < 0.9 ? cluster / 10 : cluster;
      SplittableRandom centre = new SplittableRandom(cluster);
      double radius = Math.pow(10, random.nextDouble(-3, 3));
      for (int i = 0; i < DIMENSION; i++) {
        double noise = random.nextGaussian();
        double value =
            switch (kind) {
              case WEIGHTS -> centre.nextDouble(-1, 1) + noise * (cluster % 7 + 1) / 30;
              case RADII -> noise * radius;
              case KNOT -> pick < 0.5 ? 1 + noise / 1000 : centre.nextDouble(-1, 1) + noise / 10;
              case OUTLIERS -> r % 500 == 7 ? noise * 1e30 : centre.nextDouble(-1, 1) + noise / 10;
            };
        rows[r * DIMENSION + i] = (float) value;
      }
    }
    return rows;
  }

  @Test
  void aListOfEqualRowsStaysAsItIs() {
    float[] rows = rows(4000, 13);
    Arrays.fill(rows, 0, rows.length / 2, 1);
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, rows, 50, 10, 1, 2);
    int[] lists = new int[4000];
    new Assigner(Metric.L2, DIMENSION, centroids).assign(rows, 0, 4000, lists, 0);
    Grouping grouping = Grouping.of(lists, 50);
    for (int list = 0; list < 50; list++) {
      int most = list == lists[0] ? 2100 : Balance.MAX_OVER_MEAN * 80;
      assertThat(grouping.size(list)).isBetween(1, most);
    }
  }

  @Property(seed = "20261121", tries = 300)
  void anyRowsGiveCentroidsThatAreFiniteAndUsed(
      @ForAll @Size(min = 1, max = 60) List<@IntRange(min = -3, max = 8) Integer> numbers,
      @ForAll @IntRange(min = 1, max = 70) int lists,
      @ForAll @IntRange(min = 1, max = 12) int iterations) {
    float[] rows = new float[numbers.size() * 2];
    Set<Integer> distinct = new HashSet<>(numbers);
    for (int r = 0; r < numbers.size(); r++) {
      int number = numbers.get(r);
      rows[2 * r] = number < 0 ? number * 1e30f : number;
      rows[2 * r + 1] = number % 3;
    }
    float[] centroids = KMeans.train(Metric.L2, 2, rows, lists, iterations, 1, 1);
    assertThat(centroids).hasSize(2 * Math.min(lists, distinct.size()));
    for (float value : centroids) {
      assertThat(value).isFinite();
    }
    int[] assigned = new int[numbers.size()];
    new Assigner(Metric.L2, 2, centroids).assign(rows, 0, assigned.length, assigned, 0);
    assertThat(Arrays.stream(assigned).distinct().count()).isEqualTo(centroids.length / 2);
  }

  @Test
  void roundsOverNeighboursBringCentroidsNearer() {
    float[] rows = rows(8000, 10);
    TrainingRows training = new TrainingRows(Metric.L2, DIMENSION, rows);
    float[] centres = Lloyd.train(training, 14, 5, 1, Workers.none());
    Grouping groups = Grouping.of(Lloyd.assign(training, centres, Workers.none()), 14);
    float[][] trained = new float[14][];
    for (int g = 0; g < 14; g++) {
      TrainingRows members = training.select(groups.membersOf(g));
      trained[g] = Lloyd.train(members, 12, 5, g, Workers.none());
    }
    NeighbourRounds rounds = new NeighbourRounds(training, centres, Workers.none());
    double before = meanDistance(rows, run(rounds, groups, trained, 0));
    assertThat(meanDistance(rows, run(rounds, groups, trained, 5))).isLessThan(0.98 * before);
  }

  private static float[] run(
      NeighbourRounds rounds, Grouping groups, float[][] trained, int iterations) {
    return rounds.run(groups, trained, iterations, new SplittableRandom(1));
  }

  @Test
  void sharesFollowRowsAndNeverPassTheirLimits() {
    int[] assigned = new int[1000];
    Arrays.fill(assigned, 0, 600, 0);
    Arrays.fill(assigned, 600, 900, 1);
    Arrays.fill(assigned, 900, 1000, 3);
    Grouping groups = Grouping.of(assigned, 4);
    assertThat(Hierarchy.allot(groups, new int[] {600, 300, 0, 100}, 10))
        .containsExactly(6, 3, 0, 1);
    assertThat(Hierarchy.allot(groups, new int[] {2, 300, 0, 100}, 10)).containsExactly(2, 6, 0, 2);
    assertThat(Hierarchy.allot(groups, new int[] {2, 3, 0, 4}, 10)).containsExactly(2, 3, 0, 4);
  }

  @Test
  void iterationsBringCentroidsNearer() {
    float[] rows = rows(2000, 2);
    double before = meanDistance(rows, KMeans.train(Metric.L2, DIMENSION, rows, 20, 0, 1, 2));
    double after = meanDistance(rows, KMeans.train(Metric.L2, DIMENSION, rows, 20, 10, 1, 2));
    assertThat(after).isLessThan(0.8 * before);
  }

  @ParameterizedTest
  @ValueSource(ints = {10, MANY_LISTS})
  void cosineCentroidsHaveUnitLength(int lists) {
    float[] rows = rows(2000, 3);
    normalise(rows);
    float[] centroids = KMeans.train(Metric.COSINE, DIMENSION, rows, lists, 5, 1, 2);
    assertThat(centroids).hasSize(lists * DIMENSION);
    for (int c = 0; c < lists; c++) {
      double squaredNorm = 0;
      for (int i = 0; i < DIMENSION; i++) {
        squaredNorm += Math.pow(centroids[c * DIMENSION + i], 2);
      }
      assertThat(squaredNorm).isBetween(0.999, 1.001);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 10", "3, 10", "1, 200", "3, 200", "150, 200", "199, 200"})
  void fewerDistinctRowsThanListsMakeFewerLists(int distinct, int lists) {
    // Half of all rows are equal, so that most lists would go where they are.
    float[] rows = new float[3000 * DIMENSION];
    for (int r = 0; r < 3000; r++) {
      Arrays.fill(rows, r * DIMENSION, (r + 1) * DIMENSION, r % 2 == 0 ? 0 : r / 2 % distinct);
    }
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, rows, lists, 5, 1, 2);
    Set<Float> values = new HashSet<>();
    for (int c = 0; c < centroids.length; c += DIMENSION) {
      values.add(centroids[c]);
    }
    assertThat(centroids).hasSize(distinct * DIMENSION);
    assertThat(values).hasSize(distinct);
  }

  @ParameterizedTest
  @ValueSource(ints = {30, MANY_LISTS})
  void everyListIsUsedThoughTheDataIsOneClusterWithOutliers(int lists) {
    int count = 100 * lists;
    float[] rows = rows(count, 4);
    Arrays.fill(rows, 0, DIMENSION, 1e30f);
    Arrays.fill(rows, DIMENSION, 2 * DIMENSION, -1e30f);
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, rows, lists, 10, 1, 2);
    int[] assigned = new int[count];
    new Assigner(Metric.L2, DIMENSION, centroids).assign(rows, 0, count, assigned, 0);
    Set<Integer> used = new HashSet<>();
    Arrays.stream(assigned).forEach(used::add);
    assertThat(used).hasSize(lists);
    for (float value : centroids) {
      assertThat(value).isFinite();
    }
  }

  @Test
  void groupsOfManyListsAreDividedAgain() {
    // 78 groups; the largest want more lists than are trained flat.
    float[] rows = rows(6500, 11);
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, rows, 6000, 2, 1, 2);
    assertThat(centroids).hasSize(6000 * DIMENSION);
    assertThat(centroids).containsExactly(KMeans.train(Metric.L2, DIMENSION, rows, 6000, 2, 1, 3));
  }

  @Test
  void longAndTinyVectorsGoToTheNearestCentroid() {
    float[] values = {3e19f, -3e19f, 1e30f, -1e30f, 2, -2};
    int[] lists = new int[values.length];
    new Assigner(Metric.L2, 1, values).assign(values, 0, values.length, lists, 0);
    assertThat(lists).containsExactly(0, 1, 2, 3, 4, 5);
    float[] tiny = {3e-30f, -3e-30f, 1e-25f, 0};
    new Assigner(Metric.L2, 1, tiny).assign(tiny, 0, tiny.length, lists, 1);
    assertThat(lists).containsExactly(0, 0, 1, 2, 3, 5);
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void assignmentFindsTheNearestCentroid(Metric metric) {
    float[] centroids = rows(37, 5);
    if (metric == Metric.COSINE) {
      normalise(centroids);
    }
    float[] rows = rows(101, 6);
    Model model = Model.of(metric, DIMENSION, centroids, new Quantizer.None());
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
    Model model = Model.of(Metric.L2, DIMENSION, rows(50, 7), new Quantizer.None());
    int count = 1999; // More than the blocks of any loop.
    float[] rows = rows(count, 8);
    int[] together = new int[count];
    new Assigner(model).assign(rows, 0, count, together, 0);
    Assigner alone = new Assigner(model);
    for (int r = 0; r < count; r++) {
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
