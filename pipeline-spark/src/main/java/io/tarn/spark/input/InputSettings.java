package io.tarn.spark.input;

import io.tarn.settings.Default;
import java.util.List;
import java.util.Optional;

/**
 * What a job reads, and what its columns mean.
 *
 * @param path a file, a directory of files, or a pattern with {@code *}, on any file system Hadoop
 *     knows; of a directory every file is read whose name begins with neither {@code _} nor {@code
 *     .}
 * @param format the format of the files
 * @param idColumn the column of ids: text or a whole number
 * @param vectorColumn the column of vectors: an array of numbers, or text such as {@code [0.5, 2]}
 * @param textColumn the column of texts to embed; where it is given, {@code vectorColumn} is not
 *     read
 * @param attributes the columns to keep as attributes
 * @param orderColumn the column that tells which version of an id is the newest: a whole number, or
 *     a date or timestamp, which becomes milliseconds since the epoch. Without it every row has the
 *     time, in milliseconds, at which the job started
 * @param maxRowBytes what the id, the vector or text, and the attributes of a row may have
 *     together; larger rows are set aside
 */
public record InputSettings(
    String path,
    @Default("parquet") InputFormat format,
    @Default("id") String idColumn,
    @Default("vector") String vectorColumn,
    Optional<String> textColumn,
    List<String> attributes,
    Optional<String> orderColumn,
    @Default("8388608") int maxRowBytes) {
  /** What rows may have if nothing else is said. */
  public static final int DEFAULT_MAX_ROW_BYTES = 8 << 20;

  public InputSettings {
    if (path.isBlank()) {
      throw new IllegalArgumentException("path must name a file or a directory");
    }
    if (maxRowBytes < 1) {
      throw new IllegalArgumentException("max-row-bytes must be at least 1");
    }
    if (textColumn.isPresent() && format.vectorFile().isPresent()) {
      throw new IllegalArgumentException(
          "text-column is given, but " + format.externalName() + " files hold vectors only");
    }
  }
}
