package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.storage.MemoryStorage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Distances to centroids in a byte a value, and searches that begin from them. */
class RoundedCentroidsTest {
  private static final int DIMENSION = 64;
  private static final int LISTS = 400;
  private static final int NPROBE = 40;
  private static final int K = 10;

  private final SplittableRandom random = new SplittableRandom(7);

  @ParameterizedTest
  @EnumSource(Metric.class)
  void distancesAreOffByAsMuchAsIsSaid(Metric metric) {
    float[] centroids = new float[LISTS * DIMENSION];
    for (int i = 0; i < centroids.length; i++) {
      centroids[i] = 3 + (float) random.nextGaussian();
    }
    Model model = Model.of(metric, DIMENSION, centroids, Quantizer.byDefault());
    RoundedCentroids rounded = RoundedCentroids.of(model, ListCenters.mean(model));
    RoundedCentroids.GridQuery grid = new RoundedCentroids.GridQuery(DIMENSION);
    int[] lists = new int[LISTS];
    Arrays.setAll(lists, list -> LISTS - 1 - list);
    float[] distances = new float[LISTS];
    double squares = 0;
    int queries = 50;
    for (int q = 0; q < queries; q++) {
      float[] query = new float[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        query[i] = 3 + (float) random.nextGaussian();
      }
      float norm = (float) Math.sqrt(Kernels.scalar().dot(query, 0, query, 0, DIMENSION));
      assertThat(rounded.prepare(query, norm, grid)).isTrue();
      rounded.distances(grid, lists, LISTS, distances);
      for (int i = 0; i < LISTS; i++) {
        int at = lists[i] * DIMENSION;
        float squaredL2 = Kernels.scalar().squaredL2(query, 0, model.centroids(), at, DIMENSION);
        float product = Kernels.scalar().dot(query, 0, model.centroids(), at, DIMENSION);
        double distance =
            switch (metric) {
              case L2 -> squaredL2;
              case COSINE -> 1 - product;
              case INNER_PRODUCT -> -product;
            };
        double error =
            (distances[i] - distance) / rounded.standardError((float) Math.sqrt(squaredL2), norm);
        squares += error * error;
      }
    }
    assertThat(Math.sqrt(squares / (queries * LISTS))).isCloseTo(1, within(0.1));
  }

