package io.tarn.cli;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Embedders;
import io.tarn.index.format.ChecksummedFile;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import java.io.IOException;

/** The embedder with which an index was made. */
final class SnapshotEmbedder {
  private SnapshotEmbedder() {}

  static Embedder open(Storage storage, Snapshot snapshot) throws IOException {
    EmbedderRef ref =
        snapshot
            .embedderIfAny()
            .orElseThrow(
                () ->
                    new CommandException(
                        storage.location()
                            + " has no embedder, as it was built from ready-made vectors: search"
                            + " with --vector or --id"));
    return Embedders.open(ref.kind(), ChecksummedFile.read(storage, ref.file()));
  }
}
