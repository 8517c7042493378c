package io.tarn.index.search;

import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Small real indexes, made the way the pipelines make them. */
public final class TestIndexes {
  private static final int ITERATIONS = 5;

  private TestIndexes() {}

  /** Rows around a few centres: what vectors look like that are worth indexing. */
  public static float[][] clustered(int rows, int dimension, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int centres = 1 + rows / 50;
    float[][] centre = new float[centres][dimension];
    for (float[] c : centre) {
      for (int i = 0; i < dimension; i++) {
        c[i] = (float) random.nextDouble(-1, 1);
      }
    }
    float[][] vectors = new float[rows][dimension];
    for (float[] vector : vectors) {
      float[] c = centre[random.nextInt(centres)];
      for (int i = 0; i < dimension; i++) {
        vector[i] = c[i] + (float) random.nextDouble(-0.3, 0.3);
      }
    }
    return vectors;
  }

  public static Feature feature(Schema schema, long id, float[] vector, long order) {
    try {
      return new Feature(
          FeatureId.of(id), VectorRules.accept(schema, vector), order, id, new Object[0]);
    } catch (RejectedFeatureException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Trains on {@code features} and creates the index from them. */
  public static Snapshot create(Storage storage, Schema schema, int lists, List<Feature> features)
      throws IOException {
    return create(storage, schema, train(schema, lists, features), features);
  }

  /** Creates the index from {@code features}, assigned with {@code model}. */
  public static Snapshot create(Storage storage, Schema schema, Model model, List<Feature> features)
      throws IOException {
    NewIndex index =
        new NewIndex(
            "test",
            schema,
            ModelFile.write(storage, model),
            null,
            write(storage, schema, model, features));
    return Committer.create(new SnapshotLog(storage), index);
  }

  /** As {@link #create(Storage, Schema, int, List)}, coded as asked for. */
  public static Snapshot create(
      Storage storage, Schema schema, int lists, List<Feature> features, Quantizer quantizer)
      throws IOException {
    return create(storage, schema, train(schema, lists, features, quantizer), features);
  }

  public static Model train(Schema schema, int lists, List<Feature> features) {
    return train(schema, lists, features, Quantizer.byDefault());
  }

  private static Model train(
      Schema schema, int lists, List<Feature> features, Quantizer quantizer) {
    int dimension = schema.dimension();
    float[] sample = new float[features.size() * dimension];
    for (int i = 0; i < features.size(); i++) {
      System.arraycopy(features.get(i).vector(), 0, sample, i * dimension, dimension);
    }
    float[] centroids = KMeans.train(schema.metric(), dimension, sample, lists, ITERATIONS, 1, 2);
    return Model.of(schema.metric(), dimension, centroids, quantizer);
  }

  /** Appends features and deletes as one commit. */
  public static Snapshot append(Storage storage, List<Feature> features) throws IOException {
    SnapshotLog log = new SnapshotLog(storage);
    Snapshot base = log.newest();
    Model model = ModelFile.read(storage, base.model());
    List<SegmentRef> segments = write(storage, base.schema(), model, features);
    return new Committer(log, new ModelReassigner(storage))
        .commit(Change.append("append", base.model().id(), segments));
  }

  private static List<SegmentRef> write(
      Storage storage, Schema schema, Model model, List<Feature> features) throws IOException {
    FeatureBuffer buffer = new FeatureBuffer(storage, schema, model);
    features.forEach(buffer::add);
    Optional<SegmentRef> segment = buffer.flush();
    return segment.map(List::of).orElse(List.of());
  }

  /** The distance as {@link Hit#distance} states it, in double precision. */
  public static double distance(Metric metric, float[] a, float[] b) {
    double dot = 0;
    double squaredL2 = 0;
    double normA = 0;
    double normB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += (double) a[i] * b[i];
      squaredL2 += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
      normA += (double) a[i] * a[i];
      normB += (double) b[i] * b[i];
    }
    return switch (metric) {
      case L2 -> squaredL2;
      case COSINE -> 1 - dot / Math.sqrt(normA * normB);
      case INNER_PRODUCT -> -dot;
    };
  }
}
