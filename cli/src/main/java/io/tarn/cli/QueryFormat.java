package io.tarn.cli;

import io.tarn.index.vectorfile.VectorFileFormat;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** The file formats queries come in. */
enum QueryFormat {
  FVECS,
  BVECS,
  IDX,
  /** One vector a line: {@code [1, 2.5]} or {@code {"vector": [1, 2.5]}}. */
  JSON,
  PARQUET;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The format a file's name tells of, gzipped or not; empty if it tells of none. */
  static Optional<QueryFormat> ofFileName(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
    if (name.matches(".*\\.(json|jsonl|ndjson)")) {
      return Optional.of(JSON);
    }
    if (name.endsWith(".parquet")) {
      return Optional.of(PARQUET);
    }
    return VectorFileFormat.ofFileName(name)
        .map(
            format ->
                switch (format) {
                  case FVECS -> FVECS;
                  case BVECS -> BVECS;
                  case IDX -> IDX;
                  case IVECS -> null;
                });
  }
}
