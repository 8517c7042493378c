package io.tarn.spark;

import io.tarn.settings.Default;
import io.tarn.spark.input.InputFormat;
import io.tarn.spark.input.InputSettings;
import java.util.List;
import java.util.Optional;

/**
 * A table of queries.
 *
 * @param path a file, a directory of files, or a pattern with {@code *}, on any file system Hadoop
 *     knows
 * @param format the format of the files
 * @param vectorColumn the column of vectors: an array of numbers
 */
public record QuerySettings(
    String path, @Default("parquet") InputFormat format, @Default("vector") String vectorColumn) {
  public QuerySettings {
    if (path.isBlank()) {
      throw new IllegalArgumentException("path must name a file or a directory");
    }
  }

  /** The same as the input of other jobs. */
  InputSettings input() {
    return new InputSettings(
        path,
        format,
        "id",
        vectorColumn,
        Optional.empty(),
        List.of(),
        Optional.empty(),
        InputSettings.DEFAULT_MAX_ROW_BYTES);
  }
}
