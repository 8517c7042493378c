package io.tarn.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** The table a batch job reads, and where it runs. */
final class InputOptions {
  @Option(
      names = "--input",
      paramLabel = "FILE|DIR",
      description = "What to read: a file, a directory of files, or a pattern with *.")
  private String input;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = {
        "parquet, json (one object a line), csv (with a header), fvecs, bvecs or idx, gzipped or",
        "not; told by the input's name if not given. fvecs, bvecs and idx have no ids: a row's",
        "number is its id."
      })
  private String format;

  @Option(
      names = "--id-column",
      paramLabel = "NAME",
      description = "The column of ids, text or whole numbers; 'id' if not given.")
  private String idColumn;

  @Option(
      names = "--vector-column",
      paramLabel = "NAME",
      description = "The column of vectors; 'vector' if not given.")
  private String vectorColumn;

  @Option(
      names = "--text-column",
      paramLabel = "NAME",
      description = "The column of texts to embed, instead of vectors.")
  private String textColumn;

  @Option(
      names = "--image-column",
      paramLabel = "NAME",
      description =
          "The column of images to embed, such as bytes of PNG files, instead of vectors.")
  private String imageColumn;

  @Option(
      names = "--attributes",
      split = ",",
      paramLabel = "NAME",
      description = "Columns to keep with the features, with commas between them.")
  private List<String> attributes;

  @Option(
      names = "--order-column",
      paramLabel = "NAME",
      description = "The column that tells which version of an id is the newest.")
  private String orderColumn;

  @Option(
      names = "--rejects",
      paramLabel = "DIR",
      description = "Write rows that cannot be used here, with the reason; else just count them.")
  private String rejects;

  @Option(
      names = "--master",
      paramLabel = "URL",
      description = "A Spark cluster, spark://host:port; Spark in this JVM if not given.")
  private String master;

  String master() {
    return master;
  }

  String rejects() {
    return rejects;
  }

  /** The settings these flags stand for; null where not given. */
  Map<String, Object> settings() {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("input.path", input);
    settings.put("input.format", format == null ? formatOfName(input) : format);
    settings.put("input.id-column", idColumn);
    settings.put("input.vector-column", vectorColumn);
    settings.put("input.text-column", textColumn);
    settings.put("input.image-column", imageColumn);
    settings.put("input.attributes", attributes);
    settings.put("input.order-column", orderColumn);
    settings.put("rejects", rejects);
    return settings;
  }

  /** The format that the name of an input tells of; null if it tells of none. */
  static String formatOfName(String input) {
    if (input == null) {
      return null;
    }
    String name = input.toLowerCase(Locale.ROOT);
    return name.endsWith(".csv") || name.endsWith(".csv.gz")
        ? "csv"
        : QueryFormat.ofFileName(Path.of(input)).map(QueryFormat::toString).orElse(null);
  }
}
