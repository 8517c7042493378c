package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The commands of docs/operations.md exist, with these options. */
class OperationsGuideTest {
  /** Every {@code ./tarn} command of the guide, without its first word. */
  static List<String> commands() throws IOException {
    return Files.readString(Path.of("..", "docs", "operations.md"))
        .replaceAll("\\\\\n\\s*", "")
        .lines()
        .filter(line -> line.startsWith("./tarn "))
        .map(line -> line.substring("./tarn ".length()))
        .toList();
  }

  @Test
  void theCommandsAreKnown() throws IOException {
    List<String> commands = commands();
    assertThat(commands).hasSize(5);
    for (String command : commands) {
      String[] words = command.split(" ");
      // Throws at what it does not know.
      CommandLine.ParseResult parsed = new CommandLine(new Tarn()).parseArgs(words);
      assertThat(parsed.subcommand().commandSpec().name()).isEqualTo(words[0]);
      int file = Arrays.asList(words).indexOf("--conf-file");
      if (file >= 0) {
        assertThat(Path.of("..", words[file + 1])).exists();
      }
    }
  }
}
