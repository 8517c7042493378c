package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
  @TempDir Path dir;

  @Test
  void measuresAndWritesWhatItMeasured() throws Exception {
    Path out = dir.resolve("out");
    Run run =
        Run.tarn(
            "bench",
            "--generate",
            "n=500,d=4,clusters=5",
            "--nlist",
            "4,8",
            "--nprobe",
            "1,4",
            "--queries",
            20,
            "--rounds",
            1,
            "--growth",
            "--out",
            out);
    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("QPS@0.95", "CPU µs", "Growth: microseconds a query at recall 0.95")
        .containsPattern("(?m)^tarn    nlist 8 +nprobe 4 ")
        .containsPattern("(?m)^tarn    nlist 8, adaptive +nprobe 4 ");
    assertThat(run.err()).contains("written to " + out);
    assertThat(Json.MAPPER.readTree(out.resolve("results.json").toFile()).at("/data_sets/0/points"))
        .hasSize(8);
    assertThat(Files.exists(out.resolve("results.md"))).isTrue();
  }

  @Test
  void opensAnIndexInAJvmOfItsOwn() throws Exception {
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    Run run = Run.tarn("bench", "--open", photos, "--rounds", 1);
    assertThat(run.succeeds().out())
        .contains("From the start of a JVM to the first answer: 40 rows of 3 values, nprobe 16")
        .containsPattern("(?m)^as it is( +\\d+\\.\\d\\d){4}$")
        .containsPattern("(?m)^as ./tarn search( +\\d+\\.\\d\\d){4}$");
    Run.tarn("bench", "--open", dir.resolve("no"), "--rounds", 1)
        .fails(1, "gave no answer", "NotAnIndexException");
  }

  @Test
  void misuseAndMissingDataAreOneLine() {
    Run.tarn("bench")
        .fails(2, "there is nothing to measure: give --data, --generate, --kernels or --open");
    Run.tarn("bench", "--data", dir, "--peers", "faiss")
        .fails(
            2,
            "'--peers'",
            "there is no peer 'faiss': use lucene, lucene-int8, lucene-1bit, jvector");
    Run.tarn("bench", "--generate", "n=10").fails(2, "'n=10': n, d and clusters are needed; write");
    Run.tarn("bench", "--data", dir, "--nlist", "0").fails(2, "'--nlist'", "'0' is not a whole");
    Run.tarn("bench", "--data", dir.resolve("no"))
        .fails(1, "tarn bench: " + dir.resolve("no") + " does not exist");
  }

  @Test
  void theLibrariesComparedWithAreNotOnTheClassPathOfOtherCommands() {
    Run.tarn("bench", "--generate", "n=100,d=2,clusters=1", "--peers", "lucene")
        .fails(1, "lucene", "JDK 21 or newer");
    Run.tarn("bench", "--kernels").fails(1, "JMH is not on the class path");
  }
}
