package io.tarn.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ShowTest {
  private final StringWriter text = new StringWriter();

  private Show show() {
    return new Show(new PrintWriter(text), false);
  }

  @Test
  void stepsAndChecksAreCounted() throws Exception {
    try (Show show = show()) {
      show.step("Read", "the input", () -> show.check(true, "it is there"));
      show.step("Write", "the output", () -> show.check(2 > 1, "it is right"));
      assertThat(show.summary()).isTrue();
    }
    assertThat(text.toString())
        .contains("1 Read  the input\n    ✓ it is there\n")
        .contains("2 Write  the output\n    ✓ it is right\n")
        .containsPattern("    Read +0.0 s\n    Write +0.0 s\n    in all +\\d+\\.\\d s\n")
        .contains("2 of 2 checks hold");
  }

  @Test
  void oneFailedCheckFailsTheShow() {
    try (Show show = show()) {
      show.check(true, "this");
      show.check(false, "that");
      show.check(true, "and this");
      assertThat(show.summary()).isFalse();
    }
    assertThat(text.toString()).contains("✗ NOT SO: that", "2 of 3 checks hold");
  }

  @Test
  void waitingShowsNothingWhereNobodyWatches() throws Exception {
    try (Show show = show()) {
      assertThat(show.waiting("for something", () -> "done")).isEqualTo("done");
    }
    assertThat(text.toString()).isEmpty();
  }
}
