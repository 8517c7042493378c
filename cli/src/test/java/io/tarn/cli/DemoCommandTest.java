package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What can go wrong; that the demo works is for {@link ExamplesTest} to show. */
class DemoCommandTest {
  @TempDir Path dir;

  @Test
  void doesNotMixItsIndexWithOtherFiles() throws Exception {
    Path full = Files.createDirectory(dir.resolve("full"));
    Files.writeString(full.resolve("letter"), "Dear Tarn,");
    Run.tarn("demo", "--keep", full).fails(1, full + " exists and is not an empty directory");
    Path file = Files.writeString(dir.resolve("file"), "");
    Run.tarn("demo", "--keep", file).fails(1, file + " exists and is not an empty directory");
  }

  @Test
  void anInterruptLeavesNothingBehind() throws Exception {
    Path temporary = Files.createDirectory(dir.resolve("tmp"));
    Path errors = dir.resolve("errors");
    Process process = TarnProcess.start(errors, List.of("-Djava.io.tmpdir=" + temporary), "demo");
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = out.readLine();
      while (line != null && !line.startsWith("2 Build")) {
        line = out.readLine();
      }
      assertThat(line).as(Files.readString(errors)).isNotNull();
      assertThat(temporaryFiles(temporary)).isNotEmpty();
      process.toHandle().destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(temporaryFiles(temporary)).isEmpty();
    assertThat(Files.readString(errors)).doesNotContain("\tat ").doesNotContain("tarn demo:");
  }

  private static List<Path> temporaryFiles(Path temporary) throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      return files.filter(f -> !f.getFileName().toString().startsWith("hsperfdata")).toList();
    }
  }
}
