package io.tarn.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/** The index that a job looks at as a whole, and where the job runs. */
final class AnalysisOptions {
  @Option(
      names = "--index",
      paramLabel = "DIR",
      description = "The index: a directory, or a location such as hdfs://host/path.")
  private String index;

  @Option(
      names = "--as-of-version",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "A version of it; the newest if not given.")
  private Integer version;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description = "A Spark cluster, spark://host:port; Spark in this JVM if not given.")
  private String master;

  String master() {
    return master;
  }

  /** The settings these flags stand for; null where not given. */
  Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("index", index);
    settings.put("version", version);
    return settings;
  }
}
