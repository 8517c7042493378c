package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loading an engine takes seconds, which a search or a help text should not wait for. */
class ClassLoadingTest {
  @TempDir Path dir;

  @Test
  void commandsThatNeedNoEngineLoadNone() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    assertThat(engineClasses("search", "--index", photos, "--id", "city-1")).isEmpty();
    assertThat(engineClasses("inspect", "--index", photos)).isEmpty();
    assertThat(engineClasses("verify", "--index", photos)).isEmpty();
    assertThat(engineClasses("help", "build")).isEmpty();
  }

  private List<String> engineClasses(Object... args) throws Exception {
    Path loaded = dir.resolve("loaded");
    Path errors = dir.resolve("errors");
    Process process = TarnProcess.start(errors, List.of("-Xlog:class+load:file=" + loaded), args);
    process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
    try (Stream<String> lines = Files.lines(loaded)) {
      List<String> classes = lines.filter(line -> line.contains(" source: ")).toList();
      assertThat(classes).anyMatch(line -> line.contains(" io.tarn.cli.Tarn "));
      return classes.stream()
          .filter(
              line ->
                  line.contains(" org.apache.spark.")
                      || line.contains(" org.apache.flink.")
                      || line.contains(" org.apache.kafka.")
                      || line.contains(" scala."))
          .toList();
    }
  }
}
