package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.IndexExistsException;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.settings.Settings;
import io.tarn.spark.input.UnusableInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.SaveMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuildJobTest {
  @TempDir Path directory;

  private Path index() {
    return directory.resolve("index");
  }

  private Path parquet(List<Row> rows, int files) {
    Path path = directory.resolve("input");
    VectorRows.table(rows)
        .coalesce(1)
        .repartitionByRange(files, org.apache.spark.sql.functions.col("id"))
        .write()
        .mode(SaveMode.Overwrite)
        .parquet(path.toString());
    return path;
  }

  private BuildResult build(Path input, String... overrides) throws Exception {
    return build(index(), input, overrides);
  }

  private static BuildResult build(Path index, Path input, String... overrides) throws Exception {
    List<String> settings = new ArrayList<>(List.of("index=" + index, "input.path=" + input));
    settings.addAll(List.of(overrides));
    return BuildJob.run(
        LocalSpark.session(), Settings.load(BuildSettings.class, Optional.empty(), settings));
  }

  @Test
  void everyRowOfTheTableIsInTheIndexWithItsOrderAndNumber() throws Exception {
    List<Row> rows = VectorRows.clustered(3000, 12, 1);
    BuildResult result = build(parquet(rows, 3), "input.order-column=ts", "nlist=16");

    assertThat(result.version()).isEqualTo(1);
    assertThat(result.rows()).isEqualTo(3000);
    assertThat(result.rejected()).isEmpty();
    assertThat(result.supersededRows()).isZero();
    assertThat(result.lists()).isEqualTo(16);
    Map<Object, Feature> live = IndexFiles.live(index());
    assertThat(live).hasSize(3000);
    for (Row row : rows) {
      Feature feature = live.get(row.getLong(0));
      assertThat(feature.vector()).containsExactly(VectorRows.vector(row));
      assertThat(feature.order()).isEqualTo(row.getLong(2));
      assertThat(feature.position()).isEqualTo(row.getLong(0));
    }
    try (LocalStorage storage = new LocalStorage(index())) {
      assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"l2, int8", "cosine, rabitq", "inner_product, rabitq4"})
  void exactSearchFindsWhatBruteForceFinds(String metric, String quantizer) throws Exception {
    List<Row> rows = VectorRows.clustered(500, 6, 2);
    build(parquet(rows, 2), "metric=" + metric, "nlist=8", "quantizer=" + quantizer);
    IndexView view = IndexFiles.view(index());
    assertThat(view.snapshot().model().quantizer()).isEqualTo(quantizer);
    for (Row query : rows.subList(0, 20)) {
      List<Hit> hits = view.search(VectorRows.vector(query), 5, Probe.exact()).hits();
      assertThat(hits.stream().map(hit -> hit.id().toObject()).toList())
          .isEqualTo(nearest(rows, VectorRows.vector(query), metric));
    }
  }

  private static List<Object> nearest(List<Row> rows, float[] query, String metric) {
    return rows.stream()
        .sorted(Comparator.comparingDouble(row -> distance(query, VectorRows.vector(row), metric)))
        .limit(5)
        .<Object>map(row -> row.getLong(0))
        .toList();
  }

  private static double distance(float[] a, float[] b, String metric) {
    double l2 = 0;
    double dot = 0;
    double normA = 0;
    double normB = 0;
    for (int i = 0; i < a.length; i++) {
      l2 += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
      dot += (double) a[i] * b[i];
      normA += (double) a[i] * a[i];
      normB += (double) b[i] * b[i];
    }
    return switch (metric) {
      case "l2" -> l2;
      case "cosine" -> 1 - dot / Math.sqrt(normA * normB);
      default -> -dot;
    };
  }

  @Test
  void ofDuplicateIdsTheNewestOrderWinsAndOfEqualOrdersTheLaterRow() throws Exception {
    List<Row> rows =
        List.of(
            VectorRows.row(1L, 10, 1, 0),
            VectorRows.row(2L, 5, 2, 0),
            VectorRows.row(1L, 30, 3, 0),
            VectorRows.row(2L, 5, 4, 0),
            VectorRows.row(1L, 20, 5, 0),
            VectorRows.row(3L, 7, 6, 0),
            VectorRows.row(3L, 9, Float.NaN, 0));
    Path input = directory.resolve("input");
    VectorRows.table(rows).coalesce(1).write().parquet(input.toString());

    BuildResult result = build(input, "input.order-column=ts");

    assertThat(result.rows()).isEqualTo(3);
    assertThat(result.supersededRows()).isEqualTo(3);
    assertThat(result.rejected()).containsExactly(Map.entry(Reason.NOT_FINITE, 1L));
    Map<Object, Feature> live = IndexFiles.live(index());
    assertThat(live.get(1L).vector()).containsExactly(3, 0);
    assertThat(live.get(2L).vector()).containsExactly(4, 0);
    assertThat(live.get(3L).vector()).containsExactly(6, 0);
    // Superseded rows are not even written.
    assertThat(IndexFiles.view(index()).snapshot().segments().get(0).rows()).isEqualTo(3);
  }

  @Test
  void rowsTheIndexCannotTakeAreCountedAndWrittenToTheRejectsTable() throws Exception {
    List<Row> rows = new ArrayList<>(VectorRows.clustered(20, 3, 3));
    rows.add(RowFactory.create(100L, null, 0L));
    rows.add(VectorRows.row(101L, 0, 1, Float.NaN, 2));
    rows.add(VectorRows.row(102L, 0, 1, Float.NEGATIVE_INFINITY, 2));
    rows.add(VectorRows.row(103L, 0, 0, 0, 0));
    rows.add(VectorRows.row(104L, 0, 1, 2));
    rows.add(VectorRows.row(null, 0, 1, 2, 3));
    rows.add(RowFactory.create(106L, new Float[] {1f, null, 3f}, 0L));
    Path input = directory.resolve("input");
    Path rejects = directory.resolve("rejects");
    VectorRows.table(rows).coalesce(1).write().parquet(input.toString());

    BuildResult result = build(input, "metric=cosine", "rejects=" + rejects);

    assertThat(result.rows()).isEqualTo(20);
    assertThat(result.rejected())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                Reason.MISSING_VECTOR, 1L,
                Reason.NOT_FINITE, 3L,
                Reason.ZERO_VECTOR, 1L,
                Reason.WRONG_DIMENSION, 1L,
                Reason.MISSING_ID, 1L));
    List<Row> written =
        LocalSpark.session().read().parquet(rejects.toString()).orderBy("row").collectAsList();
    assertThat(written)
        .containsExactly(
            RowFactory.create("100", 20L, "MISSING_VECTOR", "the vector is missing"),
            RowFactory.create("101", 21L, "NOT_FINITE", "value 1 of the vector is NaN"),
            RowFactory.create("102", 22L, "NOT_FINITE", "value 1 of the vector is -Infinity"),
            RowFactory.create(
                "103", 23L, "ZERO_VECTOR", "a zero vector has no direction, which cosine needs"),
            RowFactory.create(
                "104", 24L, "WRONG_DIMENSION", "the vector has 2 values, the index has 3"),
            RowFactory.create(null, 25L, "MISSING_ID", "the id is missing"),
            RowFactory.create("106", 26L, "NOT_FINITE", "value 1 of the vector is null"));
  }

  @Test
  void tooManyRejectedRowsFailTheJobAndLeaveNoIndexButTheRejectsTable() {
    List<Row> rows = new ArrayList<>(VectorRows.clustered(4, 3, 3));
    for (int i = 0; i < 6; i++) {
      rows.add(VectorRows.row(100L + i, 0, 1, 2));
    }
    Path rejects = directory.resolve("rejects");
    Path input = parquet(rows, 1);
    assertThatThrownBy(() -> build(input, "rejects=" + rejects))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("of the 10 rows of")
        .hasMessageContaining("6 cannot be used {WRONG_DIMENSION=6}")
        .hasMessageContaining("see " + rejects);
    assertThat(index().resolve("versions")).doesNotExist();
    assertThat(LocalSpark.session().read().parquet(rejects.toString()).count()).isEqualTo(6);
  }

  @Test
  void theDimensionIsThatOfTheFirstRowUnlessItIsSet() throws Exception {
    List<Row> rows =
        List.of(
            RowFactory.create(0L, new float[0], 0L),
            VectorRows.row(1L, 0, 1, 2),
            VectorRows.row(2L, 0, 1, 2, 3),
            VectorRows.row(3L, 0, 1, 2, 4));
    Path input = directory.resolve("input");
    VectorRows.table(rows).coalesce(1).write().parquet(input.toString());
    assertThat(build(input, "max-rejected-share=1").dimension()).isEqualTo(2);
    BuildResult three = build(directory.resolve("index3"), input, "dimension=3");
    assertThat(three.rows()).isEqualTo(2);
  }

  @Test
  void thereAreAsManyListsAsDistinctRowsIfThoseAreFewer() throws Exception {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      rows.add(VectorRows.row((long) i, 0, i % 3, 1));
    }
    BuildResult result = build(parquet(rows, 2), "nlist=64");
    assertThat(result.lists()).isEqualTo(3);
    assertThat(IndexFiles.live(index())).hasSize(30);
  }

  @Test
  void anEmptyInputIsAnError() {
    Path input = parquet(List.of(), 1);
    assertThatThrownBy(() -> build(input))
        .isInstanceOf(UnusableInputException.class)
        .hasMessage(input + " is empty: it has no rows");
    assertThat(index().resolve("versions")).doesNotExist();
  }

  @Test
  void anInputWithoutAnyVectorIsAnError() {
    Path input = parquet(List.of(RowFactory.create(1L, null, 0L)), 1);
    assertThatThrownBy(() -> build(input))
        .isInstanceOf(UnusableInputException.class)
        .hasMessage("no row of " + input + " has a vector in column 'vector'");
  }

  @Test
  void anExistingIndexIsRefusedBeforeTheInputIsEvenLookedFor() throws Exception {
    build(parquet(VectorRows.clustered(10, 2, 1), 1));
    List<String> before = IndexFiles.below(index());
    assertThatThrownBy(() -> build(directory.resolve("no-such-input")))
        .isInstanceOf(IndexExistsException.class);
    assertThat(IndexFiles.below(index())).isEqualTo(before);
  }

  @Test
  void anExistingRejectsTableIsRefusedBeforeAnyWork() throws Exception {
    Path rejects = Files.createDirectory(directory.resolve("rejects"));
    assertThatThrownBy(() -> build(directory.resolve("no-such-input"), "rejects=" + rejects))
        .isInstanceOf(UnusableInputException.class)
        .hasMessage("the rejects table " + rejects + " exists already: remove it, or name another");
  }

  /**
   * Model and live rows may depend on the input, the settings and the seed, and on nothing else.
   */
  @Test
  void theSameInputGivesTheSameIndexHoweverItIsSplit() throws Exception {
    List<Row> rows = new ArrayList<>(VectorRows.clustered(4000, 8, 4));
    rows.addAll(VectorRows.clustered(300, 8, 5));
    Path input = directory.resolve("input");
    VectorRows.table(rows).coalesce(1).write().json(input.toString());
    String[] settings = {
      "input.format=json", "input.order-column=ts", "nlist=16", "training.sample-rows-per-list=32"
    };
    List<Snapshot> snapshots = new ArrayList<>();
    List<Map<Object, Feature>> live = new ArrayList<>();
    for (int partitions : new int[] {1, 2, 7}) {
      Path index = directory.resolve("index" + partitions);
      splitInto(partitions, input);
      try {
        build(index, input, settings);
      } finally {
        LocalSpark.session().conf().unset("spark.sql.files.maxPartitionBytes");
        LocalSpark.session().conf().unset("spark.sql.files.openCostInBytes");
        LocalSpark.session().conf().unset("spark.sql.files.minPartitionNum");
      }
      snapshots.add(IndexFiles.view(index).snapshot());
      live.add(IndexFiles.live(index));
    }
    for (int i = 1; i < 3; i++) {
      assertThat(snapshots.get(i).model()).isEqualTo(snapshots.get(0).model());
      assertThat(live.get(i).keySet()).isEqualTo(live.get(0).keySet());
      for (Object id : live.get(0).keySet()) {
        Feature expected = live.get(0).get(id);
        Feature found = live.get(i).get(id);
        assertThat(found.vector()).containsExactly(expected.vector());
        assertThat(found.order()).isEqualTo(expected.order());
        assertThat(found.position()).isEqualTo(expected.position());
      }
    }
    assertThat(live.get(0)).hasSize(4000);
    assertThat(live.get(0).get(5L).position()).isEqualTo(4005);
  }

  /** Has Spark read the one file of a directory with so many tasks. */
  private static void splitInto(int partitions, Path input) throws IOException {
    try (Stream<Path> files = Files.list(input)) {
      long bytes =
          files
              .filter(file -> file.getFileName().toString().endsWith(".json"))
              .mapToLong(file -> file.toFile().length())
              .sum();
      RuntimeConfig conf = LocalSpark.session().conf();
      conf.set("spark.sql.files.maxPartitionBytes", bytes / partitions + 1);
      conf.set("spark.sql.files.openCostInBytes", bytes);
      conf.set("spark.sql.files.minPartitionNum", 1);
    }
    assertThat(LocalSpark.session().read().json(input.toString()).rdd().getNumPartitions())
        .isEqualTo(partitions);
  }

  @Test
  void segmentsAreClosedAtTheTargetSizeAndHoldRangesOfLists() throws Exception {
    List<Row> rows = VectorRows.clustered(20_000, 64, 6);
    BuildResult result =
        build(parquet(rows, 2), "nlist=32", "segment-bytes=1048576", "training.iterations=2");
    Snapshot snapshot = IndexFiles.view(index()).snapshot();
    assertThat(result.segments()).isEqualTo(snapshot.segments().size()).isBetween(5, 12);
    assertThat(snapshot.segments())
        .allSatisfy(segment -> assertThat(segment.file().bytes()).isLessThan(1_700_000));
    assertThat(IndexFiles.live(index())).hasSize(20_000);
  }

  @Test
  void textsAreEmbeddedByAnEmbedderTheIndexKeeps() throws Exception {
    Path input = directory.resolve("texts.json");
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      String text = i % 2 == 0 ? "read lines of a file" : "convert text to a number";
      lines.add("{\"id\": \"t%d\", \"text\": \"%s\", \"n\": %d}".formatted(i, text, i));
    }
    lines.add("{\"id\": \"unknown\", \"text\": \"qwxz\"}");
    lines.add("{\"id\": \"none\"}");
    Files.write(input, lines);

    BuildResult result =
        build(
            input,
            "input.format=json",
            "input.text-column=text",
            "input.attributes=[n, text]",
            "metric=cosine",
            "word2vec.dimension=16",
            "word2vec.min-count=2");

    assertThat(result.rows()).isEqualTo(60);
    assertThat(result.rejected())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(Reason.NOT_EMBEDDABLE, 1L, Reason.MISSING_VECTOR, 1L));
    IndexView view = IndexFiles.view(index());
    assertThat(view.snapshot().embedder().kind()).isEqualTo("word2vec");
    Feature feature = view.get(FeatureId.of("t4")).orElseThrow();
    assertThat(feature.attributes()).containsExactly(4L, "read lines of a file");
    List<Hit> hits = view.search(feature.vector(), 5, Probe.exact()).hits();
    assertThat(hits)
        .allSatisfy(
            hit -> assertThat(hit.attributes().get("text")).isEqualTo("read lines of a file"));
  }

  @Test
  void attributesKeepTheirTypes() throws Exception {
    Path input = directory.resolve("input.csv");
    Files.write(
        input,
        List.of(
            "id,vector,title,year,score,hot,day",
            "a,\"[1, 2]\",\"with \"\"quotes\"\", and comma\",1999,0.5,true,2024-02-29",
            "b,\"[3, 4]\",,,,,"));
    build(input, "input.format=csv", "input.attributes=[title, year, score, hot, day]");
    Map<Object, Feature> live = IndexFiles.live(index());
    assertThat(live.get("a").attributes())
        .containsExactly(
            "with \"quotes\", and comma",
            1999L,
            0.5,
            true,
            java.time.Instant.parse("2024-02-29T00:00:00Z"));
    assertThat(Arrays.asList(live.get("b").attributes())).containsOnlyNulls();
  }
}
