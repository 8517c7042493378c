package io.tarn.index.snapshot;

import java.io.Serializable;
import java.util.Objects;

/**
 * A file of the index and what its bytes must be.
 *
 * @param path relative to the index
 * @param bytes its length
 * @param crc32c the CRC-32C of all its bytes, as eight lower-case hex digits
 */
public record FileRef(String path, long bytes, String crc32c) implements Serializable {
  public FileRef {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(crc32c, "crc32c");
    if (bytes < 0) {
      throw new IllegalArgumentException(path + " is recorded with " + bytes + " bytes");
    }
  }
}
