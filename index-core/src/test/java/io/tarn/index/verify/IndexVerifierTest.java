package io.tarn.index.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.NotAnIndexException;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.search.TestIndexes;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexVerifierTest {
  @TempDir Path directory;
  private Storage storage;

  @BeforeEach
  void makeIndex() throws IOException {
    storage = new LocalStorage(directory);
    Schema schema = new Schema(IdType.INT64, 8, Metric.COSINE, List.of());
    List<Feature> features = new ArrayList<>();
    float[][] vectors = TestIndexes.clustered(100, 8, 1);
    for (int i = 0; i < vectors.length; i++) {
      features.add(TestIndexes.feature(schema, i, vectors[i], 1));
    }
    TestIndexes.create(storage, schema, 5, features);
    TestIndexes.append(storage, List.of(Feature.delete(FeatureId.of(5), 2, 1)));
  }

  @Test
  void aSoundIndexHasNoProblems() throws IOException {
    VerificationReport report = IndexVerifier.verify(storage);
    assertThat(report.problems()).isEmpty();
    assertThat(report.sound()).isTrue();
    assertThat(report.version()).isEqualTo(2);
    assertThat(report.versions()).isEqualTo(2);
    assertThat(report.files()).isEqualTo(3);
    assertThat(report.liveRows()).isEqualTo(99);
    assertThat(report.unreferenced()).isEmpty();
  }

  @Test
  void everyDamagedFileIsNamed() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] sound = Files.readAllBytes(file);
        byte[] flipped = sound.clone();
        flipped[sound.length / 2] ^= 4;
        Files.write(file, flipped);
        String path = directory.relativize(file).toString();
        assertThat(IndexVerifier.verify(storage).problems())
            .as("damage in %s", path)
            .isNotEmpty()
            .allMatch(problem -> problem.startsWith(path));
        Files.write(file, sound);
      }
    }
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
  }

  @Test
  void aMissingVersionThatHidesNewerOnesIsNamed() throws IOException {
    TestIndexes.append(storage, List.of(Feature.delete(FeatureId.of(6), 2, 1)));
    String second = "versions/00000000000000000002.json";
    Files.delete(directory.resolve(second));
    assertThat(IndexVerifier.verify(storage).problems())
        .singleElement()
        .asString()
        .startsWith(second + ": is missing, and without it version 3 cannot be found");
  }

  @Test
  void filesOfInterruptedWritersAreNoProblem() throws IOException {
    Files.writeString(directory.resolve("segments/orphan.parquet"), "left behind");
    VerificationReport report = IndexVerifier.verify(storage);
    assertThat(report.sound()).isTrue();
    assertThat(report.unreferenced()).containsExactly("segments/orphan.parquet");
  }

  @Test
  void whatIsNoIndexIsSaidSo() {
    Storage empty = new LocalStorage(directory.resolve("segments"));
    assertThatThrownBy(() -> IndexVerifier.verify(empty))
        .isInstanceOf(NotAnIndexException.class)
        .hasMessageContaining("is no Tarn index");
  }
}
