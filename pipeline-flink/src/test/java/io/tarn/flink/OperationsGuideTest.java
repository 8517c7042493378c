package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What docs/operations.md quotes is what the job says. FlinkClusterIT submits, stops and resumes
 * jobs in a cluster, by commands of its own.
 */
class OperationsGuideTest {
  private static final Path GUIDE = Path.of("..", "docs", "operations.md");

  @Test
  void theMessagesAreThoseOfTheSources() throws IOException {
    String sources = stringsOf("src/main/java") + stringsOf("../index-core/src/main/java");
    List<String> quoted =
        section("## When the job refuses")
            .filter(line -> line.startsWith("| `"))
            .map(line -> line.substring(3, line.indexOf('`', 3)))
            .toList();

    assertThat(quoted).hasSize(16);
    for (String message : quoted) {
      for (String part : message.split("…")) {
        assertThat(sources.contains(part.strip())).as(part).isTrue();
      }
    }
  }

  private static Stream<String> section(String title) throws IOException {
    return Files.readString(GUIDE)
        .lines()
        .dropWhile(line -> !line.equals(title))
        .skip(1)
        .takeWhile(line -> !line.startsWith("## "));
  }

  /** All sources, with strings that are put together of several lines made whole. */
  private static String stringsOf(String directory) throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.walk(Path.of(directory))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        all.append(Files.readString(file).replaceAll("\"\\s*\\+\\s*\"", ""));
      }
    }
    return all.toString();
  }
}
