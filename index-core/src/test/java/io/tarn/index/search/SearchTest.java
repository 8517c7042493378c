package io.tarn.index.search;

import static io.tarn.index.search.TestIndexes.append;
import static io.tarn.index.search.TestIndexes.clustered;
import static io.tarn.index.search.TestIndexes.create;
import static io.tarn.index.search.TestIndexes.distance;
import static io.tarn.index.search.TestIndexes.feature;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SearchTest {
  private static final int DIMENSION = 20;

  @TempDir Path directory;
  private Storage storage;

  @BeforeEach
  void openStorage() {
    storage = new LocalStorage(directory);
  }

  private static Schema schema(Metric metric) {
    return new Schema(IdType.INT64, DIMENSION, metric, List.of());
  }

  private static List<Feature> features(Schema schema, float[][] vectors, long order) {
    List<Feature> features = new ArrayList<>();
    for (int i = 0; i < vectors.length; i++) {
      features.add(feature(schema, i, vectors[i], order));
    }
    return features;
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void exactSearchIsBruteForce(Metric metric) throws Exception {
    float[][] vectors = clustered(500, DIMENSION, 1);
    create(storage, schema(metric), 16, features(schema(metric), vectors, 1));
    IndexReader reader = IndexReader.open(storage);

    for (float[] query : clustered(20, DIMENSION, 2)) {
      List<Hit> hits = reader.search(query, 10, Probe.exact()).hits();
      double[] truth =
          IntStream.range(0, vectors.length)
              .mapToDouble(i -> distance(metric, query, vectors[i]))
              .sorted()
              .toArray();
      for (int i = 0; i < 10; i++) {
        Hit hit = hits.get(i);
        float[] vector = vectors[Integer.parseInt(hit.id().toString())];
        assertThat(hit.distance())
            .isCloseTo((float) distance(metric, query, vector), within(1e-4f));
        assertThat((double) hit.distance()).isCloseTo(truth[i], within(1e-4));
      }
    }
  }

  @Test
  void probingMoreListsNeverFindsLess() throws Exception {
    Schema schema = schema(Metric.L2);
    create(storage, schema, 32, features(schema, clustered(2000, DIMENSION, 3), 1));
    IndexReader reader = IndexReader.open(storage);
    int lists = reader.view().model().listCount();
    int lastFound = 0;
    for (int nprobe : new int[] {1, 4, lists}) {
      int found = 0;
      for (float[] query : clustered(50, DIMENSION, 4)) {
        List<FeatureId> truth = ids(reader.search(query, 10, Probe.exact()));
        truth.retainAll(ids(reader.search(query, 10, Probe.nearest(nprobe))));
        found += truth.size();
      }
      assertThat(found).isGreaterThanOrEqualTo(lastFound);
      lastFound = found;
    }
    // A row is missed where its code estimates it farther than its error bound allows.
    assertThat(lastFound).isGreaterThanOrEqualTo(495);
  }

  /** What more bits are for: vectors that are not looked at need not be read from a file. */
  @ParameterizedTest
  @EnumSource(Metric.class)
  void moreBitsLeaveFewerVectorsToLookAt(Metric metric) throws Exception {
    Schema schema = schema(metric);
    List<Feature> features = features(schema, clustered(2000, DIMENSION, 3), 1);
    int k = 10;
    int queries = 50;
    double perQueryBefore = Double.POSITIVE_INFINITY;
    for (String type : List.of("none", "rabitq", "rabitq2", "rabitq4", "rabitq8")) {
      Storage indexed = new MemoryStorage();
      create(indexed, schema, 8, features, Quantizer.of(type));
      IndexReader reader = IndexReader.open(indexed);
      double reranked = 0;
      int found = 0;
      for (float[] query : clustered(queries, DIMENSION, 4)) {
        SearchResult result = reader.search(query, k, Probe.nearest(8));
        reranked += result.effort().rowsReranked();
        boolean hasFullCodes = type.matches("rabitq.");
        assertThat(result.effort().rowsRefined() > 0).as(type).isEqualTo(hasFullCodes);
        List<FeatureId> truth = ids(reader.search(query, k, Probe.exact()));
        truth.retainAll(ids(result));
        found += truth.size();
      }
      System.out.printf("%s, %s: %.1f rows looked at a query%n", metric, type, reranked / queries);
      assertThat(reranked / queries).as(type).isLessThan(perQueryBefore);
      assertThat(found).as(type).isGreaterThanOrEqualTo(k * queries * 99 / 100);
      perQueryBefore = reranked / queries;
    }
    assertThat(perQueryBefore).isLessThan(1.2 * k);
  }

  @Test
  void tooFewRowsInTheProbedListsAreMadeUpFromFurtherOnes() throws Exception {
    Schema schema = schema(Metric.L2);
    create(storage, schema, 50, features(schema, clustered(60, DIMENSION, 5), 1));
    IndexReader reader = IndexReader.open(storage);
    float[] query = new float[DIMENSION];
    assertThat(reader.search(query, 60, Probe.nearest(1)).hits()).hasSize(60);
    assertThat(reader.search(query, 100, Probe.nearest(1)).hits()).hasSize(60);
  }

  @Test
  void equalDistancesAreRankedById() throws Exception {
    Schema schema = schema(Metric.L2);
    float[] same = new float[DIMENSION];
    List<Feature> features = new ArrayList<>();
    for (long id = 99; id >= 0; id--) {
      features.add(feature(schema, id, same, 1));
    }
    create(storage, schema, 4, features);
    assertThat(ids(IndexReader.open(storage).search(same, 5, Probe.exact())))
        .isEqualTo(IntStream.range(0, 5).mapToObj(i -> FeatureId.of((long) i)).toList());
  }

  /** Vectors of one direction, which rounding to unit length sets apart by a hair. */
  @Test
  void distancesThatAreReportedEqualAreRankedById() throws Exception {
    Schema schema = schema(Metric.COSINE);
    float[][] vectors = new float[300][];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = new float[DIMENSION];
      for (int d = 0; d < DIMENSION; d++) {
        vectors[i][d] = (d % 7 - 3) * (1 + i * 0.37f);
      }
    }
    create(storage, schema, 4, features(schema, vectors, 1));
    IndexReader reader = IndexReader.open(storage);
    for (float[] query : List.of(vectors[0], vectors[1], clustered(1, DIMENSION, 11)[0])) {
      assertThat(ids(reader.search(query, 300, Probe.exact()))).hasSize(300);
    }
  }

  @Test
  void aSupersededRowIsGoneEvenIfItsReplacementLiesInAListThatIsNotProbed() throws Exception {
    Schema schema = schema(Metric.L2);
    float[][] vectors = clustered(1000, DIMENSION, 6);
    create(storage, schema, 16, features(schema, vectors, 1));
    IndexReader reader = IndexReader.open(storage);
    float[] far = new float[DIMENSION];
    Arrays.fill(far, 50);

    append(storage, List.of(feature(schema, 7, far, 2)));
    assertThat(reader.refresh()).isTrue();

    assertThat(ids(reader.search(vectors[7], 10, Probe.nearest(1))))
        .doesNotContain(FeatureId.of(7));
    assertThat(ids(reader.search(far, 1, Probe.exact()))).containsExactly(FeatureId.of(7));
    assertThat(reader.view().liveRowCount()).isEqualTo(1000);
  }

  @Test
  void aLateUpsertRevivesNothing() throws Exception {
    Schema schema = schema(Metric.L2);
    float[][] vectors = clustered(50, DIMENSION, 7);
    create(storage, schema, 4, features(schema, vectors, 10));
    append(storage, List.of(Feature.delete(FeatureId.of(3), 20, 0)));
    append(storage, List.of(feature(schema, 3, vectors[3], 15)));
    IndexReader reader = IndexReader.open(storage);
    assertThat(reader.get(FeatureId.of(3))).isEmpty();
    assertThat(reader.view().liveRowCount()).isEqualTo(49);

    append(storage, List.of(feature(schema, 3, vectors[3], 20)));
    reader.refresh();
    assertThat(reader.get(FeatureId.of(3))).as("equal order: the later commit").isPresent();
  }

  /** Whether rows are told by their codes or by their vectors. */
  @Test
  void theFilterIsNotChargedWithSupersededRows() throws Exception {
    Schema schema =
        new Schema(
            IdType.INT64,
            DIMENSION,
            Metric.L2,
            List.of(new Attribute("even", AttributeType.BOOLEAN)));
    float[][] vectors = TestIndexes.clustered(600, DIMENSION, 3);
    TestIndexes.create(storage, schema, 4, withParity(vectors, 1));
    TestIndexes.append(storage, withParity(Arrays.copyOf(vectors, 200), 2));
    IndexView view = IndexReader.open(storage).view();
    Filter even = Filter.parse("even = true", schema);
    for (Probe probe : List.of(Probe.nearest(4), Probe.exact())) {
      SearchEffort effort =
          view.search(Query.nearest(vectors[0], 5).where(even).probing(probe)).effort();
      assertThat(effort.rowsScanned()).isEqualTo(800);
      assertThat(effort.rowsFiltered()).as("%s", probe).isEqualTo(300);
    }
  }

  private static List<Feature> withParity(float[][] vectors, long order) {
    List<Feature> features = new ArrayList<>();
    for (int i = 0; i < vectors.length; i++) {
      features.add(new Feature(FeatureId.of(i), vectors[i], order, i, new Object[] {i % 2 == 0}));
    }
    return features;
  }

  @Test
  void theTimesOfABatchAreThoseOfItsQueries() throws Exception {
    Schema schema = schema(Metric.L2);
    float[][] vectors = TestIndexes.clustered(2000, DIMENSION, 5);
    TestIndexes.create(storage, schema, 16, features(schema, vectors, 1));
    IndexView view = IndexReader.open(storage).view();
    List<Query> queries = new ArrayList<>();
    for (int q = 0; q < 20; q++) {
      queries.add(Query.nearest(vectors[q], 5).probing(Probe.nearest(8)));
    }
    for (SearchResult result : view.search(queries)) {
      assertThat(result.effort().scanNanos()).isPositive();
    }
  }

  @Test
  void anOldViewIsUntouchedByARefresh() throws Exception {
    Schema schema = schema(Metric.L2);
    create(storage, schema, 4, features(schema, clustered(50, DIMENSION, 8), 1));
    IndexReader reader = IndexReader.open(storage);
    IndexView old = reader.view();
    append(storage, List.of(Feature.delete(FeatureId.of(3), 2, 0)));
    reader.refresh();
    assertThat(old.get(FeatureId.of(3))).isPresent();
    assertThat(old.liveRowCount()).isEqualTo(50);
    assertThat(reader.get(FeatureId.of(3))).isEmpty();
    assertThat(IndexReader.openVersion(storage, 1).get(FeatureId.of(3))).isPresent();
  }

  @Test
  void vectorsOfAnyLengthAreFound() throws Exception {
    Schema schema = schema(Metric.INNER_PRODUCT);
    float[] huge = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      huge[i] = i % 2 == 0 ? 3e38f : -3e38f;
    }
    List<Feature> features = features(schema, clustered(30, DIMENSION, 9), 1);
    features.add(feature(schema, 1000, huge, 1));
    create(storage, schema, 4, features);
    float[] query = huge.clone();
    query[0] = -query[0];
    assertThat(IndexReader.open(storage).search(query, 100, Probe.exact()).hits()).hasSize(31);
  }

  @Test
  void aQueryThatIsNoVectorOfTheIndexIsRefused() throws Exception {
    Schema schema = schema(Metric.COSINE);
    create(storage, schema, 4, features(schema, clustered(30, DIMENSION, 10), 1));
    IndexReader reader = IndexReader.open(storage);
    assertThatThrownBy(() -> reader.search(new float[3], 1, Probe.exact()))
        .isInstanceOf(RejectedFeatureException.class)
        .hasMessageContaining("3 values, the index has 20");
    assertThatThrownBy(() -> reader.search(new float[DIMENSION], 1, Probe.exact()))
        .hasMessageContaining("zero vector");
    assertThatThrownBy(() -> reader.get(FeatureId.of("text")))
        .hasMessageContaining("the ids of this index are int64");
  }

  private static List<FeatureId> ids(SearchResult result) {
    List<FeatureId> ids = new ArrayList<>(result.hits().stream().map(Hit::id).toList());
    assertThat(result.hits())
        .isSortedAccordingTo(Comparator.comparingDouble(Hit::distance).thenComparing(Hit::id));
    return ids;
  }
}
