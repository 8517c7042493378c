package io.tarn.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The commands and records that README.md shows, so that tests run what users read. */
final class Readme {
  private static final String FENCE = "```";

  private final List<String> lines;

  private Readme(List<String> lines) {
    this.lines = lines;
  }

  static Readme read() throws IOException {
    return new Readme(Files.readAllLines(Path.of(System.getProperty("tarn.root"), "README.md")));
  }

  /** The commands of all {@code sh} blocks that begin with {@code program}, one a line. */
  List<String> commands(String program) {
    String shell = String.join("\n", blocks("sh")).replace("\\\n", " ");
    return shell.lines().map(String::strip).filter(line -> line.startsWith(program + " ")).toList();
  }

  /**
   * The words of the one command that begins with {@code program}, without it.
   *
   * @param replacements what to put in place of what README has for the reader's own things; each
   *     must occur
   */
  List<String> words(String program, Map<String, String> replacements) {
    List<String> commands = commands(program);
    if (commands.size() != 1) {
      throw new AssertionError("README.md has not one but these: " + commands);
    }
    String command = commands.get(0);
    for (Map.Entry<String, String> replacement : replacements.entrySet()) {
      if (!command.contains(replacement.getKey())) {
        throw new AssertionError("'" + replacement.getKey() + "' is not in: " + command);
      }
      command = command.replace(replacement.getKey(), replacement.getValue());
    }
    List<String> words = new ArrayList<>(Arrays.asList(command.strip().split("\\s+")));
    words.remove(0);
    return words;
  }

  /** The lines of all blocks of a language. */
  List<String> blocks(String language) {
    List<String> found = new ArrayList<>();
    boolean inside = false;
    for (String line : lines) {
      if (line.startsWith(FENCE)) {
        inside = !inside && line.equals(FENCE + language);
      } else if (inside) {
        found.add(line);
      }
    }
    return found;
  }
}
