package io.tarn.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jobs' main methods, each in a JVM of its own. */
class JobMainTest {
  @TempDir Path directory;

  private ChildJvm.Outcome run(Class<?> job, String... args)
      throws IOException, InterruptedException {
    return ChildJvm.run(directory, "local[1]", List.of(), job, args);
  }

  @Test
  void aJobThatSucceedsExitsWithZero() throws Exception {
    Path input =
        Files.write(
            directory.resolve("input.json"),
            List.of("{\"id\": 1, \"vector\": [1, 2]}", "{\"id\": 2, \"vector\": [3, 4]}"));
    Path conf =
        Files.write(
            directory.resolve("build.yaml"),
            List.of("index: " + directory.resolve("index"), "input:", "  path: " + input));
    ChildJvm.Outcome outcome =
        run(BuildJob.class, "--conf-file", conf.toString(), "--set", "input.format=json");
    assertThat(outcome.exitStatus()).as(outcome.output()).isZero();
    assertThat(IndexFiles.live(directory.resolve("index"))).containsOnlyKeys(1L, 2L);
  }

  @Test
  void aMistakeIsToldInOneLineAndExitsWithOne() throws Exception {
    Path missing = directory.resolve("missing.parquet");
    ChildJvm.Outcome outcome =
        run(
            AppendJob.class,
            "--set",
            "index=" + directory.resolve("index"),
            "--set",
            "input.path=" + missing);
    assertThat(outcome.exitStatus()).isEqualTo(1);
    assertThat(outcome.output())
        .contains("append failed: " + directory.resolve("index") + " is no");
    assertThat(outcome.output()).doesNotContain("NotAnIndexException");
  }

  @Test
  void anUnknownSettingIsNamed() throws Exception {
    ChildJvm.Outcome outcome = run(EmbedJob.class, "--set", "inputs.path=x");
    assertThat(outcome.exitStatus()).isEqualTo(1);
    assertThat(outcome.output()).contains("embed failed: unknown key 'inputs.path'");
  }
}
