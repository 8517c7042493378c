package io.tarn.cli;

import io.tarn.settings.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The settings of a job beyond its flags, as the job itself takes them on a cluster. */
final class SettingsOptions {
  @Option(
      names = "--conf-file",
      paramLabel = "FILE",
      description = "YAML with settings of the job; see conf/. Flags and --set win over it.")
  private Path confFile;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A single setting of the job; may be repeated.")
  private List<String> overrides = new ArrayList<>();

  /**
   * The settings of a job.
   *
   * @param flags the command's own flags by the key they stand for; null where not given
   */
  <T extends Record> T load(Class<T> type, Map<String, ?> flags) {
    return Settings.load(type, Optional.ofNullable(confFile), overrides, flags);
  }
}
