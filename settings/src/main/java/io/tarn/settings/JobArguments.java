package io.tarn.settings;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * The arguments every job takes: {@code [--conf-file FILE] [--set KEY=VALUE]…}. Jobs that change an
 * index only by what they find in it take {@code --dry-run} as well; for the others it is an
 * unknown key.
 *
 * @param confFile the YAML file, if one was given
 * @param overrides the {@code KEY=VALUE} texts, in the order given
 */
public record JobArguments(Optional<Path> confFile, List<String> overrides) {
  private static final String DRY_RUN = "dry-run=true";

  public JobArguments {
    overrides = List.copyOf(overrides);
  }

  /**
   * @throws SettingsException naming the first argument that is not understood
   */
  public static JobArguments parse(String... args) {
    Optional<Path> confFile = Optional.empty();
    List<String> overrides = new ArrayList<>();
    Iterator<String> rest = List.of(args).iterator();
    while (rest.hasNext()) {
      String arg = rest.next();
      switch (arg) {
        case "--conf-file" -> {
          if (confFile.isPresent()) {
            throw new SettingsException("--conf-file is given twice; one file holds all settings");
          }
          confFile = Optional.of(path(following(arg, "FILE", rest)));
        }
        case "--set" -> overrides.add(following(arg, "KEY=VALUE", rest));
        case "--dry-run" -> overrides.add(DRY_RUN);
        default ->
            throw new SettingsException(
                "unknown argument '%s'; a job takes --conf-file FILE and --set KEY=VALUE, and some --dry-run"
                    .formatted(arg));
      }
    }
    return new JobArguments(confFile, overrides);
  }

  private static String following(String option, String what, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new SettingsException("%s is the last argument; it needs %s".formatted(option, what));
    }
    return rest.next();
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new SettingsException("--conf-file '%s' is not a path".formatted(text), e);
    }
  }
}
