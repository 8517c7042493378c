package io.tarn.embedding;

import java.io.Serializable;
import java.util.Arrays;

/** What an {@link Embedder} makes a vector of. */
public sealed interface Content extends Serializable {

  /** A text. */
  record Text(String text) implements Content {}

  /**
   * An image.
   *
   * @param bytes a file's, such as a PNG's; not copied
   */
  record Image(byte[] bytes) implements Content {
    @Override
    public boolean equals(Object other) {
      return other instanceof Image image && Arrays.equals(bytes, image.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "an image of " + bytes.length + " bytes";
    }
  }
}
