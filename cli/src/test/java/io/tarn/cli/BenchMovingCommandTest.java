package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchMovingCommandTest {
  private static final String FIGURES = "( +[\\d.,]+){5} +[\\d.,–]+ +[\\d.,–]+$";

  @TempDir Path dir;

  /** The command fails unless readers have all rows at each point. */
  @Test
  void anIndexThatIsKeptInShapeIsComparedWithOthers() {
    Run run =
        Run.tarn(
            "bench",
            "moving",
            "--generate",
            "n=1500,d=8,clusters=12",
            "--clusters",
            10,
            "--nlist",
            4,
            "--queries",
            40,
            "--nprobe",
            "2,4",
            "--at",
            "50",
            "--rate",
            3000,
            "--lists-interval",
            100,
            "--checkpoint-interval",
            200,
            "--rest",
            120);
    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out())
        .contains("1,500 vectors, cluster by cluster, 3,000 sent a second, 40 queries; 8 values")
        .containsPattern("(?m)^ +50% +built anew" + FIGURES)
        .containsPattern("(?m)^ +50% +kept in shape" + FIGURES)
        .containsPattern("(?m)^ +at rest +kept in shape" + FIGURES)
        .containsPattern("(?m)^ +100% +not kept in shape +4 ")
        .containsPattern("kept in shape: .*\\d+ split.*\\d+ stream")
        .contains("nothing was worth doing any longer");
  }

  @Test
  void misuseIsOneLine() {
    Run.tarn("bench", "moving").fails(2, "--data", "--generate");
    Run.tarn("bench", "moving", "--generate", "n=100,d=2,clusters=1", "--at", "50,101")
        .fails(2, "'--at': 101 is more than 100 percent");
    Run.tarn("bench", "moving", "--data", dir.resolve("no")).fails(1, "no does not exist");
  }
}
