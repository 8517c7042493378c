package io.tarn.cli.streambench;

import io.tarn.benchmark.Vectors;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Trained lists, of which indexes without rows are made. */
final class EmptyIndex {
  private static final int SAMPLE_ROWS_PER_LIST = 256;
  private static final int ITERATIONS = 10;
  private static final long SEED = 42;

  private final Schema schema;
  private final Model model;

  private EmptyIndex(Schema schema, Model model) {
    this.schema = schema;
    this.model = model;
  }

  /** Trains lists on a sample of the vectors. */
  static EmptyIndex trainedOn(Vectors vectors, int nlist) {
    int dimension = vectors.dimension();
    float[] sample = vectors.spread((long) nlist * SAMPLE_ROWS_PER_LIST).values();
    float[] centroids =
        KMeans.train(
            Metric.L2,
            dimension,
            sample,
            nlist,
            ITERATIONS,
            SEED,
            Runtime.getRuntime().availableProcessors());
    return new EmptyIndex(
        new Schema(IdType.INT64, dimension, Metric.L2, List.of()),
        Model.of(Metric.L2, dimension, centroids, new Quantizer.RaBitQ()));
  }

  void create(Path directory) throws IOException {
    try (Storage storage = new LocalStorage(directory)) {
      Committer.create(
          new SnapshotLog(storage),
          new NewIndex("bench", schema, ModelFile.write(storage, model), null, List.of()));
    }
  }

  int lists() {
    return model.listCount();
  }
}
