package io.tarn.spark.neighbours;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.spark.IndexFiles;
import io.tarn.spark.LocalSpark;
import io.tarn.spark.SampleIndex;
import io.tarn.spark.live.LiveSegment;
import io.tarn.spark.live.SettledRows;
import io.tarn.spark.neighbours.BruteDbscan.Label;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import org.apache.spark.sql.Row;

/** Clusters of small indexes beside those that comparing all rows gives. */
class DensityClustersTest {
  private static final int DIMENSION = 3;

  /** Whole numbers within a small space: many ties, many duplicates, and exact distances. */
  @Property(tries = 5, shrinking = ShrinkingMode.OFF)
  void clustersAreThoseOfAllDistances(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 700) int rows) throws Exception {
    Random random = new Random(seed);
    Metric metric = random.nextInt(3) == 0 ? Metric.COSINE : Metric.L2;
    Schema schema =
        new Schema(
            random.nextBoolean() ? IdType.INT64 : IdType.STRING, DIMENSION, metric, List.of());
    float eps =
        metric == Metric.L2
            ? List.of(0.5f, 1f, 2f, 3f, 6f).get(random.nextInt(5))
            : List.of(1e-7f, 0.001f, 0.01f).get(random.nextInt(3));
    int minPts = 1 + random.nextInt(6);
    int spread = 6 + random.nextInt(40);
    Path path = Files.createTempDirectory("clusters");
    try {
      List<Feature> features = features(random, schema, rows, rows, spread, 0);
      CoreIndex.create(path, schema, features, 1 + random.nextInt(6));
      for (int order = 1; order < 3; order++) {
        CoreIndex.append(
            path, features(random, schema, 1 + random.nextInt(200), rows + 50, spread, order));
      }
      Map<Object, Label> expected =
          new BruteDbscan(metric, IndexFiles.live(path).values(), eps, minPts).run();
      for (int blockRows : new int[] {100, 10_000}) {
        int maxKeptPairs = List.of(0, 40, 1 << 20).get(random.nextInt(3));
        assertThat(clusters(path, eps, minPts, blockRows, maxKeptPairs))
            .as("seed %d, blocks of %d rows", seed, blockRows)
            .isEqualTo(expected);
      }
    } finally {
      delete(path);
    }
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static List<Feature> features(
      Random random, Schema schema, int count, int ids, int spread, int order) throws Exception {
    List<Feature> features = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long number = order == 0 ? i : random.nextInt(ids);
      FeatureId id =
          schema.idType() == IdType.INT64
              ? FeatureId.of(-number)
              : FeatureId.of("ü" + Long.toString(number * 7919 % 1009, 36) + "-" + number);
      if (order > 0 && random.nextInt(3) == 0) {
        features.add(Feature.delete(id, order, i));
      } else {
        float[] vector = new float[DIMENSION];
        int centre = random.nextInt(3);
        for (int d = 0; d < DIMENSION; d++) {
          vector[d] = 1 + random.nextInt(spread) / (1 + centre) + (d == centre ? 9 : 0);
        }
        features.add(new Feature(id, VectorRules.accept(schema, vector), order, i, new Object[0]));
      }
    }
    return features;
  }

  private static Map<Object, Label> clusters(
      Path path, float eps, int minPts, int blockRows, int maxKeptPairs) throws IOException {
    Snapshot snapshot;
    try (Storage storage = new LocalStorage(path)) {
      snapshot = new SnapshotLog(storage).newest();
    }
    List<LiveSegment> live =
        SettledRows.of(LocalSpark.session(), SampleIndex.location(path), snapshot);
    RowBlocks blocks = RowBlocks.ofRows(live, blockRows);
    if (blocks.rows() == 0) {
      return Map.of();
    }
    Map<Object, Label> found = new HashMap<>();
    try (DensityClusters clusters =
        new DensityClusters(
            LocalSpark.session(),
            SampleIndex.location(path),
            snapshot,
            blocks,
            eps,
            minPts,
            true,
            maxKeptPairs)) {
      for (Row row : clusters.run().collectAsList()) {
        Label label =
            new Label(
                row.getAs(DensityClusters.CLUSTER),
                row.getAs(DensityClusters.KIND),
                row.getAs(DensityClusters.NEIGHBOURS),
                row.getAs(DensityClusters.NEAREST),
                row.getAs(DensityClusters.DISTANCE));
        assertThat(found.put(row.getAs("id"), label)).isNull();
      }
    }
    return numbered(found, snapshot.schema().idType());
  }

  /** Clusters numbered in the order of their smallest cores, as brute force does. */
  private static Map<Object, Label> numbered(Map<Object, Label> found, IdType idType) {
    Map<Integer, Integer> numbers = new HashMap<>();
    found.entrySet().stream()
        .filter(entry -> entry.getValue().kind().equals("core"))
        .sorted(Comparator.comparing(entry -> FeatureId.parse(idType, entry.getKey().toString())))
        .forEach(entry -> numbers.putIfAbsent(entry.getValue().cluster(), numbers.size()));
    Map<Object, Label> labels = new HashMap<>();
    found.forEach(
        (id, label) ->
            labels.put(
                id,
                new Label(
                    label.cluster() == null ? null : numbers.get(label.cluster()),
                    label.kind(),
                    label.neighbours(),
                    label.nearestId(),
                    label.distance())));
    return labels;
  }
}
