package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.NotAnIndexException;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.settings.Settings;
import io.tarn.spark.input.UnusableInputException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppendJobTest {
  @TempDir Path directory;
  private int inputs;

  private Path index() {
    return directory.resolve("index");
  }

  private Path json(String... lines) throws Exception {
    return Files.write(directory.resolve("input" + inputs++ + ".json"), List.of(lines));
  }

  private Path parquet(List<Row> rows) {
    Path path = directory.resolve("input" + inputs++);
    VectorRows.table(rows).coalesce(1).write().parquet(path.toString());
    return path;
  }

  private void build(Path input, String... overrides) throws Exception {
    BuildJob.run(LocalSpark.session(), settings(BuildSettings.class, input, overrides));
  }

  private AppendResult append(Path input, String... overrides) throws Exception {
    return AppendJob.run(LocalSpark.session(), settings(AppendSettings.class, input, overrides));
  }

  private <T extends Record> T settings(Class<T> type, Path input, String... overrides) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "index=" + index(),
                "input.path=" + input,
                "input.format=" + (input.toString().endsWith(".json") ? "json" : "parquet")));
    all.addAll(List.of(overrides));
    return Settings.load(type, Optional.empty(), all);
  }

  @Test
  void upsertsAndDeletesOfOneTableAreOneCommit() throws Exception {
    build(
        json(
            "{\"id\": \"a\", \"vector\": [1, 0], \"ts\": 1, \"title\": \"A\", \"n\": 1}",
            "{\"id\": \"b\", \"vector\": [2, 0], \"ts\": 1, \"title\": \"B\", \"n\": 2}",
            "{\"id\": \"c\", \"vector\": [3, 0], \"ts\": 9, \"title\": \"C\", \"n\": 3}"),
        "input.attributes=[title, n]",
        "input.order-column=ts");
    AppendResult result =
        append(
            json(
                "{\"id\": \"a\", \"op\": \"delete\", \"ts\": 2}",
                "{\"id\": \"b\", \"op\": \"UPSERT\", \"vector\": [5, 0], \"ts\": 2, \"n\": 20}",
                "{\"id\": \"c\", \"op\": \"upsert\", \"vector\": [6, 0], \"ts\": 8, \"n\": 30}",
                "{\"id\": \"d\", \"op\": \"upsert\", \"vector\": [7, 0], \"ts\": 1, \"x\": 1}",
                "{\"id\": \"e\", \"op\": \"purge\", \"vector\": [8, 0], \"ts\": 1}",
                "{\"id\": \"f\", \"op\": \"upsert\", \"vector\": [8, 0, 0], \"ts\": 1}"),
            "op-column=op",
            "input.order-column=ts");
    assertThat(result.version()).isEqualTo(2);
    assertThat(result.upserts()).isEqualTo(3);
    assertThat(result.deletes()).isEqualTo(1);
    assertThat(result.rejected())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(Reason.UNPARSABLE, 1L, Reason.WRONG_DIMENSION, 1L));
    Map<Object, Feature> live = IndexFiles.live(index());
    assertThat(live).containsOnlyKeys("b", "c", "d");
    assertThat(live.get("b").vector()).containsExactly(5, 0);
    assertThat(live.get("b").attributes()).containsExactly(null, 20L);
    // The row of c in the index is newer than the one appended.
    assertThat(live.get("c").vector()).containsExactly(3, 0);
    assertThat(live.get("d").attributes()).containsExactly(null, null);
    try (LocalStorage storage = new LocalStorage(index())) {
      assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    }
  }

  @Test
  void aTableOfIdsDeletes() throws Exception {
    build(parquet(VectorRows.clustered(100, 4, 1)));
    Path ids =
        json("{\"id\": 3}", "{\"id\": 5}", "{\"id\": 5}", "{\"id\": 1000}", "{\"other\": 1}");
    AppendResult result = append(ids, "delete=true");
    assertThat(result.deletes()).isEqualTo(3);
    assertThat(result.upserts()).isZero();
    assertThat(result.supersededRows()).isEqualTo(1);
    assertThat(result.rejected()).containsExactly(Map.entry(Reason.MISSING_ID, 1L));
    assertThat(IndexFiles.live(index())).hasSize(98).doesNotContainKeys(3L, 5L);
  }

  @Test
  void withoutAnOrderColumnTheJobThatStartedLaterWins() throws Exception {
    build(json("{\"id\": 1, \"vector\": [1, 0]}", "{\"id\": 2, \"vector\": [2, 0]}"));
    append(json("{\"id\": 1, \"vector\": [3, 0]}", "{\"id\": 1, \"vector\": [4, 0]}"));
    assertThat(IndexFiles.live(index()).get(1L).vector()).containsExactly(4, 0);
    append(json("{\"id\": 1}"), "delete=true");
    assertThat(IndexFiles.live(index())).containsOnlyKeys(2L);
    append(json("{\"id\": 1, \"vector\": [5, 0]}"));
    assertThat(IndexFiles.live(index()).get(1L).vector()).containsExactly(5, 0);
  }

  @Test
  void aTableWithoutRowsCommitsNothing() throws Exception {
    build(parquet(VectorRows.clustered(10, 4, 1)));
    AppendResult result = append(parquet(List.of()));
    assertThat(result.version()).isEqualTo(1);
    assertThat(result.upserts()).isZero();
    assertThat(IndexFiles.view(index()).snapshot().version()).isEqualTo(1);
  }

  @Test
  void textsAreEmbeddedByTheIndexsOwnEmbedder() throws Exception {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String text = i % 2 == 0 ? "read lines of a file" : "convert text to a number";
      lines.add("{\"id\": %d, \"text\": \"%s\"}".formatted(i, text));
    }
    build(
        json(lines.toArray(String[]::new)),
        "input.text-column=text",
        "word2vec.dimension=8",
        "metric=cosine");
    AppendResult result =
        append(
            json(
                "{\"id\": 100, \"text\": \"Read, lines: of a FILE\"}",
                "{\"id\": 101, \"text\": \"qwxz\"}",
                "{\"id\": 1, \"text\": \"read lines of a file\"}"),
            "input.text-column=text");
    assertThat(result.upserts()).isEqualTo(2);
    assertThat(result.rejected()).containsExactly(Map.entry(Reason.NOT_EMBEDDABLE, 1L));
    Map<Object, Feature> live = IndexFiles.live(index());
    assertThat(live.get(100L).vector()).containsExactly(live.get(0L).vector());
    assertThat(live.get(1L).vector()).containsExactly(live.get(0L).vector());
  }

  @Test
  void imagesAreEmbeddedByTheIndexsOwnEmbedder() throws Exception {
    build(
        json(
            "{\"id\": 1, \"image\": \"%s\"}".formatted(gray(2, 1, 0, 200)),
            "{\"id\": 2, \"image\": \"%s\"}".formatted(gray(4, 2, 9, 9, 5, 5, 9, 9, 5, 5))),
        "input.image-column=image",
        "pixels.width=2",
        "pixels.height=1");
    Path bytes = directory.resolve("bytes.parquet");
    LocalSpark.session()
        .sql("select 3L as id, unbase64('%s') as image".formatted(gray(2, 1, 7, 8)))
        .write()
        .parquet(bytes.toString());
    append(bytes, "input.image-column=image");
    AppendResult result =
        append(
            json(
                "{\"id\": 1, \"image\": \"%s\"}".formatted(gray(2, 1, 3, 4)),
                "{\"id\": 4, \"image\": \"no Base64!\"}",
                "{\"id\": 5, \"image\": \"AAAA\"}"),
            "input.image-column=image",
            "max-rejected-share=1");
    assertThat(result.rejected())
        .isEqualTo(Map.of(Reason.MISSING_VECTOR, 1L, Reason.NOT_EMBEDDABLE, 1L));
    Map<Object, Feature> live = IndexFiles.live(index());
    assertThat(live.get(1L).vector()).containsExactly(3, 4);
    assertThat(live.get(2L).vector()).containsExactly(9, 5);
    assertThat(live.get(3L).vector()).containsExactly(7, 8);
  }

  private static String gray(int width, int height, int... values) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setPixels(0, 0, width, height, values);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return Base64.getEncoder().encodeToString(png.toByteArray());
  }

  @Test
  void textsNeedAnIndexWithAnEmbedder() throws Exception {
    build(json("{\"id\": 1, \"vector\": [1, 0]}"));
    assertThatThrownBy(() -> append(json("{\"id\": 1, \"text\": \"x\"}"), "input.text-column=text"))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("has no embedder");
  }

  @Test
  void thereMustBeAnIndex() throws Exception {
    Path input = json("{\"id\": 1, \"vector\": [1, 0]}");
    assertThatThrownBy(() -> append(input)).isInstanceOf(NotAnIndexException.class);
    assertThat(IndexFiles.below(index())).isEmpty();
  }

  @Test
  void aTableInWhichNothingFitsTheIndexIsRefused() throws Exception {
    build(parquet(VectorRows.clustered(10, 4, 1)));
    List<String> before = IndexFiles.below(index());
    assertThatThrownBy(() -> append(parquet(VectorRows.clustered(10, 5, 1))))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("10 cannot be used {WRONG_DIMENSION=10}");
    assertThat(IndexFiles.below(index())).isEqualTo(before);
  }

  @Test
  void twoJobsAtOnceBothCommit() throws Exception {
    build(parquet(VectorRows.clustered(50, 4, 1)));
    Path first = json("{\"id\": 1000, \"vector\": [1, 0, 0, 0]}");
    Path second = json("{\"id\": 1001, \"vector\": [2, 0, 0, 0]}");
    ExecutorService executor = Executors.newFixedThreadPool(2);
    try {
      Future<AppendResult> one = executor.submit(() -> append(first));
      Future<AppendResult> two = executor.submit(() -> append(second));
      assertThat(List.of(one.get().version(), two.get().version()))
          .containsExactlyInAnyOrder(2L, 3L);
    } finally {
      executor.shutdownNow();
    }
    assertThat(IndexFiles.live(index())).hasSize(52).containsKeys(1000L, 1001L);
  }

  /** Random upserts and deletes with random orders, against a map that knows the rule. */
  @Test
  void liveRowsAreThoseOfAMapThatKeepsTheNewest() throws Exception {
    Random random = new Random(11);
    Map<Object, Row> newest = new TreeMap<>();
    List<Row> first = VectorRows.clustered(300, 3, 2);
    first.forEach(row -> newest.put(row.getLong(0), withOp(row, "upsert")));
    build(parquet(first), "input.order-column=ts", "nlist=4");
    for (int round = 0; round < 3; round++) {
      List<Row> changes = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        boolean delete = random.nextInt(3) == 0;
        Row change =
            RowFactory.create(
                (long) random.nextInt(400),
                delete ? null : new float[] {round, i, random.nextFloat()},
                (long) random.nextInt(500),
                delete ? "delete" : "upsert");
        changes.add(change);
        newest.merge(
            change.get(0), change, (old, now) -> now.getLong(2) >= old.getLong(2) ? now : old);
      }
      Path input = directory.resolve("changes" + round);
      LocalSpark.session()
          .createDataFrame(changes, VectorRows.TYPE.add("op", DataTypes.StringType))
          .coalesce(1)
          .write()
          .parquet(input.toString());
      append(input, "op-column=op", "input.order-column=ts");
    }
    newest.values().removeIf(row -> row.get(3).equals("delete"));
    Map<Object, Feature> live = IndexFiles.live(index());
    assertThat(live.keySet()).isEqualTo(newest.keySet());
    newest.forEach(
        (id, row) -> assertThat(live.get(id).vector()).containsExactly(VectorRows.vector(row)));
    assertThat(IndexFiles.view(index()).get(FeatureId.of(401))).isEmpty();
  }

  private static Row withOp(Row row, String op) {
    return RowFactory.create(row.get(0), row.get(1), row.get(2), op);
  }
}
