package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.snapshot.DriftSample;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
  @TempDir static Path shared;
  static Path photos;

  @TempDir Path dir;

  @BeforeAll
  static void writeIndex() throws Exception {
    photos = SampleIndexes.photos(shared.resolve("photos"));
  }

  @Test
  void jsonTellsSizesListsSourcesAndFiles() throws Exception {
    JsonNode report = Run.tarn("inspect", "--index", photos, "--json").json();
    assertThat(report.get("version").intValue()).isEqualTo(2);
    assertThat(report.get("rows").intValue()).isEqualTo(40);
    assertThat(report.get("dimension").intValue()).isEqualTo(3);
    assertThat(report.get("metric").textValue()).isEqualTo("l2");
    assertThat(report.get("lists").intValue()).isEqualTo(SampleIndexes.PHOTO_LISTS);
    assertThat(report.get("segments").intValue()).isEqualTo(2);
    assertThat(report.at("/sources/kafka:photos/next_offsets/0").intValue()).isEqualTo(3);
    assertThat(report.get("id_type").textValue()).isEqualTo("string");
    assertThat(report.at("/attributes/taken").textValue()).isEqualTo("timestamp");
    assertThat(report.get("operation").textValue()).isEqualTo("stream");
    assertThat(report.get("dead_rows").intValue()).isEqualTo(2);
    assertThat(report.get("deletes").intValue()).isEqualTo(1);
    assertThat(report.get("embedder").isNull()).isTrue();
    assertThat(report.at("/segment_files/1/rows").intValue()).isEqualTo(2);
    assertThat(report.at("/list_rows/min").intValue()).isPositive();
    assertThat(report.at("/list_rows/max").intValue())
        .isGreaterThanOrEqualTo(report.at("/list_rows/median").intValue());
    assertThat(report.get("bytes").longValue())
        .isEqualTo(
            Files.size(photos.resolve(report.at("/model/path").textValue()))
                + report.at("/segment_files/0/bytes").longValue()
                + report.at("/segment_files/1/bytes").longValue());
  }

  @Test
  void anOlderVersionCanBeInspected() throws Exception {
    JsonNode report = Run.tarn("inspect", "--index", photos, "--version", 1, "--json").json();
    assertThat(report.get("operation").textValue()).isEqualTo("build");
    assertThat(report.get("sources").isEmpty()).isTrue();
    assertThat(report.get("dead_rows").intValue()).isZero();
    Run.tarn("inspect", "--index", photos, "--version", 3, "--json").fails(1, "has no version 3");
  }

  @Test
  void theTextTellsTheSame() throws Exception {
    assertThat(Run.tarn("inspect", "--index", photos).succeeds().out())
        .contains("version     2, by stream, ")
        .contains("rows        40 live")
        .contains("attributes  label string, width long, sharpness double, colour boolean, taken")
        .containsPattern("segments    2, [\\d.]+ KB: 42 rows, of them 2 dead, and 1 delete")
        .containsPattern("source      kafka:photos, next offsets 0: 3; newest record \\d+ s ago");
    Path films = SampleIndexes.films(dir.resolve("films"));
    assertThat(Run.tarn("inspect", "--index", films).succeeds().out())
        .containsPattern("embedder    word2vec [0-9a-f]{32}, ")
        .contains("source      none");
  }

  @Test
  void itTellsHowFarRowsHaveDriftedAndWhatToDo() throws Exception {
    Path index = SampleIndexes.photos(dir.resolve("drifted"));
    assertThat(Run.tarn("inspect", "--index", index).succeeds().out())
        .contains("drift       too few rows to compare\n")
        .doesNotContain("retrain ");
    JsonNode before = Run.tarn("inspect", "--index", index, "--json").json();
    assertThat(before.at("/retrain").isNull()).isTrue();
    assertThat(before.get("drift").isEmpty()).isTrue();
    try (Storage storage = new LocalStorage(index)) {
      SnapshotLog log = new SnapshotLog(storage);
      long trained = log.newest().drift().trainedVersion();
      List<DriftSample> measured =
          List.of(new DriftSample(1, 1.25, 0.9, 8, 100), new DriftSample(2, 2.75, 0.1, 8, 100));
      new Committer(log, new ModelReassigner(storage))
          .askForRetrain(trained, "rows have moved", measured);
    }

    assertThat(Run.tarn("inspect", "--index", index).succeeds().out())
        .contains(
            "; in version 2 imbalance 2.75 (at first 1.25), recall@10 0.800 at nprobe 8 (at first"
                + " 0.900)")
        .contains(
            "retrain     asked for since version 3: rows have moved. Run ./tarn retrain --index "
                + index);
    JsonNode after = Run.tarn("inspect", "--index", index, "--json").json();
    assertThat(after.at("/retrain/since_version").intValue()).isEqualTo(3);
    assertThat(after.at("/drift/imbalance").doubleValue()).isEqualTo(2.75);
    assertThat(after.at("/drift/recall_at_first").doubleValue()).isEqualTo(0.9);
  }

  @Test
  void aNewerFormatIsToldFromDamage() throws Exception {
    Path index = SampleIndexes.photos(dir.resolve("newer"));
    Path snapshot = index.resolve("versions/00000000000000000002.json");
    String text = Files.readString(snapshot);
    String body =
        text.substring(0, text.lastIndexOf(",\"crc32c\""))
            .replace("\"format_version\":1", "\"format_version\":7");
    CRC32C crc = new CRC32C();
    crc.update(body.getBytes(StandardCharsets.UTF_8));
    Files.writeString(snapshot, "%s,\"crc32c\":\"%08x\"}\n".formatted(body, crc.getValue()));
    Run.tarn("inspect", "--index", index)
        .fails(1, "written in format version 7", "up to 1", "use a newer Tarn");
  }
}
