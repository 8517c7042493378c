package io.tarn.index.search;

import static io.tarn.index.search.TestIndexes.feature;
import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows and queries that strain the bounds of codes: searches of all lists still find what is. */
class CodeBoundTest {
  private final SplittableRandom random = new SplittableRandom(20_240_618);

  private static Schema schema(Metric metric, int dimension) {
    return new Schema(IdType.INT64, dimension, metric, List.of());
  }

  /** The same rows, coded in every way there is. */
  private static List<IndexReader> open(Schema schema, float[][] centroids, List<float[]> rows)
      throws Exception {
    float[] all = new float[centroids.length * schema.dimension()];
    for (int list = 0; list < centroids.length; list++) {
      System.arraycopy(centroids[list], 0, all, list * schema.dimension(), schema.dimension());
    }
    List<Feature> features = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      features.add(feature(schema, i, rows.get(i), 1));
    }
    List<IndexReader> readers = new ArrayList<>();
    for (Quantizer quantizer : Quantizer.all()) {
      Storage storage = new MemoryStorage();
      Model model = Model.of(schema.metric(), schema.dimension(), all, quantizer);
      TestIndexes.create(storage, schema, model, features);
      readers.add(IndexReader.open(storage));
    }
    return readers;
  }

  private float[] around(float[] centre, float deviation) {
    float[] vector = new float[centre.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = centre[i] + deviation * (float) random.nextGaussian();
    }
    return vector;
  }

  private static Set<Object> ids(IndexReader reader, float[] query, int k, Probe probe)
      throws Exception {
    Set<Object> ids = new HashSet<>();
    reader.search(query, k, probe).hits().forEach(hit -> ids.add(hit.id()));
    return ids;
  }

  /** How many hits are missing where most are. */
  private static int missed(List<IndexReader> readers, float[] query, int k) throws Exception {
    int most = 0;
    for (IndexReader reader : readers) {
      Set<Object> missed = ids(reader, query, k, Probe.exact());
      missed.removeAll(ids(reader, query, k, Probe.nearest(reader.view().model().listCount())));
      boolean isCertain = quantizer(reader).equals("none") || quantizer(reader).equals("int8");
      assertThat(isCertain ? missed : Set.of()).as(quantizer(reader)).isEmpty();
      most = Math.max(most, missed.size());
    }
    return most;
  }

  private static String quantizer(IndexReader reader) {
    return reader.view().snapshot().model().quantizer();
  }

  private static void assertCount(
      List<IndexReader> readers, float[] query, int k, Probe probe, int expected) throws Exception {
    for (IndexReader reader : readers) {
      assertThat(ids(reader, query, k, probe)).as(quantizer(reader)).hasSize(expected);
    }
  }

  /** One far row makes the offsets of its block coarse; its neighbours must not seem nearer. */
  @ParameterizedTest
  @CsvSource({"1e4", "1e6", "1e12"})
  void anOutlierDoesNotHideTheRowsOfOtherBlocks(float far) throws Exception {
    int dimension = 8;
    float[][] centroids = new float[2][dimension];
    centroids[0][0] = 10;
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      rows.add(around(centroids[i % 2], 1));
    }
    float[] outlier = new float[dimension];
    outlier[1] = far;
    // In the block of the list that is nearer to it.
    rows.add(outlier);
    outlier = outlier.clone();
    outlier[0] = -far;
    rows.add(outlier);
    List<IndexReader> readers = open(schema(Metric.L2, dimension), centroids, rows);
    for (float[] centroid : centroids) {
      for (int q = 0; q < 20; q++) {
        assertThat(missed(readers, around(centroid, 1), 3)).isZero();
      }
    }
  }

  /** Tables are made for the space as a whole; their rounding must not drown a small list. */
  @ParameterizedTest
  @CsvSource({"L2, 100", "COSINE, 1", "INNER_PRODUCT, 5"})
  void rowsOfTightListsFarApartAreFound(Metric metric, float apart) throws Exception {
    int dimension = 32;
    float[][] centroids = new float[8][];
    List<float[]> rows = new ArrayList<>();
    for (int list = 0; list < centroids.length; list++) {
      centroids[list] = around(new float[dimension], apart);
      if (metric == Metric.COSINE) {
        centroids[list] = feature(schema(metric, dimension), 0, centroids[list], 0).vector();
      }
      for (int i = 0; i < 100; i++) {
        rows.add(around(centroids[list], 1e-3f * apart));
      }
    }
    List<IndexReader> readers = open(schema(metric, dimension), centroids, rows);
    int missed = 0;
    for (int q = 0; q < 100; q++) {
      missed += missed(readers, around(centroids[q % 8], 1e-3f * apart), 10);
    }
    assertThat(missed).as("of 1,000 hits").isLessThanOrEqualTo(3);
  }

  @Test
  void productsThatOverflowLoseNoRow() throws Exception {
    int dimension = 4;
    float[][] centroids = new float[2][dimension];
    Arrays.fill(centroids[1], 1e16f);
    float[] opposite = new float[dimension];
    Arrays.fill(opposite, -1e25f);
    opposite[2] = -3e24f;
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      rows.add(around(new float[dimension], 1));
    }
    rows.add(opposite);
    List<IndexReader> readers = open(schema(Metric.INNER_PRODUCT, dimension), centroids, rows);
    float[] query = around(centroids[0], 1);
    for (float[] asked : new float[][] {query, centroids[0], centroids[1], opposite}) {
      assertCount(readers, asked, 51, Probe.nearest(2), 51);
      assertThat(missed(readers, asked, 5)).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "L2, 1e30",
    "INNER_PRODUCT, 1e30",
    "COSINE, 1e30",
    "L2, 1e18",
    "INNER_PRODUCT, 1e18",
    "L2, 1e-20",
    "L2, 1e-30",
    "INNER_PRODUCT, 1e-30",
    "COSINE, 1e-30",
    "L2, 1e-38",
    "INNER_PRODUCT, 1e-38"
  })
  void rowsOfAnyMagnitudeAreFound(Metric metric, float magnitude) throws Exception {
    int dimension = 3;
    float[][] centroids = new float[3][dimension];
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      rows.add(around(new float[dimension], i % 3 == 0 ? magnitude : i % 3));
    }
    centroids[1] = rows.get(0);
    centroids[2] = rows.get(1);
    if (metric == Metric.COSINE) {
      for (int list = 0; list < 3; list++) {
        centroids[list] = feature(schema(metric, dimension), 0, rows.get(list), 0).vector();
      }
    }
    List<IndexReader> readers = open(schema(metric, dimension), centroids, rows);
    for (float size : new float[] {1, magnitude}) {
      for (int q = 0; q < 10; q++) {
        float[] query = around(new float[dimension], size);
        assertCount(readers, query, 120, Probe.nearest(1), 120);
        assertThat(missed(readers, query, 7)).isZero();
      }
    }
    assertThat(missed(readers, rows.get(0), 1)).isZero();
  }

  /** Rows equal to their centroid, lists of one row, a query that is the row. */
  @ParameterizedTest
  @EnumSource(Metric.class)
  void rowsThatAreTheirOwnCentroidsAreFound(Metric metric) throws Exception {
    int dimension = 24;
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      float[] row = around(new float[dimension], 1);
      rows.add(feature(schema(metric, dimension), 0, row, 0).vector());
    }
    List<IndexReader> readers = open(schema(metric, dimension), rows.toArray(new float[0][]), rows);
    for (float[] row : rows) {
      assertThat(missed(readers, row, 5)).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"4098", "65536"})
  void vectorsOfManyDimensionsAreFound(int dimension) throws Exception {
    float[][] centroids = {new float[dimension], around(new float[dimension], 1)};
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < (dimension > 10_000 ? 20 : 40); i++) {
      rows.add(around(centroids[i % 2], 1));
    }
    List<IndexReader> readers = open(schema(Metric.L2, dimension), centroids, rows);
    for (int q = 0; q < 3; q++) {
      assertThat(missed(readers, around(centroids[q % 2], 1), 5)).isZero();
    }
  }

  /** The first lists are found by codes, with errors; the rest must be exactly the rest. */
  @Test
  void furtherListsAreThoseThatWereNotLookedAt() throws Exception {
    int dimension = 6;
    float[][] centroids = new float[150][];
    List<float[]> rows = new ArrayList<>();
    for (int list = 0; list < centroids.length; list++) {
      centroids[list] = around(new float[dimension], 1);
      rows.add(around(centroids[list], 0.01f));
    }
    List<IndexReader> readers = open(schema(Metric.L2, dimension), centroids, rows);
    for (int q = 0; q < 20; q++) {
      float[] query = around(new float[dimension], 1);
      for (int nprobe : new int[] {1, 10, 40}) {
        assertCount(readers, query, 150, Probe.nearest(nprobe), 150);
      }
    }
  }
}
