package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.settings.Settings;
import io.tarn.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamSettingsTest {
  private static final Path REFERENCE = Path.of("..", "conf", "stream.yaml");

  @Test
  void theReferenceFileLoads() {
    StreamSettings settings = load(REFERENCE);

    assertThat(settings.kafka().topics()).containsExactly("features");
    assertThat(settings.kafka().properties())
        .containsEntry("isolation.level", "read_committed")
        .containsEntry("partition.discovery.interval.ms", "60000");
  }

  @Test
  void whatTheReferenceFileGivesAsDefaultIsTheDefault(@TempDir Path dir) throws IOException {
    String commented = "(?m)^( *)# ([a-z-]+: \\S+)$";
    String text = Files.readString(REFERENCE);
    Path uncommented = dir.resolve("stream.yaml");
    Files.writeString(uncommented, text.replaceAll(commented, "$1$2"));

    StreamSettings given = load(uncommented);
    StreamSettings defaults = load(REFERENCE);

    assertThat(Pattern.compile(commented).matcher(text).results()).hasSize(27);
    assertThat(given.kafka()).isEqualTo(defaults.kafka());
    assertThat(given.checkpointIntervalMs()).isEqualTo(defaults.checkpointIntervalMs());
    assertThat(given.bounded()).isEqualTo(defaults.bounded());
    assertThat(given.bufferBytes()).isEqualTo(defaults.bufferBytes());
    assertThat(given.maintenance()).isEqualTo(defaults.maintenance());
  }

  @Test
  void keysAreAsTheFormatWritesThemUnlessSaidOtherwise() {
    assertThat(load(REFERENCE).kafka().effectiveKeyFormat()).isEqualTo(KeyFormat.TEXT);
    assertThat(load(REFERENCE, "kafka.format=debezium-json").kafka().effectiveKeyFormat())
        .isEqualTo(KeyFormat.JSON);
    assertThat(
            load(REFERENCE, "kafka.format=debezium-json", "kafka.key-format=int64")
                .kafka()
                .effectiveKeyFormat())
        .isEqualTo(KeyFormat.INT64);
  }

  @Test
  void theAvroSchemaIsReadBeforeTheJobStarts(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("feature.avsc");
    StreamSettings settings = load(REFERENCE, "kafka.format=avro", "kafka.avro-schema=" + file);

    assertThatThrownBy(() -> DecoderOptions.of(settings.kafka()))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining(file.toString());
    Files.writeString(file, "{\"type\": \"enum\", \"name\": \"E\", \"symbols\": []}");
    assertThatThrownBy(() -> DecoderOptions.of(settings.kafka()))
        .isInstanceOf(IOException.class)
        .hasMessage("kafka.avro-schema: in %s, the schema is of type enum, not record", file);
    Files.writeString(file, "{\"type\": \"enumeration\"}");
    assertThatThrownBy(() -> DecoderOptions.of(settings.kafka()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("kafka.avro-schema: in " + file + ", not an Avro schema: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "index=''                            | index must name the index's location",
        "parallelism=0                       | parallelism must be at least 1",
        "checkpoint-interval-ms=99           | checkpoint-interval-ms must be at least 100",
        "buffer-bytes=0                      | buffer-bytes must be between 1 and 1073741824",
        "buffer-bytes=1073741825             | buffer-bytes must be between 1 and 1073741824",
        "maintenance.segments-per-tier=1     | maintenance.segments-per-tier must be at least 2",
        "maintenance.lists-growth=-0.1       | maintenance.lists-growth must not be negative",
        "maintenance.split-above=1           | maintenance.split-above must be more than 1",
        "maintenance.drift.interval-ms=-1    | maintenance.drift.interval-ms must not be negative",
        "maintenance.drift.queries=10001     | maintenance.drift.queries must be between 0 and",
        "maintenance.drift.nprobe=-1         | maintenance.drift.nprobe must not be negative",
        "maintenance.drift.max-error-ratio=4 | max-error-ratio must be more than 1 and less than 4",
        "maintenance.drift.max-recall-loss=0 | max-recall-loss must be between 0 and 1",
        "maintenance.drift.max-imbalance-ratio=1 | max-imbalance-ratio must be more than 1",
        "kafka.bootstrap-servers=''          | kafka.bootstrap-servers must name a broker",
        "kafka.topics=[]                     | kafka.topics must name at least one topic",
        "kafka.topics=[a, b, a]              | kafka.topics names a topic twice",
        "kafka.dead-letter-topic=features    | must not be one of kafka.topics",
        "kafka.read-anew=[others]            | kafka.read-anew names a topic that is not in",
        "kafka.group-id=' '                  | kafka.group-id must not be blank",
        "kafka.max-record-bytes=0            | kafka.max-record-bytes must be at least 1",
        "kafka.start-timeout-ms=-1           | kafka.start-timeout-ms must not be negative",
        "kafka.key-format=binary             | must be one of text, int64, json, got 'binary'",
        "kafka.format=xml                    | must be one of json, binary, avro, debezium_json",
        "kafka.avro-schema=feature.avsc      | kafka.avro-schema is given, but kafka.format is not",
        "kafka.max-bad-share=1.01            | kafka.max-bad-share must be between 0 and 1",
        "kafka.max-bad-share=-0.1            | kafka.max-bad-share must be between 0 and 1",
        "kafka.topic=features                | did you mean 'kafka.topics'?",
      },
      quoteCharacter = '`')
  void whatMakesNoSenseIsRefusedByName(String override, String message) {
    assertThatThrownBy(() -> load(REFERENCE, override))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining(message);
  }

  private static StreamSettings load(Path file, String... overrides) {
    return Settings.load(StreamSettings.class, Optional.of(file), List.of(overrides));
  }
}
