package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;

/** A command run in this JVM, and what came of it. */
record Run(int status, String out, String err) {

  /** Runs {@code ./tarn} with these arguments. */
  static Run tarn(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] texts = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
    int status = Tarn.run(texts, new PrintWriter(out), new PrintWriter(err));
    return new Run(status, out.toString(), err.toString());
  }

  Run succeeds() {
    assertThat(err).isEmpty();
    assertThat(status).isZero();
    return this;
  }

  /** Asserts that there is one line of complaint and no result. */
  void fails(int expectedStatus, String... messageParts) {
    assertThat(err.strip())
        .contains(messageParts)
        .doesNotContain("\n")
        .doesNotContain("unexpected ");
    assertThat(out).isEmpty();
    assertThat(status).isEqualTo(expectedStatus);
  }

  /** What stdout holds must be JSON and nothing else. */
  JsonNode json() throws Exception {
    return Json.MAPPER.readTree(succeeds().out);
  }
}
