package io.tarn.cli.demo;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Embedders;
import io.tarn.embedding.EmbeddingException;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.format.ChecksummedFile;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.Probe;
import io.tarn.index.search.SearchResult;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** The index as whoever searches it sees it. */
final class MethodIndex {
  private final Storage storage;
  private final IndexReader reader;
  private final Embedder embedder;

  private MethodIndex(Storage storage, IndexReader reader, Embedder embedder) {
    this.storage = storage;
    this.reader = reader;
    this.embedder = embedder;
  }

  static MethodIndex open(Path directory) throws IOException {
    Storage storage = new LocalStorage(directory);
    IndexReader reader = IndexReader.open(storage);
    EmbedderRef embedder = reader.view().snapshot().embedderIfAny().orElseThrow();
    return new MethodIndex(
        storage,
        reader,
        Embedders.open(embedder.kind(), ChecksummedFile.read(storage, embedder.file())));
  }

  Storage storage() {
    return storage;
  }

  IndexReader reader() {
    return reader;
  }

  Snapshot snapshot() {
    return reader.view().snapshot();
  }

  Probe defaultProbe() {
    return Probe.byDefault(snapshot().model().lists());
  }

  SearchResult search(String text, int k) throws EmbeddingException, RejectedFeatureException {
    return reader.search(embedder.embed(text), k, defaultProbe());
  }

  /** The place of an id among the first k hits, from 1 on, or empty. */
  Optional<Integer> rank(String id, String text, int k)
      throws EmbeddingException, RejectedFeatureException {
    int rank = 0;
    for (Hit hit : search(text, k).hits()) {
      rank++;
      if (hit.id().toString().equals(id)) {
        return Optional.of(rank);
      }
    }
    return Optional.empty();
  }

  Optional<Feature> get(String id) {
    return reader.get(FeatureId.of(id));
  }

  /**
   * The vector that batch and stream alike have to store for a text, or empty if they have to set
   * the text aside.
   */
  Optional<float[]> vectorOf(String text) {
    try {
      return Optional.of(VectorRules.accept(snapshot().schema(), embedder.embed(text)));
    } catch (EmbeddingException | RejectedFeatureException e) {
      return Optional.empty();
    }
  }
}
