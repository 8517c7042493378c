package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BenchBuildCommandTest {
  @Test
  void phasesAndQualityAreShownBesidePlainKMeansAndMllib() {
    Run run =
        Run.tarn(
            "bench",
            "build",
            "--generate",
            "n=3000,d=8,clusters=9",
            "--nlist",
            "8,16",
            "--rounds",
            2,
            "--queries",
            50,
            "--mllib",
            "row,block");
    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out())
        .containsPattern("(?m)^ +read +check +sample +train lists +write +commit +total s ")
        .containsPattern("(?m)^8 lists, round 1, first job( +\\d+\\.\\d){10}$")
        .containsPattern("(?m)^16 lists, round 2 ")
        .containsPattern("(?m)^tarn, 16 lists +\\d+\\.\\d+ +\\d\\.\\d\\d( +[01]\\.\\d{4}){3}$")
        .containsPattern("(?m)^plain k-means, 8 lists ");
    for (String solver : List.of("8 lists, row", "8 lists, block", "16 lists, block")) {
      assertThat(run.out()).containsPattern("(?m)^" + solver + "( +\\d+\\.\\d){5}$");
    }
  }

  @Test
  void dataAndListsAreNeeded() {
    Run.tarn("bench", "build", "--nlist", "4").fails(2, "--data", "--generate");
    Run.tarn("bench", "build", "--generate", "n=10,d=2,clusters=1").fails(2, "--nlist");
  }
}
