package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files in conf/ load, and what they give as defaults are the defaults. */
class ReferenceSettingsTest {
  private static final Path CONF = Path.of("..", "conf");

  /** Keys whose values in the files are examples: they have no default. */
  private static final String EXAMPLES =
      "text-column|image-column|attributes|order-column|op-column|nlist|dimension: 128|embedder|rejects"
          + "|nprobe|recall|filter|part-bytes|version|timestamp"
          + "|quantizer: rabitq4|forget-deletes-below|target-list-rows|path|max-bytes-per-row";

  @TempDir Path directory;

  @Test
  void build() throws IOException {
    assertThat(withDefaultsUncommented(BuildSettings.class, "build.yaml"))
        .isEqualTo(load(BuildSettings.class, CONF.resolve("build.yaml")));
  }

  @Test
  void append() throws IOException {
    assertThat(withDefaultsUncommented(AppendSettings.class, "append.yaml"))
        .isEqualTo(load(AppendSettings.class, CONF.resolve("append.yaml")));
  }

  @Test
  void embed() throws IOException {
    assertThat(withDefaultsUncommented(EmbedSettings.class, "embed.yaml"))
        .isEqualTo(load(EmbedSettings.class, CONF.resolve("embed.yaml")));
  }

  @Test
  void knnJoin() throws IOException {
    assertThat(withDefaultsUncommented(KnnJoinSettings.class, "knn-join.yaml"))
        .isEqualTo(load(KnnJoinSettings.class, CONF.resolve("knn-join.yaml")));
  }

  @Test
  void retrain() throws IOException {
    assertThat(withDefaultsUncommented(RetrainSettings.class, "retrain.yaml"))
        .isEqualTo(load(RetrainSettings.class, CONF.resolve("retrain.yaml")));
  }

  @Test
  void compact() throws IOException {
    assertThat(withDefaultsUncommented(CompactSettings.class, "compact.yaml"))
        .isEqualTo(load(CompactSettings.class, CONF.resolve("compact.yaml")));
  }

  @Test
  void maintain() throws IOException {
    assertThat(withDefaultsUncommented(MaintainSettings.class, "maintain.yaml"))
        .isEqualTo(load(MaintainSettings.class, CONF.resolve("maintain.yaml")));
  }

  @Test
  void expire() throws IOException {
    assertThat(withDefaultsUncommented(ExpireSettings.class, "expire.yaml"))
        .isEqualTo(load(ExpireSettings.class, CONF.resolve("expire.yaml")));
  }

  @Test
  void duplicates() throws IOException {
    assertThat(withDefaultsUncommented(DuplicatesSettings.class, "duplicates.yaml"))
        .isEqualTo(load(DuplicatesSettings.class, CONF.resolve("duplicates.yaml")));
  }

  @Test
  void dbscan() throws IOException {
    assertThat(withDefaultsUncommented(DbscanSettings.class, "dbscan.yaml"))
        .isEqualTo(load(DbscanSettings.class, CONF.resolve("dbscan.yaml")));
  }

  @Test
  void evaluate() throws IOException {
    assertThat(withDefaultsUncommented(EvaluateSettings.class, "evaluate.yaml"))
        .isEqualTo(load(EvaluateSettings.class, CONF.resolve("evaluate.yaml")));
  }

  @Test
  void advise() throws IOException {
    assertThat(withDefaultsUncommented(AdviseSettings.class, "advise.yaml"))
        .isEqualTo(load(AdviseSettings.class, CONF.resolve("advise.yaml")));
  }

  /** Every default the file gives must be a key of the settings, or loading it fails. */
  private <T extends Record> T withDefaultsUncommented(Class<T> type, String name)
      throws IOException {
    String text = Files.readString(CONF.resolve(name));
    String defaults = text.replaceAll("(?m)^( *)# (?!" + EXAMPLES + ")([a-z0-9-]+: \\S+)$", "$1$2");
    assertThat(defaults).isNotEqualTo(text);
    Path uncommented = directory.resolve(name);
    Files.writeString(uncommented, defaults);
    return load(type, uncommented);
  }

  private static <T extends Record> T load(Class<T> type, Path file) {
    return Settings.load(type, Optional.of(file), List.of());
  }
}
