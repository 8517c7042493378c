package io.tarn.spark.neighbours;

import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.snapshot.Change;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;

/** Indexes written through index-core, without Spark: a segment a call. */
public final class CoreIndex {
  private CoreIndex() {}

  /** Creates one of vectors that are in stored form already. */
  public static void create(Path path, Schema schema, List<Feature> features, int lists)
      throws IOException {
    int dimension = schema.dimension();
    float[] sample = new float[features.size() * dimension];
    for (int f = 0; f < features.size(); f++) {
      System.arraycopy(features.get(f).vector(), 0, sample, f * dimension, dimension);
    }
    float[] centroids = KMeans.train(schema.metric(), dimension, sample, lists, 5, 1, 1);
    Model model = Model.of(schema.metric(), dimension, centroids, Quantizer.byDefault());
    try (Storage storage = new LocalStorage(path)) {
      FeatureBuffer buffer = new FeatureBuffer(storage, schema, model);
      features.forEach(buffer::add);
      Committer.create(
          new SnapshotLog(storage),
          new NewIndex(
              "build",
              schema,
              ModelFile.write(storage, model),
              null,
              List.of(buffer.flush().orElseThrow())));
    }
  }

  /** Adds upserts and deletes. */
  public static void append(Path path, List<Feature> features) throws IOException {
    try (Storage storage = new LocalStorage(path)) {
      SnapshotLog log = new SnapshotLog(storage);
      Model model = ModelFile.read(storage, log.newest().model());
      FeatureBuffer buffer = new FeatureBuffer(storage, log.newest().schema(), model);
      features.forEach(buffer::add);
      new Committer(log, new ModelReassigner(storage))
          .commit(
              new Change(
                  UUID.randomUUID().toString(),
                  "append",
                  log.newest().model().id(),
                  List.of(buffer.flush().orElseThrow()),
                  List.of(),
                  new TreeMap<>()));
    }
  }
}
