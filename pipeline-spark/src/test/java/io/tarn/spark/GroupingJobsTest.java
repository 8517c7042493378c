package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.settings.Settings;
import io.tarn.settings.SettingsException;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.neighbours.BruteDbscan;
import io.tarn.spark.neighbours.BruteDbscan.Label;
import io.tarn.spark.neighbours.CoreIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jobs that group the rows of an index: duplicates, and clusters by density. */
class GroupingJobsTest {
  private static final int DIMENSION = 64;
  private static final int ROWS = 4400;
  private static final double EPS = 45;

  @TempDir static Path directory;
  private static Path index;

  /** As many rows and dimensions as it takes to compare projections first. */
  @BeforeAll
  static void create() throws IOException {
    index = directory.resolve("index");
    Random random = new Random(4);
    List<Feature> features = new ArrayList<>();
    for (Row row : VectorRows.clustered(ROWS, DIMENSION, 3)) {
      float[] vector = VectorRows.vector(row);
      double width = random.nextInt(4) == 0 ? 1.2 : 0.65;
      for (int d = 0; d < DIMENSION; d++) {
        vector[d] *= (float) width;
      }
      features.add(feature(row.getLong(0), vector));
    }
    for (int copy = 0; copy < 60; copy++) {
      // Copies of copies, too.
      Feature original = features.get(random.nextInt(features.size()));
      float[] vector = original.vector().clone();
      vector[0] += copy % 2 == 0 ? 0 : 0.25f;
      features.add(feature(ROWS + copy, vector));
    }
    CoreIndex.create(
        index, new Schema(IdType.INT64, DIMENSION, Metric.L2, List.of()), features, 24);
  }

  private static Feature feature(long id, float... vector) {
    return new Feature(FeatureId.of(id), vector, 0, id, new Object[0]);
  }

