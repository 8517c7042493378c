package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
  @TempDir Path dir;

  @Test
  void aSoundIndexIsSummedUp() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    assertThat(Run.tarn("verify", "--index", photos).succeeds().out())
        .contains(photos + " is sound: 2 versions, 3 files, ", "40 live rows in version 2");
  }

  @Test
  void everyDamagedFileIsNamed() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    List<Path> segments;
    try (Stream<Path> files = Files.list(photos.resolve("segments"))) {
      segments = files.toList();
    }
    Files.delete(segments.get(0));
    byte[] bytes = Files.readAllBytes(segments.get(1));
    bytes[bytes.length / 2] ^= 4;
    Files.write(segments.get(1), bytes);

    Run run = Run.tarn("verify", "--index", photos);

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out())
        .contains("segments/" + segments.get(0).getFileName() + ": is missing")
        .contains("segments/" + segments.get(1).getFileName() + ": has CRC-32C");
    assertThat(run.err().strip()).doesNotContain("\n").contains(photos + " has 2 problems");
  }

  @Test
  void leftoversAreMentionedNotBlamed() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    Files.writeString(photos.resolve("segments/left.parquet"), "left by a crash");
    assertThat(Run.tarn("verify", "--index", photos).succeeds().out())
        .contains("1 file of no version", "segments/left.parquet");
  }

  @Test
  void whatIsNoIndexIsNamed() {
    Run.tarn("verify", "--index", dir).fails(1, dir + " is no Tarn index");
  }
}
