package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommitsCommandTest {
  @TempDir Path dir;

  private Run bench() {
    return Run.tarn(
        "bench",
        "commits",
        "--generate",
        "n=500,d=8,clusters=5",
        "--generate",
        "n=1000,d=8,clusters=5",
        "--nlist",
        8,
        "--commits",
        16,
        "--rows",
        20,
        "--versions",
        "3,40",
        "--work",
        dir.resolve("work"),
        "--out",
        dir.resolve("out"));
  }

  /** The command fails unless a reader that only refreshed has all rows at the end. */
  @Test
  void commitsAreTimedBesideRowsAndVersions() throws Exception {
    Run run = bench();
    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("Commits of 20 rows, ms, median / 99 of 100; 16 commits each")
        .containsPattern("(?m)^generated-n500\\S* +500 +1 +\\d+–\\d+ +\\d")
        .containsPattern("(?m)^generated-n1000\\S* +1,000 +1 +\\d+–\\d+ +\\d")
        .containsPattern("(?m)^generated-n500\\S* +500 +3 ")
        .containsPattern("(?m)^generated-n500\\S* +500 +40 ")
        .contains("Adding 20 rows, beside building the index");
    JsonNode json = Json.MAPPER.readTree(dir.resolve("out/commits.json").toFile());
    assertThat(json.at("/indexes")).hasSize(4);
    for (JsonNode index : json.at("/indexes")) {
      assertThat(index.at("/commit_ms/count").intValue()).isEqualTo(16);
      assertThat(index.at("/refresh_ms/p50").doubleValue()).isPositive();
      // Eight small segments are merged, so that there are never many.
      assertThat(index.at("/merge_ms/count").intValue()).isPositive();
      assertThat(index.at("/most_segments").intValue()).isLessThan(11);
    }
    assertThat(json.at("/adding/1/share").doubleValue()).isPositive();
    assertThat(dir.resolve("out/commits.md")).content().contains("| index | rows | versions |");

    // What is measured on are copies.
    List<String> before = files();
    Run again = bench();
    assertThat(again.status()).as(again.err()).isZero();
    assertThat(again.out()).contains("(an earlier run)");
    assertThat(files()).isEqualTo(before);
  }

  private List<String> files() throws Exception {
    try (Stream<Path> files = Files.walk(dir.resolve("work"))) {
      return files.map(Path::toString).sorted().toList();
    }
  }

  @Test
  void misuseIsOneLine() {
    Run.tarn("bench", "commits").fails(2, "nothing to measure: give --data or --generate");
    Run.tarn("bench", "commits", "--generate", "n=10").fails(2, "'n=10': n, d and clusters");
    Run.tarn("bench", "commits", "--data", dir.resolve("no"))
        .fails(1, dir.resolve("no") + " does not exist");
  }
}