  @Test
  void thereAreNoneWhereRoundingWouldMoveCentroidsFar() {
    float[] centroids = new float[LISTS * DIMENSION];
    for (int i = 0; i < centroids.length; i++) {
      centroids[i] = (float) random.nextGaussian();
    }
    Model model = Model.of(Metric.L2, DIMENSION, centroids, Quantizer.byDefault());
    assertThat(RoundedCentroids.of(model, ListCenters.mean(model))).isNotNull();
    // One list far away leaves few steps for the others.
    centroids[5] = 1e3f;
    model = Model.of(Metric.L2, DIMENSION, centroids, Quantizer.byDefault());
    assertThat(RoundedCentroids.of(model, ListCenters.mean(model))).isNull();
    Arrays.fill(centroids, 2);
    model = Model.of(Metric.L2, DIMENSION, centroids, Quantizer.byDefault());
    assertThat(RoundedCentroids.of(model, ListCenters.mean(model))).isNull();
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void queriesFarAwayAreRefused(Metric metric) {
    float[] centroids = new float[LISTS * DIMENSION];
    for (int i = 0; i < centroids.length; i++) {
      centroids[i] = (float) random.nextGaussian();
    }
    Model model = Model.of(metric, DIMENSION, centroids, Quantizer.byDefault());
    RoundedCentroids rounded = RoundedCentroids.of(model, ListCenters.mean(model));
    RoundedCentroids.GridQuery grid = new RoundedCentroids.GridQuery(DIMENSION);
    float[] query = new float[DIMENSION];
    query[3] = 1e18f;
    assertThat(rounded.prepare(query, 1e18f, grid)).isFalse();
  }

  @Test
  void listsOfOneOfManyClustersAreToldApart() {
    int clusters = 40;
    float[] centroids = new float[clusters * LISTS * DIMENSION / 8];
    int listsOfCluster = LISTS / 8;
    for (int list = 0; list < clusters * listsOfCluster; list++) {
      for (int i = 0; i < DIMENSION; i++) {
        float centre = i % clusters == list / listsOfCluster ? 500 : 0;
        centroids[list * DIMENSION + i] = centre + (float) random.nextGaussian();
      }
    }
    SearchModel model =
        new SearchModel(Model.of(Metric.L2, DIMENSION, centroids, Quantizer.byDefault()));
    SearchScratch scratch = model.takeScratch();
    int same = 0;
    int queries = 200;
    for (int q = 0; q < queries; q++) {
      int near = random.nextInt(clusters * listsOfCluster);
      float[] query = Arrays.copyOfRange(centroids, near * DIMENSION, (near + 1) * DIMENSION);
      scratch.tables.prepare(query);
      float squaredNorm = Kernels.scalar().dot(query, 0, query, 0, DIMENSION);
      model.coarse().nearest(query, squaredNorm, 12, scratch);
      same += scratch.probes.list(0) == near ? 1 : 0;
      assertThat(scratch.probesAreRounded).isFalse();
    }
    assertThat(same).isEqualTo(queries);
  }

  @ParameterizedTest
  @CsvSource({
    "L2, rabitq, 0.99",
    "L2, rabitq4, 0.995",
    "L2, rabitq8, 0.999",
    "COSINE, rabitq, 0.99",
    "COSINE, rabitq8, 0.999",
    "INNER_PRODUCT, rabitq8, 0.999"
  })
  void searchesFindWhatTheirListsHold(Metric metric, String quantizer, double leastShare)
      throws Exception {
    Schema schema = new Schema(IdType.INT64, DIMENSION, metric, List.of());
    float[][] vectors = TestIndexes.clustered(6000, DIMENSION, 11);
    List<Feature> features = new ArrayList<>();
    for (int row = 0; row < vectors.length; row++) {
      features.add(TestIndexes.feature(schema, row, vectors[row], 0));
    }
    MemoryStorage storage = new MemoryStorage();
    TestIndexes.create(storage, schema, LISTS, features, Quantizer.of(quantizer));
    IndexView view = IndexReader.open(storage).view();
    Model model = view.model();
    int[] listOfRow = new int[vectors.length];
    for (int row = 0; row < vectors.length; row++) {
      new Assigner(model).assign(features.get(row).vector(), 0, 1, listOfRow, row);
    }
    ListRanking ranking = new ListRanking(model);
    int queries = 60;
    int found = 0;
    for (int q = 0; q < queries; q++) {
      float[] query = features.get(q * 97).vector().clone();
      for (int i = 0; i < DIMENSION; i++) {
        query[i] += 0.02f * (float) random.nextGaussian();
      }
      query = TestIndexes.feature(schema, 0, query, 0).vector();
      Set<Integer> lists =
          Arrays.stream(ranking.nearest(query, NPROBE)).boxed().collect(Collectors.toSet());
      assertThat(lists).hasSize(NPROBE);
      float[] asked = query;
      Set<FeatureId> expected =
          features.stream()
              .filter(f -> lists.contains(listOfRow[(int) ((FeatureId.Int64) f.id()).value()]))
              .sorted(
                  Comparator.comparingDouble(f -> TestIndexes.distance(metric, asked, f.vector())))
              .limit(K)
              .map(Feature::id)
              .collect(Collectors.toSet());
      SearchResult result = view.search(query, K, Probe.nearest(NPROBE));
      assertThat(result.effort().listsProbed()).isEqualTo(NPROBE);
      found += (int) result.hits().stream().filter(h -> expected.contains(h.id())).count();
    }
    assertThat(found / (double) (queries * K)).isGreaterThanOrEqualTo(leastShare);
  }
}
