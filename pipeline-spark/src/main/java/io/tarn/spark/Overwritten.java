package io.tarn.spark;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Embedders;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.IndexExistsException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ChecksummedFile;
import io.tarn.index.format.ModelFile;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.WriterRuns;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import io.tarn.spark.input.ColumnRequest;
import io.tarn.spark.input.InputSettings;
import io.tarn.spark.input.UnusableInputException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The version of an index whose rows a build replaces. What makes vectors comparable stays:
 * dimension, metric, embedder; and what others who write rely on: the type of ids, attributes.
 *
 * @param base the version
 * @param nextListId the number from which new lists are numbered
 */
record Overwritten(Snapshot base, int nextListId) {

  /**
   * What a build is to replace; empty if there is no index.
   *
   * @throws IndexExistsException if there is one, and the settings do not say that it may go
   * @throws UnusableInputException if it cannot be replaced as the settings have it
   */
  static Optional<Overwritten> find(Storage storage, BuildSettings settings) throws IOException {
    Optional<Snapshot> newest = new SnapshotLog(storage).findNewest();
    if (newest.isEmpty()) {
      return Optional.empty();
    }
    if (!settings.overwrite()) {
      throw new IndexExistsException(storage.location());
    }
    Snapshot base = newest.get();
    check(storage, base, settings);
    return Optional.of(new Overwritten(base, ModelFile.read(storage, base.model()).nextListId()));
  }

  private static void check(Storage storage, Snapshot base, BuildSettings settings) {
    Schema schema = base.schema();
    if (settings.metric() != schema.metric()) {
      throw fixed(
          storage, "metric", schema.metric().externalName(), settings.metric().externalName());
    }
    int dimension = settings.dimension().orElse(schema.dimension());
    if (dimension != schema.dimension()) {
      throw fixed(storage, "dimension", schema.dimension(), dimension);
    }
    TreeSet<String> fed = new TreeSet<>();
    base.sources()
        .forEach(
            (source, state) -> {
              if (!state.nextOffsets().isEmpty() && !WriterRuns.isRun(source)) {
                fed.add(source);
              }
            });
    if (!fed.isEmpty() && !settings.keepPositions()) {
      throw new UnusableInputException(
          "the index at "
              + storage.location()
              + " is fed by "
              + fed
              + ": overwritten, it would lose the rows it has from there, and the stream would go"
              + " on behind them. If the table holds what these records said, set keep-positions to"
              + " true; otherwise append, or build another index");
    }
  }

  private static UnusableInputException fixed(
      Storage storage, String what, Object has, Object wanted) {
    return new UnusableInputException(
        "the index at "
            + storage.location()
            + " has "
            + what
            + " "
            + has
            + ", and "
            + what
            + " is "
            + wanted
            + ": it stays for as long as an index lives, build another one");
  }

  /**
   * The columns of the table: attributes that are named may be new, and those it lacks are null.
   */
  ColumnRequest columns(InputSettings input, long defaultOrder) {
    boolean named = !input.attributes().isEmpty();
    return ColumnRequest.forChanges(input, base.schema(), Optional.empty(), defaultOrder, named);
  }

  Schema schema(List<Attribute> attributes) {
    return base.schema().withAttributes(attributes);
  }

  /** What embeds texts or images; empty if there are none. */
  Optional<Embedder> embedder(Storage storage, BuildSettings settings) throws IOException {
    if (settings.embedder().isPresent()) {
      throw new UnusableInputException(
          "embedder is given, but the index at "
              + storage.location()
              + " is overwritten, and keeps what it has: leave it out, or build another index");
    }
    if (!settings.input().hasContent()) {
      return Optional.empty();
    }
    EmbedderRef ref =
        base.embedderIfAny()
            .orElseThrow(
                () ->
                    new UnusableInputException(
                        settings.input().contentKey()
                            + " is given, but the index at "
                            + storage.location()
                            + " has no embedder: overwrite it with vectors, or build another"
                            + " index"));
    return Optional.of(Embedders.open(ref.kind(), ChecksummedFile.read(storage, ref.file())));
  }

  /** A model whose lists have numbers that the index never had. */
  Model numbered(Model trained) {
    return Model.numberedFrom(
        nextListId,
        trained.metric(),
        trained.dimension(),
        trained.centroids(),
        trained.quantizer());
  }

  /**
   * Publishes the rows.
   *
   * @throws io.tarn.index.commit.CommitConflictException if the index was maintained, retrained or
   *     overwritten meanwhile
   */
  Snapshot commit(Storage storage, Schema schema, Model model, List<SegmentRef> segments)
      throws IOException {
    Change change =
        Change.overwrite("overwrite", base, ModelFile.write(storage, model), segments)
            .adding(schema.attributes());
    return new Committer(new SnapshotLog(storage), new ModelReassigner(storage)).commit(change);
  }
}
