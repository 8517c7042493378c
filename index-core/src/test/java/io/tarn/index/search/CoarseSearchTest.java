package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.quantize.Quantizer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lists that are probed, against the nearest by the distances of all centroids. */
class CoarseSearchTest {
  private static final long SEED = 20_241_121;
  private static final int CLUSTERS = 40;
  private static final float SPREAD_DIMENSIONS = 8;
  private static final int QUERIES = 200;
  private static final int[] WANTED = {1, 8, 40};

  /** Of the lists wanted, so many are those that a look at all centroids would find. */
  private static final double LEAST_SHARE = 0.968;

  private final SplittableRandom random = new SplittableRandom(SEED);

  @ParameterizedTest
  @CsvSource({
    "L2, 128, 60",
    "L2, 128, 400",
    "L2, 128, 2000",
    "L2, 16, 2000",
    "L2, 784, 600",
    "L2, 64, 5000",
    "COSINE, 100, 1000",
    "INNER_PRODUCT, 100, 1000"
  })
  void nearlyAllOfTheNearestListsAreFound(Metric metric, int dimension, int lists) {
    float[][] clusters = new float[CLUSTERS][];
    for (int c = 0; c < CLUSTERS; c++) {
      clusters[c] = around(metric, new float[dimension], 2);
    }
    float[] centroids = new float[lists * dimension];
    for (int list = 0; list < lists; list++) {
      float[] centroid = around(metric, clusters[random.nextInt(CLUSTERS)], 1);
      System.arraycopy(centroid, 0, centroids, list * dimension, dimension);
    }
    SearchModel model =
        new SearchModel(Model.of(metric, dimension, centroids, Quantizer.byDefault()));
    SearchScratch scratch = model.takeScratch();
    for (int wanted : WANTED) {
      int found = 0;
      for (int q = 0; q < QUERIES; q++) {
        float[] query = around(metric, clusters[random.nextInt(CLUSTERS)], 1);
        scratch.tables.prepare(query);
        model.coarse().nearest(query, squaredNorm(query), wanted, scratch);
        assertThat(scratch.probes.size()).isEqualTo(wanted);
        double[] distances = distances(metric, query, centroids);
        double[] sorted = distances.clone();
        Arrays.sort(sorted);
        Set<Integer> probes = new HashSet<>();
        for (int i = 0; i < wanted; i++) {
          int list = scratch.probes.list(i);
          assertThat(probes.add(list)).as("list %d is there once", list).isTrue();
          if (i > 0) {
            assertThat(scratch.probes.distance(i - 1))
                .isLessThanOrEqualTo(scratch.probes.distance(i));
          }
          found += distances[list] <= sorted[wanted - 1] ? 1 : 0;
        }
      }
      double share = found / (double) (QUERIES * wanted);
      System.out.printf(
          "%s, d = %d, %d lists, seed %d: %.4f of the nearest %d found%n",
          metric, dimension, lists, SEED, share, wanted);
      assertThat(share).isGreaterThan(LEAST_SHARE);
    }
  }

  private float[] around(Metric metric, float[] centre, float deviation) {
    float[] vector = new float[centre.length];
    double squares = 0;
    for (int i = 0; i < vector.length; i++) {
      // Some directions vary more than others, as in all but artificial data.
      float spread = deviation / (1 + i / SPREAD_DIMENSIONS);
      vector[i] = centre[i] + spread * (float) random.nextGaussian();
      squares += (double) vector[i] * vector[i];
    }
    if (metric == Metric.COSINE) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] /= (float) Math.sqrt(squares);
      }
    }
    return vector;
  }

  private static float squaredNorm(float[] vector) {
    return Kernels.best().dot(vector, 0, vector, 0, vector.length);
  }

  private static double[] distances(Metric metric, float[] query, float[] centroids) {
    double[] distances = new double[centroids.length / query.length];
    for (int i = 0; i < centroids.length; i++) {
      double q = query[i % query.length];
      double c = centroids[i];
      distances[i / query.length] += metric == Metric.L2 ? (q - c) * (q - c) : -q * c;
    }
    return distances;
  }
}
