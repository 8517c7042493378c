package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BenchStreamCommandTest {
  private static final String[] TINY = {
    "--generate", "n=2000,d=8,clusters=9", "--nlist", "8", "--parallelism", "2"
  };

  private static Run bench(Object... more) {
    Stream<Object> first = Stream.of("bench", "stream");
    return Run.tarn(Stream.of(first, Stream.of(TINY), Stream.of(more)).flatMap(s -> s).toArray());
  }

  /** The job and its parts take turns; the command fails unless every row is found in the index. */
  @Test
  void eachStageIsTimed() throws Exception {
    Run run = bench("--rows", 1500, "--format", "json", "--rounds", 1);
    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("1,500 vectors, 8 values a vector, json records, 2 partitions")
        .containsPattern("(?m)^read, dropped  ( +[\\d.,]+){3} +\\d+%( +\\d+\\.\\d){2}$")
        .containsPattern("(?m)^read, decoded, dropped  ")
        .containsPattern("(?m)^read, committed, searchable  .* 100% ")
        .containsPattern("(?m)^\\d+ commits?: p50 \\d+ ms, longest \\d+ ms$");
    assertThat(run.err()).contains("round 0 (does not count), read, dropped: ");
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void watchedRowsAreFound() throws Exception {
    Run run = bench("--freshness", "--rate", 300, "--seconds", 2, "--checkpoint-interval", 200);
    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out())
        .containsPattern("(?m)^\\d+ vectors sent a second, for 2 s; 8 values a vector, binary ")
        .containsPattern("(?m)^from producer.send to an answer( +[\\d,]+){3} +200$")
        .containsPattern("(?m)^commit( +[\\d,]+){4}$")
        .containsPattern("(?m)^refresh of the reader( +[\\d,]+){4}$")
        .doesNotContain("not found");
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void whatDoesNotFitTogetherIsSaid() {
    Run.tarn("bench", "stream").fails(2, "--data", "--generate");
    bench("--rate", 5).fails(2, "--freshness");
    bench("--freshness", "--rounds", 2).fails(2, "--rounds", "--seconds");
    bench("--format", "avro").fails(2, "--format", "BINARY");
  }

  private static List<Path> leftovers() throws Exception {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return files
          .filter(file -> file.getFileName().toString().matches("tarn-bench-(stream|flink)-.*"))
          .toList();
    }
  }
}
