package io.tarn.index.format;

import java.io.IOException;

/** A file of the index is missing, or its bytes are not what was written. Names the file. */
public final class DamagedFileException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String path;

  public DamagedFileException(String path, String problem) {
    this(path, problem, null);
  }

  public DamagedFileException(String path, String problem, Throwable cause) {
    super(path + ": " + problem, cause);
    this.path = path;
  }

  /** The damaged file, relative to the index. */
  public String path() {
    return path;
  }
}
