package io.tarn.index.snapshot;

import java.util.Objects;

/**
 * What made the vectors of the index from content, so that queries and streamed content can be
 * embedded alike. To index-core the file is opaque.
 *
 * @param kind the kind of embedder, such as {@code word2vec}
 * @param fingerprint identifies the exact embedder
 * @param file the saved embedder
 */
public record EmbedderRef(String kind, String fingerprint, FileRef file) {
  public EmbedderRef {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(fingerprint, "fingerprint");
    Objects.requireNonNull(file, "file");
  }
}
