package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** Where searches stop by themselves, against the rule computed one list after the other. */
class WorthwhileListsTest {
  private static final int DIMENSION = 8;

  @Property(tries = 40)
  void looksAtAsManyListsAsTheRuleSays(@ForAll @LongRange(min = 0, max = 1L << 40) long seed)
      throws Exception {
    Random random = new Random(seed);
    Metric metric = Metric.values()[random.nextInt(Metric.values().length)];
    int lists = 2 + random.nextInt(30);
    IndexView view = view(metric, lists, TestIndexes.clustered(600, DIMENSION, seed));
    for (int q = 0; q < 10; q++) {
      float[] query = TestIndexes.clustered(1, DIMENSION, random.nextLong())[0];
      int nprobe = 1 + random.nextInt(lists + 2);
      SearchEffort effort =
          view.search(Query.nearest(query, 1).probing(Probe.adaptive(nprobe)).stoppingAtProbes())
              .effort();
      int expected = byTheRule(view, query, nprobe);
      assertThat(effort.listsProbed()).as("lists by nprobe %d", nprobe).isEqualTo(expected);
    }
  }

  private static int byTheRule(IndexView view, float[] asked, int nprobe) throws Exception {
    Model model = view.model();
    int lists = model.listCount();
    if (nprobe >= lists) {
      return lists;
    }
    float[] query = VectorRules.accept(view.snapshot().schema(), asked);
    double[] squared = new double[lists];
    double[] products = new double[lists];
    for (int list = 0; list < lists; list++) {
      for (int i = 0; i < query.length; i++) {
        double c = model.centroids()[list * query.length + i];
        squared[list] += (query[i] - c) * (query[i] - c);
        products[list] += query[i] * c;
      }
    }
    boolean byDistance = model.metric() == Metric.L2;
    List<Integer> order =
        IntStream.range(0, lists)
            .boxed()
            .sorted(
                Comparator.comparingDouble(list -> byDistance ? squared[list] : -products[list]))
            .toList();
    double near = (squared[order.get(0)] + squared[order.get(1)]) / 2;
    double mean = (double) view.liveRowCount() / lists;
    double seen = 0;
    int count = 0;
    for (int list : order) {
      double ratio = model.metric() == Metric.INNER_PRODUCT ? 1 : squared[list] / near;
      double most = model.metric() == Metric.INNER_PRODUCT ? nprobe : Math.pow(nprobe, 1.5);
      if (seen * Math.pow(ratio, 4) > mean * most) {
        break;
      }
      seen += view.rowsByList()[list];
      count++;
    }
    return count;
  }

  @Test
  void queriesThatAreCentroidsAreAnsweredToo() throws Exception {
    // Two centroids at one place, and rows at all of them: no distance to compare others with.
    float[] centroids = {0, 0, 0, 0, 9, 9, 20, 20};
    Model model = Model.of(Metric.L2, 2, centroids, Quantizer.byDefault());
    Schema schema = new Schema(IdType.INT64, 2, Metric.L2, List.of());
    Storage storage = new MemoryStorage();
    List<Feature> features = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      float at = i % 3 * 10;
      features.add(TestIndexes.feature(schema, i, new float[] {at, at}, i));
    }
    TestIndexes.create(storage, schema, model, features);
    IndexView view = IndexReader.open(storage).view();

    SearchResult result = view.search(new float[] {0, 0}, 14, Probe.adaptive(1));

    assertThat(result.hits()).hasSize(14).allMatch(hit -> hit.distance() == 0);
    // By rows alone: the first list has more than the mean of 10.
    assertThat(result.effort().listsProbed()).isEqualTo(1);
  }

  @Test
  void looksAtVeryManyListsWhereTheyAreNearAndSmall() throws Exception {
    // A row each on a circle around the query, and most rows in one list that is far away.
    int near = 40;
    int far = 560;
    float[] centroids = new float[2 * (near + 1)];
    Schema schema = new Schema(IdType.INT64, 2, Metric.L2, List.of());
    List<Feature> features = new ArrayList<>();
    for (int i = 0; i < near; i++) {
      centroids[2 * i] = (float) Math.cos(2 * Math.PI * i / near);
      centroids[2 * i + 1] = (float) Math.sin(2 * Math.PI * i / near);
      float[] row = {centroids[2 * i], centroids[2 * i + 1]};
      features.add(TestIndexes.feature(schema, i, row, i));
    }
    centroids[2 * near] = 100;
    for (int i = 0; i < far; i++) {
      features.add(TestIndexes.feature(schema, near + i, new float[] {100, i * 1e-3f}, i));
    }
    Storage storage = new MemoryStorage();
    Model model = Model.of(Metric.L2, 2, centroids, Quantizer.byDefault());
    TestIndexes.create(storage, schema, model, features);
    IndexView view = IndexReader.open(storage).view();

    SearchEffort effort = view.search(new float[2], 1, Probe.adaptive(2)).effort();

    assertThat(effort.listsProbed()).isEqualTo(byTheRule(view, new float[2], 2)).isGreaterThan(30);
  }

  @Test
  void findsAsMuchInFewerRowsThanTheSameNumberOfListsForAll() throws Exception {
    // Clusters of very different sizes and widths, as real data has.
    Random random = new Random(7);
    List<float[]> rows = new ArrayList<>();
    for (int cluster = 0; cluster < 60; cluster++) {
      float[] centre = gaussian(random, new float[DIMENSION], 4);
      double width = Math.exp(random.nextGaussian());
      int size = (int) (20 * Math.exp(random.nextGaussian() * 1.2));
      for (int i = 0; i < size; i++) {
        rows.add(gaussian(random, centre, width));
      }
    }
    IndexView view = view(Metric.L2, 64, rows.toArray(float[][]::new));
    List<float[]> queries =
        rows.stream()
            .filter(row -> random.nextInt(8) == 0)
            .map(r -> gaussian(random, r, 0.1))
            .toList();

    double[] fixed = rowsAndRecall(view, queries, Probe.nearest(6));
    int nprobe = 1;
    double[] adaptive = rowsAndRecall(view, queries, Probe.adaptive(nprobe));
    while (adaptive[1] < fixed[1]) {
      adaptive = rowsAndRecall(view, queries, Probe.adaptive(++nprobe));
    }

    assertThat(fixed[1]).isBetween(0.9, 0.999);
    assertThat(adaptive[0]).isLessThan(0.9 * fixed[0]);
  }

  private static double[] rowsAndRecall(IndexView view, List<float[]> queries, Probe probe)
      throws Exception {
    double scanned = 0;
    double right = 0;
    for (float[] query : queries) {
      SearchResult found = view.search(query, 10, probe);
      List<Hit> truth = view.search(query, 10, Probe.exact()).hits();
      scanned += found.effort().rowsScanned();
      right += found.hits().stream().filter(truth::contains).count() / 10.0;
    }
    return new double[] {scanned / queries.size(), right / queries.size()};
  }

  private static float[] gaussian(Random random, float[] centre, double width) {
    float[] row = new float[centre.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = centre[i] + (float) (random.nextGaussian() * width);
    }
    return row;
  }

  private static IndexView view(Metric metric, int lists, float[][] rows) throws Exception {
    Schema schema = new Schema(IdType.INT64, DIMENSION, metric, List.of());
    Storage storage = new MemoryStorage();
    List<Feature> features = new ArrayList<>();
    for (int i = 0; i < rows.length; i++) {
      features.add(TestIndexes.feature(schema, i, rows[i], i));
    }
    TestIndexes.create(storage, schema, lists, features);
    return IndexReader.open(storage).view();
  }
}
