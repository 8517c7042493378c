package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SearchCommandTest {
  @TempDir static Path shared;
  static Path photos;

  @TempDir Path dir;

  @BeforeAll
  static void writeIndex() throws Exception {
    photos = SampleIndexes.photos(shared.resolve("photos"));
  }

  @Test
  void jsonHoldsVersionAndHitsWithTypedAttributes() throws Exception {
    JsonNode answer =
        Run.tarn("search", "--index", photos, "--vector", "[9,9,9]", "--k", 2, "--exact", "--json")
            .json();
    assertThat(answer)
        .isEqualTo(
            Json.MAPPER.readTree(
                """
                {"version": 2, "hits": [
                  {"id": "beach-3", "distance": 0.0, "attributes": {"label": "beach",
                   "width": 643, "sharpness": 0.375, "colour": false,
                   "taken": "2024-05-01T10:00:03Z"}},
                  {"id": "city-1", "distance": 48.0, "attributes": {"label": "city",
                   "width": 641, "sharpness": 0.125, "colour": false,
                   "taken": "2024-05-01T10:00:01Z"}}]}"""));
  }

  @Test
  void missingAttributesAreNull() throws Exception {
    JsonNode hit =
        Run.tarn("search", "--index", photos, "--id", "beach-7", "--json").json().at("/hits/0");
    assertThat(hit.get("id").textValue()).isEqualTo("beach-7");
    assertThat(hit.at("/attributes/sharpness").isNull()).isTrue();
  }

  @Test
  void numericIdsAreNumbers() throws Exception {
    Path index =
        SampleIndexes.numbered(dir.resolve("n"), List.of(new float[] {0}, new float[] {1}), 1);
    JsonNode answer = Run.tarn("search", "--index", index, "--id", 1, "--json").json();
    assertThat(answer.at("/hits/0/id").isIntegralNumber()).isTrue();
    assertThat(answer.at("/hits/0/id").longValue()).isEqualTo(1);
    Run.tarn("search", "--index", index, "--id", "one").fails(1, "'one' is not an int64");
  }

  @Test
  void theTableNamesHitsVersionAgeAndEffort() {
    String out =
        Run.tarn("search", "--index", photos, "--id", "city-1", "--k", 2, "--nprobe", 1)
            .succeeds()
            .out();
    assertThat(out.lines().limit(3).map(line -> line.replaceAll(" +", " ")))
        .containsExactly(
            "rank distance id label width sharpness colour taken",
            " 1 0 city-1 city 641 0.125 false 2024-05-01T10:00:01Z",
            " 2 48 beach-3 beach 643 0.375 false 2024-05-01T10:00:03Z");
    assertThat(out)
        .containsPattern("version 2, committed \\d+ s ago; \\d of 4 lists probed, \\d+ rows")
        .containsPattern("kafka:photos is contained up to a record of \\d+ s ago")
        .containsPattern("searched in [\\d.]+ ms, opened in [\\d.]+ ms");
  }

  @Test
  void vectorsMayStayInTheFiles() {
    String inMemory =
        Run.tarn("search", "--index", photos, "--id", "city-1", "--k", 5, "--exact", "--json")
            .succeeds()
            .out();
    for (String tier : List.of("auto", "memory", "mapped", "REMOTE")) {
      Run run =
          Run.tarn(
              "search",
              "--index",
              photos,
              "--id",
              "city-1",
              "--k",
              5,
              "--exact",
              "--json",
              "--tier",
              tier,
              "--memory-budget",
              "64MiB");
      assertThat(run.succeeds().out()).as(tier).isEqualTo(inMemory);
    }
  }

  @Test
  void whatDoesNotFitTheBudgetIsNotOpened() {
    Run run = Run.tarn("search", "--index", photos, "--id", "city-1", "--memory-budget", "1KiB");
    run.fails(1, "does not fit the memory budget of 1 KiB with vectors auto", "Raise the budget");
    assertThat(run.err().lines()).hasSize(1);
    Run.tarn("inspect", "--index", photos, "--memory-budget", "1KiB").fails(1, "memory budget");
    Run.tarn("search", "--index", photos, "--id", "city-1", "--memory-budget", "lots")
        .fails(2, "'lots' is not an amount of memory: say 512MiB, 2GiB or a number of bytes");
    Run.tarn("search", "--index", photos, "--id", "city-1", "--tier", "disk")
        .fails(2, "--tier", "disk");
  }

  @Test
  void fewerHitsThanAskedForAreExplained() {
    assertThat(Run.tarn("search", "--index", photos, "--id", "city-1", "--k", 100).succeeds().out())
        .contains("there are no more: the index holds 40 features");
  }

  @Test
  void anOlderVersionCanBeSearched() throws Exception {
    JsonNode answer =
        Run.tarn("search", "--index", photos, "--version", 1, "--id", "beach-4", "--json").json();
    assertThat(answer.get("version").intValue()).isEqualTo(1);
    assertThat(answer.at("/hits/0/id").textValue()).isEqualTo("beach-4");
    Run.tarn("search", "--index", photos, "--version", 9, "--id", "beach-4")
        .fails(1, "has no version 9; its newest is 2");
  }

  @Test
  void theIndexCanBeSearchedAsItWas() throws Exception {
    long committedMs;
    try (Storage storage = new LocalStorage(photos)) {
      committedMs = new SnapshotLog(storage).read(2).timestampMs();
    }
    assertThat(versionAsOf("kafka:photos:0:2")).isEqualTo(2);
    assertThat(versionAsOf(Instant.ofEpochMilli(committedMs).toString())).isEqualTo(2);

    // Two versions of one moment cannot be told by time.
    Path index = SampleIndexes.photos(dir.resolve("p"));
    try (Storage storage = new LocalStorage(index)) {
      SnapshotLog log = new SnapshotLog(storage);
      Instant first = Instant.ofEpochMilli(log.read(1).timestampMs());
      long expected = log.read(2).timestampMs() == log.read(1).timestampMs() ? 2 : 1;
      JsonNode answer =
          Run.tarn("search", "--index", index, "--as-of", first, "--vector", "[0,1,0]", "--json")
              .json();
      assertThat(answer.get("version").longValue()).isEqualTo(expected);
    }

    Run.tarn("search", "--index", photos, "--vector", "[0,1,0]", "--as-of", "kafka:photos:0:3")
        .fails(1, "version 2 has read kafka:photos, partition 0, up to offset 2");
    Run.tarn("search", "--index", photos, "--vector", "[0,1,0]", "--as-of", "2001-01-01T00:00:00Z")
        .fails(1, "did not exist at 2001-01-01T00:00:00Z: its first version is of ");
    Run.tarn("search", "--index", photos, "--vector", "[0,1,0]", "--as-of", "yesterday")
        .fails(2, "'yesterday' is neither a time with its zone, such as 2026-11-21T10:00:00Z");
    Run.tarn("search", "--index", photos, "--id", 1, "--as-of", "kafka:p:0:1", "--version", 1)
        .fails(2, "--version", "--as-of");
  }

  private static long versionAsOf(String moment) throws Exception {
    return Run.tarn("search", "--index", photos, "--as-of", moment, "--vector", "[0,1,0]", "--json")
        .json()
        .get("version")
        .longValue();
  }

  @Test
  void aConditionKeepsOtherFeaturesOut() throws Exception {
    JsonNode answer =
        Run.tarn(
                "search",
                "--index",
                photos,
                "--id",
                "beach-3",
                "--k",
                3,
                "--explain",
                "--json",
                "--filter",
                "label = 'forest' and width < 650 and sharpness is not null")
            .json();
    assertThat(answer.get("hits")).hasSize(3);
    answer
        .get("hits")
        .forEach(hit -> assertThat(hit.at("/attributes/label").textValue()).isEqualTo("forest"));
    assertThat(answer.at("/effort/rows_scanned").longValue()).isPositive();
    Run.tarn("search", "--index", photos, "--id", "beach-3", "--filter", "size > 3")
        .fails(1, "size", "label");
    Run.tarn("search", "--index", photos, "--id", "beach-3", "--filter", "width >")
        .fails(1, "in the filter, at character 8");
  }

  @Test
  void aRadiusFindsAllThatIsNear() throws Exception {
    JsonNode all =
        Run.tarn("search", "--index", photos, "--id", "city-1", "--k", 40, "--exact", "--json")
            .json()
            .get("hits");
    float radius = all.get(11).get("distance").floatValue();
    JsonNode near =
        Run.tarn(
                "search",
                "--index",
                photos,
                "--id",
                "city-1",
                "--radius",
                radius,
                "--exact",
                "--json")
            .json()
            .get("hits");
    assertThat(near.size()).isBetween(12, 39);
    for (int i = 0; i < near.size(); i++) {
      assertThat(near.get(i)).isEqualTo(all.get(i));
      assertThat(near.get(i).get("distance").floatValue()).isLessThanOrEqualTo(radius);
    }
    assertThat(all.get(near.size()).get("distance").floatValue()).isGreaterThan(radius);
  }

  @Test
  void explainingSaysWhatItTook() {
    assertThat(
            Run.tarn("search", "--index", photos, "--id", "city-1", "--explain").succeeds().out())
        .containsPattern("\\d+ rows? looked at in full")
        .containsPattern("preparing [\\d.]+ ms, finding lists [\\d.]+ ms, scanning [\\d.]+ ms");
  }

  @Test
  void aRecallThatWasNeverMeasuredIsAnError() {
    Run.tarn("search", "--index", photos, "--id", "city-1", "--recall", 0.9)
        .fails(1, "has not been calibrated", "evaluate");
    Run.tarn("search", "--index", photos, "--id", "city-1", "--recall", 1.5)
        .fails(1, "a recall of 1.5 is not in (0, 1]");
  }

  @Test
  void aDeletedOrUnknownIdIsAnError() {
    Run.tarn("search", "--index", photos, "--id", "beach-4", "--json")
        .fails(1, "tarn search: version 2 of " + photos + " has no feature 'beach-4'", "deleted");
  }

  @Test
  void textIsEmbeddedAsTheIndexWas() throws Exception {
    Path films = SampleIndexes.films(dir.resolve("films"));
    JsonNode answer =
        Run.tarn("search", "--index", films, "--text", "A dog saves the day!", "--json").json();
    assertThat(answer.at("/hits/0/id").textValue()).isEqualTo("dog-saves-the-day");
    Run.tarn("search", "--index", films, "--text", "umbrella")
        .fails(1, "no word of the text is known to the embedder (first words: umbrella)");
    Run.tarn("search", "--index", photos, "--text", "beach")
        .fails(1, photos + " has no embedder", "--vector or --id");
  }

  @Test
  void imagesAreEmbeddedAsTheIndexWas() throws Exception {
    Path pictures = SampleIndexes.pictures(dir.resolve("pictures"));
    BufferedImage image = new BufferedImage(8, 6, BufferedImage.TYPE_INT_RGB);
    for (int x = 0; x < 8; x++) {
      for (int y = 0; y < 6; y++) {
        image.setRGB(x, y, 0xb0b0b0);
      }
    }
    Path file = dir.resolve("query.png");
    ImageIO.write(image, "png", file.toFile());

    JsonNode answer = Run.tarn("search", "--index", pictures, "--image", file, "--json").json();
    assertThat(answer.at("/hits/0/id").longValue()).isEqualTo(180);
    Run.tarn("search", "--index", pictures, "--text", "gray")
        .fails(1, "the embedder takes images, and this is a text");
    Run.tarn("search", "--index", pictures, "--image", dir.resolve("no.png"))
        .fails(1, dir.resolve("no.png") + " does not exist");
  }

  @Test
  void vectorsThatDoNotFitAreErrors() {
    Run.tarn("search", "--index", photos, "--vector", "[1,2]", "--json")
        .fails(1, "the vector has 2 values, the index has 3");
    Run.tarn("search", "--index", photos, "--vector", "[1,2,1e99]")
        .fails(1, "value 2 of the vector is Infinity");
    Run.tarn("search", "--index", photos, "--vector", "[1,2,null]")
        .fails(2, "value 2 of the vector is null, not a number");
    Run.tarn("search", "--index", photos, "--vector", "[1,2").fails(2, "--vector is no JSON");
    Run.tarn("search", "--index", photos, "--vector", "{}").fails(2, "a vector is an array");
  }

  @Test
  void whatIsNoIndexIsNamed() {
    Run.tarn("search", "--index", dir, "--id", "x").fails(1, dir + " is no Tarn index");
    Run.tarn("search", "--index", dir.resolve("nowhere"), "--id", "x").fails(1, "is no Tarn index");
  }

  @Test
  void damageIsNamedNotSearched() throws Exception {
    Path index = SampleIndexes.photos(dir.resolve("damaged"));
    Path segment;
    try (Stream<Path> files = Files.list(index.resolve("segments"))) {
      segment = files.findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(segment);
    bytes[bytes.length / 2] ^= 1;
    Files.write(segment, bytes);
    Run.tarn("search", "--index", index, "--id", "city-1", "--json")
        .fails(1, "segments/" + segment.getFileName(), "CRC-32C", "Restore the file");
    Files.delete(segment);
    Run.tarn("search", "--index", index, "--id", "city-1")
        .fails(1, "segments/" + segment.getFileName(), "is missing");
  }

  @Test
  void aTruncatedSnapshotIsNamed() throws Exception {
    Path index = SampleIndexes.photos(dir.resolve("damaged"));
    Path snapshot = index.resolve("versions/00000000000000000002.json");
    byte[] bytes = Files.readAllBytes(snapshot);
    Files.write(snapshot, Arrays.copyOf(bytes, bytes.length - 7));
    Run.tarn("search", "--index", index, "--id", "city-1")
        .fails(1, "versions/00000000000000000002.json", "truncated");
  }
}
