package io.tarn.embedding;

/**
 * A text or image that has no vector. Checked, because such are ordinary input: whoever embeds must
 * decide where they go.
 */
public final class EmbeddingException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Without stack trace: it is about the content, and a stream may hold much of the kind. */
  EmbeddingException(String message) {
    super(message, null, false, false);
  }
}
