package io.tarn.spark.input;

import io.tarn.index.vectorfile.VectorFileFormat;
import java.util.Locale;
import java.util.Optional;

/** The formats a job reads; each of them gzipped too. */
public enum InputFormat {
  PARQUET,
  /** One JSON object a line. */
  JSON,
  /** With a header line; the types of the columns are found by looking at the values. */
  CSV,
  /**
   * Vector files; see {@link VectorFileFormat}. Their columns are {@code id} and {@code vector}.
   */
  FVECS,
  BVECS,
  IDX;

  /** This format as one of vector files; empty if Spark reads it. */
  Optional<VectorFileFormat> vectorFile() {
    return switch (this) {
      case PARQUET, JSON, CSV -> Optional.empty();
      case FVECS -> Optional.of(VectorFileFormat.FVECS);
      case BVECS -> Optional.of(VectorFileFormat.BVECS);
      case IDX -> Optional.of(VectorFileFormat.IDX);
    };
  }

  /** The name used in settings. */
  String externalName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
