package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.embedding.Word2VecEmbedder;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.settings.Settings;
import io.tarn.settings.SettingsException;
import io.tarn.spark.input.UnusableInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedJobTest {
  @TempDir Path directory;

  private Path texts() throws Exception {
    List<String> lines = new ArrayList<>(List.of("id,text,day,n"));
    for (int i = 0; i < 50; i++) {
      String text = i % 2 == 0 ? "read lines of a file" : "convert text to a number";
      lines.add("k%d,%s,2024-02-%02d 00:00:00,%d".formatted(i, text, 1 + i % 28, i));
    }
    lines.add("k50,???,2024-02-01 00:00:00,1");
    return Files.write(directory.resolve("texts.csv"), lines);
  }

  private List<String> settings(Path input) {
    return new ArrayList<>(
        List.of(
            "input.path=" + input,
            "input.format=csv",
            "input.text-column=text",
            "input.attributes=[day, n]",
            "output=" + directory.resolve("features"),
            "embedder=" + directory.resolve("words.embedder"),
            "word2vec.dimension=8"));
  }

  private static EmbedResult embed(List<String> settings) throws Exception {
    return EmbedJob.run(
        LocalSpark.session(), Settings.load(EmbedSettings.class, Optional.empty(), settings));
  }

  @Test
  void featuresAndEmbedderGoTogether() throws Exception {
    EmbedResult result = embed(settings(texts()));
    assertThat(result.rows()).isEqualTo(50);
    assertThat(result.rejected()).containsExactly(Map.entry(Reason.NOT_EMBEDDABLE, 1L));
    Word2VecEmbedder embedder =
        Word2VecEmbedder.fromBytes(Files.readAllBytes(directory.resolve("words.embedder")));
    assertThat(embedder.fingerprint()).isEqualTo(result.fingerprint());
    Dataset<Row> features =
        LocalSpark.session().read().parquet(directory.resolve("features").toString());
    assertThat(features.schema().toDDL())
        .isEqualTo("id STRING,vector ARRAY<FLOAT>,day TIMESTAMP,n BIGINT");
    Row row = features.where("id = 'k4'").first();
    float[] expected = embedder.embed("read lines of a file");
    for (int i = 0; i < 8; i++) {
      assertThat((Float) row.getList(1).get(i)).isEqualTo(expected[i]);
    }
    assertThat(row.getTimestamp(2).toInstant()).isEqualTo(Instant.parse("2024-02-05T00:00:00Z"));
  }

  @Test
  void theBuildTakesWhatTheEmbedJobMade() throws Exception {
    EmbedResult embedded = embed(settings(texts()));
    Path index = directory.resolve("index");
    BuildJob.run(
        LocalSpark.session(),
        Settings.load(
            BuildSettings.class,
            Optional.empty(),
            List.of(
                "index=" + index,
                "input.path=" + directory.resolve("features"),
                "input.attributes=[day, n]",
                "embedder=" + directory.resolve("words.embedder"))));
    Snapshot snapshot = IndexFiles.view(index).snapshot();
    assertThat(snapshot.embedder().fingerprint()).isEqualTo(embedded.fingerprint());
    Feature feature = IndexFiles.live(index).get("k7");
    assertThat(feature.attributes()).containsExactly(Instant.parse("2024-02-08T00:00:00Z"), 7L);
  }

  @Test
  void anEmbedderOfAnotherDimensionThanTheVectorsIsRefusedRowByRow() throws Exception {
    embed(settings(texts()));
    Path vectors = Files.writeString(directory.resolve("v.json"), "{\"id\": 1, \"vector\": [1]}");
    assertThatThrownBy(
            () ->
                BuildJob.run(
                    LocalSpark.session(),
                    Settings.load(
                        BuildSettings.class,
                        Optional.empty(),
                        List.of(
                            "index=" + directory.resolve("index"),
                            "input.path=" + vectors,
                            "input.format=json",
                            "embedder=" + directory.resolve("words.embedder")))))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageContaining("{WRONG_DIMENSION=1}")
        .hasMessageContaining("dimension 8");
  }

  @Test
  void outputsThatExistAreRefusedBeforeAnyWork() throws Exception {
    Path missing = directory.resolve("no-such-input.csv");
    Path output = Files.createDirectory(directory.resolve("features"));
    assertThatThrownBy(() -> embed(settings(missing)))
        .hasMessage("the output " + output + " exists already: remove it, or name another");
    Files.delete(output);
    Path embedder = Files.createFile(directory.resolve("words.embedder"));
    assertThatThrownBy(() -> embed(settings(missing)))
        .hasMessage("the embedder " + embedder + " exists already: remove it, or name another");
  }

  @Test
  void aTextColumnMustBeNamed() throws Exception {
    List<String> settings = settings(texts());
    settings.removeIf(setting -> setting.startsWith("input.text-column"));
    assertThatThrownBy(() -> embed(settings))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("input.text-column is missing: it names what to embed");
  }
}
