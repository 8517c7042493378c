package io.tarn.embedding;

import java.io.Serializable;

/**
 * Text to vectors. Batch and stream embed with the same stored file, so one text gives
 * bit-identical vectors on both sides, on every machine and JDK; {@link #fingerprint} tells whether
 * it is the same file.
 *
 * <p>Implementations are immutable, may be used by many threads at once, and are serialized as
 * their stored bytes.
 */
public interface Embedder extends Serializable {

  /** The length of every vector, at least 1. */
  int dimension();

  /** The name under which {@link Embedders#open} finds the implementation. */
  String kind();

  /** The exact model: the first 32 hex digits of the SHA-256 of {@link #toBytes}. */
  String fingerprint();

  /**
   * The vector of a text: finite numbers, not normalized. It is zero if the text's parts cancel
   * out.
   *
   * @throws EmbeddingException if the text has no vector; the message says why
   */
  float[] embed(String text) throws EmbeddingException;

  /** The stored form; {@link Embedders#open} makes the same embedder of it. */
  byte[] toBytes();
}
