package io.tarn.embedding;

import java.io.Serializable;

/**
 * Texts, or images, to vectors. Batch and stream embed with the same stored file, so one text gives
 * bit-identical vectors on both sides, on every machine and JDK, and so does an image that decodes
 * to the same pixels; {@link #fingerprint} tells whether it is the same file.
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
   * The vector of a text or an image: finite numbers, not normalized. It may be zero.
   *
   * @throws EmbeddingException if the content has no vector, or is not of the sort that the
   *     embedder takes; the message says why
   */
  float[] embed(Content content) throws EmbeddingException;

  /** The vector of a text, as {@link #embed(Content)} gives it. */
  default float[] embed(String text) throws EmbeddingException {
    return embed(new Content.Text(text));
  }

  /** The stored form; {@link Embedders#open} makes the same embedder of it. */
  byte[] toBytes();
}