  private static <T extends Record> T settings(Class<T> type, Object... keysAndValues) {
    List<String> settings = new ArrayList<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      settings.add(keysAndValues[i] + "=" + keysAndValues[i + 1]);
    }
    return Settings.load(type, Optional.empty(), settings);
  }

  private static Collection<Feature> live(Path path) throws IOException {
    return IndexFiles.live(path).values();
  }

  @Test
  void dbscanIsThatOfAllDistances() throws Exception {
    Path output = directory.resolve("clusters");
    DbscanResult result =
        DbscanJob.run(
            LocalSpark.session(),
            settings(
                DbscanSettings.class, "index", index, "output", output, "eps", EPS, "min-pts", 40));
    Map<Object, Label> expected = new BruteDbscan(Metric.L2, live(index), (float) EPS, 40).run();
    List<Row> rows = LocalSpark.session().read().parquet(output.toString()).collectAsList();
    assertThat(rows).hasSize(ROWS + 60);
    Map<String, Long> kinds = new HashMap<>();
    for (Row row : rows) {
      Label label = expected.get(row.getAs("id"));
      Long cluster = label.cluster() == null ? null : (long) label.cluster();
      assertThat(row.<Long>getAs("cluster")).isEqualTo(cluster);
      assertThat(row.<String>getAs("kind")).isEqualTo(label.kind());
      assertThat(row.<Integer>getAs("neighbours")).isEqualTo(label.neighbours());
      kinds.merge(label.kind(), 1L, Long::sum);
    }
    assertThat(List.of(result.core(), result.border(), result.noise()))
        .containsExactly(kinds.get("core"), kinds.get("border"), kinds.get("noise"));
    assertThat(result.border()).isPositive();
    assertThat(result.clusters())
        .isEqualTo(
            1L
                + expected.values().stream()
                    .mapToInt(l -> l.cluster() == null ? -1 : l.cluster())
                    .max()
                    .getAsInt());
  }

  @Test
  void duplicatesAreGroups() throws Exception {
    for (double limit : new double[] {0, 0.07}) {
      Path output = directory.resolve("duplicates-" + limit);
      DuplicatesResult result =
          DuplicatesJob.run(
              LocalSpark.session(),
              settings(
                  DuplicatesSettings.class,
                  "index",
                  index,
                  "output",
                  output,
                  "max-distance",
                  limit));
      Map<Object, Label> labels = new BruteDbscan(Metric.L2, live(index), (float) limit, 2).run();
      Map<Integer, Long> smallest = new HashMap<>();
      Map<Integer, Long> sizes = new HashMap<>();
      Map<Object, List<Object>> expected = new HashMap<>();
      labels.forEach(
          (id, label) -> {
            if (label.cluster() != null) {
              smallest.merge(label.cluster(), (Long) id, Math::min);
              sizes.merge(label.cluster(), 1L, Long::sum);
            }
          });
      labels.forEach(
          (id, label) -> {
            if (label.cluster() != null) {
              expected.put(
                  id,
                  List.of(
                      smallest.get(label.cluster()),
                      sizes.get(label.cluster()),
                      label.nearestId(),
                      label.distance()));
            }
          });
      Map<Object, List<Object>> found = new HashMap<>();
      for (Row row : LocalSpark.session().read().parquet(output.toString()).collectAsList()) {
        found.put(
            row.getAs("id"),
            List.of(
                row.getAs("group_id"),
                row.getAs("rows"),
                row.getAs("nearest_id"),
                row.getAs("distance")));
      }
      assertThat(found).isEqualTo(expected).hasSizeGreaterThan(30);
      assertThat(result.groups()).isEqualTo(sizes.size());
      assertThat(result.rows()).isEqualTo(expected.size());
    }
  }

  @Test
  void mistakesAreNamed() throws Exception {
    Schema products = new Schema(IdType.INT64, 2, Metric.INNER_PRODUCT, List.of());
    Path inner = directory.resolve("inner");
    CoreIndex.create(inner, products, List.of(feature(1, 1, 2)), 1);
    refused(inner, "the metric of " + inner + " is inner_product, which is no distance");
    Path gone = directory.resolve("gone");
    Schema plane = new Schema(IdType.INT64, 2, Metric.L2, List.of());
    CoreIndex.create(gone, plane, List.of(feature(1, 1, 2)), 1);
    CoreIndex.append(gone, List.of(Feature.delete(FeatureId.of(1), 1, 1)));
    refused(gone, "version 2 of " + gone + " has no live rows");
    refused(directory.resolve("none"), "none is no Tarn index");
    Path there = directory.resolve("there");
    there.toFile().mkdir();
    assertThatThrownBy(
            () ->
                DuplicatesJob.run(
                    LocalSpark.session(),
                    settings(DuplicatesSettings.class, "index", index, "output", there)))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("there exists already");
    assertSettings("eps", "0", "eps 0.0 is not larger than 0");
    assertSettings("eps", "-3", "eps -3.0 is not larger than 0");
    assertSettings("eps", "1e300", "too large for a float");
    assertSettings("min-pts", "0", "min-pts 0 is less than 1");
    assertSettings("output", "''", "output must name a directory");
    assertThatThrownBy(
            () ->
                settings(
                    DuplicatesSettings.class, "index", index, "output", "x", "max-distance", "-1"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("max-distance -1.0 is negative");
  }

  private static void refused(Path path, String message) {
    assertThatThrownBy(
            () ->
                DbscanJob.run(
                    LocalSpark.session(),
                    settings(
                        DbscanSettings.class,
                        "index",
                        path,
                        "output",
                        directory.resolve("unused"),
                        "eps",
                        1)))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining(message);
  }

  private static void assertSettings(String key, String value, String message) {
    Map<String, Object> values = new HashMap<>(Map.of("index", "i", "output", "o", "eps", 1));
    values.put(key, value);
    Object[] all =
        values.entrySet().stream()
            .flatMap(entry -> java.util.stream.Stream.of(entry.getKey(), entry.getValue()))
            .toArray();
    assertThatThrownBy(() -> settings(DbscanSettings.class, all))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining(message);
  }
}
