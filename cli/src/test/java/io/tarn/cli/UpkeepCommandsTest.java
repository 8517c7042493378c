package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What keeps an index in shape, with Spark in this JVM. */
class UpkeepCommandsTest {
  @TempDir Path dir;

  private Path points() throws Exception {
    List<String> lines =
        IntStream.range(0, 200)
            .mapToObj(i -> "{\"id\": \"p%d\", \"vector\": [%d, %d]}".formatted(i, i, i * i % 17))
            .toList();
    return Files.write(dir.resolve("points.json"), lines);
  }

  @Test
  void aDeletedIdIsGoneWhenItsTimeHasCome() throws Exception {
    Path index = dir.resolve("index");
    Run.tarn("build", "--input", points(), "--index", index, "--nlist", 4).succeeds();
    Path gone = Files.write(dir.resolve("gone.json"), List.of("{\"id\": \"p7\"}"));
    Run.tarn("append", "--input", gone, "--index", index, "--delete").succeeds();

    Run present = Run.tarn("verify", "--index", index, "--purged", "p7");
    assertThat(present.status()).isEqualTo(Tarn.FAILED);
    assertThat(present.out())
        .contains("1 row and 0 deletes, in the newest version", "0 rows and 1 delete");
    assertThat(present.err()).contains("is not free of p7. Delete the id, run compact");

    Run remembered = Run.tarn("compact", "--index", index).succeeds();
    assertThat(remembered.out()).contains("nothing needs to be done");
    Object[] compact = {"compact", "--index", index, "--delete-retention", "0s"};
    Run planned = Run.tarn(append(compact, "--dry-run")).succeeds();
    assertThat(planned.out())
        .contains("version 2, dry run: nothing is changed. To be done:")
        .contains("segments written anew: 2, with deletes that need not be remembered")
        .contains("would replace at most 2 segments")
        .contains("199 rows kept, 1 dead and 1 delete left out");
    assertThat(Run.tarn(compact).succeeds().out())
        .contains("version 3, done:", "replaced 2 segments", "by 1, ");

    Object[] expire = {
      "expire",
      "--index",
      index,
      "--exclusive",
      "--keep-versions",
      1,
      "--keep-age",
      "0s",
      "--safety-age",
      "0s"
    };
    assertThat(Run.tarn(append(expire, "--dry-run")).succeeds().out())
        .contains("would remove 1 version, 2 segments, 0 models");
    assertThat(Run.tarn(expire).succeeds().out()).contains("removed 1 version, 2 segments");
    assertThat(Run.tarn("verify", "--index", index, "--purged", "p7").succeeds().out())
        .contains("nothing is left of p7 in 1 segment");
    assertThat(Run.tarn("verify", "--index", index).succeeds().out()).contains("is sound");
    Run.tarn("search", "--index", index, "--id", "p8", "--version", 1)
        .fails(1, "version 1", "has expired", "open a version from 3 to 4");
  }

  @Test
  void listsAreTrainedAnewAndSplit() throws Exception {
    Path index = dir.resolve("index");
    Run.tarn("build", "--input", points(), "--index", index, "--nlist", 2).succeeds();
    assertThat(Run.tarn("maintain", "--index", index, "--target-list-rows", 30).succeeds().out())
        .contains("split: lists with more than 60 live rows");
    assertThat(Run.tarn("retrain", "--index", index, "--nlist", 5).succeeds().out())
        .contains("train 5 lists", "200 rows kept");
    assertThat(Run.tarn("verify", "--index", index).succeeds().out()).contains("200 live rows");
  }

  @Test
  void whatOthersRelyOnIsRefusedInOneLine() throws Exception {
    Path index = dir.resolve("index");
    Run.tarn("expire", "--index", index, "--keep-age", "5min")
        .fails(2, "keep-age is less than 10 minutes");
    Run.tarn("expire", "--index", index, "--safety-age", "2h").fails(2, "25 hours");
    Run.tarn("expire", "--index", index, "--keep-age", "soon").fails(2, "'soon' is no time");
    Run.tarn("compact", "--index", index).fails(1, "is no Tarn index");
  }

  private static Object[] append(Object[] arguments, Object last) {
    Object[] all = Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = last;
    return all;
  }
}
