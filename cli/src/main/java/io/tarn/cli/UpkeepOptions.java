package io.tarn.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What all commands that keep an index in shape can be told. */
final class UpkeepOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description = "The index: a directory, hdfs://host/path or s3a://bucket/path.")
  private String index;

  @Option(names = "--dry-run", description = "Say what would be done, and why, and change nothing.")
  private Boolean dryRun;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description = "A Spark cluster, spark://host:port; Spark in this JVM if not given.")
  private String master;

  @Mixin private SettingsOptions settings;

  /** The settings that they are, to which a command adds its own. */
  Map<String, Object> flags() {
    Map<String, Object> flags = new LinkedHashMap<>();
    flags.put("index", index);
    flags.put("dry-run", dryRun);
    return flags;
  }

  UpkeepCommands commands() {
    return new UpkeepCommands(spec, settings, master);
  }
}
