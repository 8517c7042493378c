package io.tarn.embedding;

/** Bytes that are no embedder of the expected kind, are damaged, or come from a newer version. */
public final class EmbedderFileException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  EmbedderFileException(String message) {
    super(message);
  }

  EmbedderFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
