package io.tarn.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The documents name things that exist. */
class DocumentsTest {
  private static final Path ROOT = Path.of(System.getProperty("tarn.root"));
  private static final Pattern CODE = Pattern.compile("`([^`\\s]+)`");
  private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+)\\)");
  private static final Pattern CLASS = Pattern.compile("[A-Z][a-z]\\w+");
  private static final Pattern PACKAGE = Pattern.compile("io\\.tarn(\\.\\w+)+");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/FORMAT.md",
        "docs/decisions",
        "docs/flink-sql.md",
        "docs/operations.md",
        "docs/spark.md",
        "docs/storage.md"
      })
  void classesPackagesAndFilesExist(String document) throws IOException {
    Set<String> sources = sources();
    Set<String> classes =
        sources.stream()
            .map(path -> path.substring(path.lastIndexOf('/') + 1).replace(".java", ""))
            .collect(Collectors.toSet());
    Set<String> unknown = new TreeSet<>();
    for (String name : find(CODE, text(document))) {
      boolean known = true;
      if (CLASS.matcher(name).matches()) {
        known = classes.contains(name);
      } else if (PACKAGE.matcher(name).matches()) {
        String folder = "/" + name.replace('.', '/') + "/";
        known = sources.stream().anyMatch(path -> path.contains(folder));
      } else if (name.startsWith("docs/") || name.endsWith(".md")) {
        known = Files.exists(ROOT.resolve(name));
      }
      if (!known) {
        unknown.add(name);
      }
    }
    assertThat(unknown).as("named in %s, but nowhere to be found", document).isEmpty();
  }

  @Test
  void linksOfTheReadmeLead() throws IOException {
    for (String link : find(LINK, text("README.md"))) {
      assertThat(ROOT.resolve(link)).exists();
    }
  }

  private static String text(String document) throws IOException {
    Path path = ROOT.resolve(document);
    if (Files.isRegularFile(path)) {
      return Files.readString(path);
    }
    StringBuilder text = new StringBuilder();
    try (Stream<Path> files = Files.list(path)) {
      for (Path file : files.toList()) {
        text.append(Files.readString(file));
      }
    }
    return text.toString();
  }

  private static Set<String> sources() throws IOException {
    Set<String> sources = new TreeSet<>();
    try (Stream<Path> modules = Files.list(ROOT)) {
      for (Path module : modules.filter(path -> Files.isDirectory(path.resolve("src"))).toList()) {
        try (Stream<Path> files = Files.walk(module.resolve("src"))) {
          files.map(Path::toString).filter(f -> f.endsWith(".java")).forEach(sources::add);
        }
      }
    }
    return sources;
  }

  private static List<String> find(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.results().map(result -> result.group(1)).toList();
  }
}
