package io.tarn.index.vectorfile;

import java.util.Locale;
import java.util.Optional;

/** The file formats in which vector data sets are commonly published. */
public enum VectorFileFormat {
  /** TEXMEX: per row an int32 dimension, then that many float32, all little-endian. */
  FVECS(Float.BYTES),
  /** TEXMEX: per row an int32 dimension, then that many unsigned bytes. */
  BVECS(1),
  /** TEXMEX: per row an int32 count, then that many int32; used for ground truth. */
  IVECS(Integer.BYTES),
  /**
   * IDX, as MNIST uses it: a header with the value type and the sizes of all dimensions, then the
   * values, big-endian. The first dimension counts the rows; the others together are the vector's.
   */
  IDX(0);

  private final int valueBytes;

  VectorFileFormat(int valueBytes) {
    this.valueBytes = valueBytes;
  }

  /** Bytes of a value, or 0 where the file's header says. */
  int valueBytes() {
    return valueBytes;
  }

  /** Whether every row carries its own dimension. */
  boolean hasRowHeaders() {
    return this != IDX;
  }

  /** Reads a format's name, such as {@code fvecs}. */
  public static VectorFileFormat of(String name) {
    try {
      return valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "unknown vector file format '" + name + "': use fvecs, bvecs, ivecs or idx", e);
    }
  }

  /** The format a file's name tells of, with or without {@code .gz}; empty if it tells of none. */
  public static Optional<VectorFileFormat> ofFileName(String name) {
    String bare = name.toLowerCase(Locale.ROOT);
    bare = bare.endsWith(".gz") ? bare.substring(0, bare.length() - 3) : bare;
    for (VectorFileFormat format : values()) {
      if (bare.endsWith("." + format.name().toLowerCase(Locale.ROOT))) {
        return Optional.of(format);
      }
    }
    return bare.matches(".*idx\\d+-u?(byte|float|double|int|short)")
        ? Optional.of(IDX)
        : Optional.empty();
  }
}
