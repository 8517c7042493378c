package io.tarn.embedding;

/**
 * A text that has no vector. Checked, because such texts are ordinary input: whoever embeds must
 * decide where they go.
 */
public final class EmbeddingException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Without stack trace: it is about the text, and a stream may hold many such texts. */
  EmbeddingException(String message) {
    super(message, null, false, false);
  }
}
