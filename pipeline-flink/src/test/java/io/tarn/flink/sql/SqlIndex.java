package io.tarn.flink.sql;

import io.tarn.embedding.Embedder;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ChecksummedFile;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.IndexReader;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;

/** A real index on the local disk, and beside it a plain map of what it holds. */
final class SqlIndex {
  static final int DIMENSION = 4;
  static final Schema SCHEMA =
      new Schema(
          IdType.STRING,
          DIMENSION,
          Metric.L2,
          List.of(
              new Attribute("name", AttributeType.STRING),
              new Attribute("number", AttributeType.LONG),
              new Attribute("price", AttributeType.DOUBLE),
              new Attribute("sold", AttributeType.BOOLEAN),
              new Attribute("seen", AttributeType.TIMESTAMP)));

  /** All columns of {@link #SCHEMA}. */
  static final String COLUMNS =
      "id STRING, vector ARRAY<FLOAT>, name STRING, number BIGINT, price DOUBLE, sold BOOLEAN,"
          + " seen TIMESTAMP_LTZ(6)";

  static final int LISTS = 5;

  final Path dir;
  final Map<String, Feature> live = new HashMap<>();
  private final Storage storage;
  private final SnapshotLog log;
  private final Random random;
  private long order;

  private SqlIndex(Path dir, long seed) {
    this.dir = dir;
    this.storage = new LocalStorage(dir);
    this.log = new SnapshotLog(storage);
    this.random = new Random(seed);
  }

  /** An empty index. */
  static SqlIndex create(Path dir, long seed) throws IOException {
    return create(dir, seed, null);
  }

  /**
   * @param embedder may be null
   */
  static SqlIndex create(Path dir, long seed, Embedder embedder) throws IOException {
    SqlIndex index = new SqlIndex(dir, seed);
    EmbedderRef embedderRef =
        embedder == null
            ? null
            : new EmbedderRef(
                embedder.kind(),
                embedder.fingerprint(),
                ChecksummedFile.writeModel(index.storage, embedder.toBytes(), "parquet"));
    float[] rows = new float[100 * DIMENSION];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = index.random.nextFloat();
    }
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, rows, LISTS, 3, seed, 1);
    Model model = Model.of(Metric.L2, DIMENSION, centroids, Quantizer.byDefault());
    Committer.create(
        index.log,
        new NewIndex(
            "test", SCHEMA, ModelFile.write(index.storage, model), embedderRef, List.of()));
    return index;
  }

  void calibrate(List<CalibrationPoint> measured) throws IOException {
    new Committer(log, new ModelReassigner(storage)).calibrate(newest().model().id(), measured);
  }

  /** Puts the live rows into as many lists, trained anew. */
  void retrain(int lists) throws IOException {
    Snapshot base = newest();
    float[] rows = new float[live.size() * DIMENSION];
    int next = 0;
    for (Feature feature : live.values()) {
      System.arraycopy(feature.vector(), 0, rows, next, DIMENSION);
      next += DIMENSION;
    }
    float[] centroids = KMeans.train(Metric.L2, DIMENSION, rows, lists, 3, lists, 1);
    Model model =
        Model.numberedFrom(
            ModelFile.read(storage, base.model()).nextListId(),
            Metric.L2,
            DIMENSION,
            centroids,
            Quantizer.byDefault());
    FeatureBuffer buffer = new FeatureBuffer(storage, SCHEMA, model);
    for (Feature feature : live.values()) {
      buffer.add(feature);
    }
    List<SegmentRef> segments = buffer.flush().stream().toList();
    new Committer(log, new ModelReassigner(storage))
        .commit(Change.overwrite("test", base, ModelFile.write(storage, model), segments));
  }

  float[] randomVector() {
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = random.nextFloat();
    }
    return vector;
  }

  /** A row whose attributes are sometimes missing. */
  Feature row(String id, float[] vector) {
    int number = random.nextInt(100);
    Object[] attributes = {
      "name of " + id,
      (long) number,
      number / 8.0,
      number % 2 == 0,
      Instant.ofEpochSecond(1_700_000_000L + number, 123_456_000)
    };
    if (random.nextInt(4) == 0) {
      attributes[random.nextInt(attributes.length)] = null;
    }
    order++;
    return new Feature(FeatureId.of(id), vector, order, order, attributes);
  }

  Feature delete(String id) {
    order++;
    return Feature.delete(FeatureId.of(id), order, order);
  }

  /** Commits rows of random ids of {@code 0} to {@code ids}, some of them deletes. */
  Snapshot appendRandom(int rows, int ids) throws IOException {
    Map<String, Feature> batch = new HashMap<>();
    for (int i = 0; i < rows; i++) {
      String id = "row-" + random.nextInt(ids);
      batch.put(id, random.nextInt(8) == 0 ? delete(id) : row(id, randomVector()));
    }
    return append(batch.values().toArray(Feature[]::new));
  }

  /** Commits rows as one version. */
  Snapshot append(Feature... features) throws IOException {
    Snapshot newest = log.newest();
    FeatureBuffer buffer =
        new FeatureBuffer(storage, SCHEMA, ModelFile.read(storage, newest.model()));
    for (Feature feature : features) {
      buffer.add(feature);
      if (feature.deleted()) {
        live.remove(feature.id().toString());
      } else {
        live.put(feature.id().toString(), feature);
      }
    }
    List<SegmentRef> segments = buffer.flush().stream().toList();
    return new Committer(log, new ModelReassigner(storage))
        .commit(Change.append("test", newest.model().id(), segments));
  }

  Snapshot newest() throws IOException {
    return log.newest();
  }

  /** What the index itself says is live. */
  Map<String, Feature> read() throws IOException {
    Map<String, Feature> rows = new HashMap<>();
    IndexReader.open(storage).view().forEachLive(f -> rows.put(f.id().toString(), f));
    return rows;
  }

  /** Rows and deletes in all segments, superseded ones too. */
  long writtenRows() throws IOException {
    return newest().segments().stream().mapToLong(s -> s.rows() + s.deletes()).sum();
  }

  /** The ids of the true neighbours, nearest first. */
  List<String> nearest(float[] query, int k, Predicate<Feature> condition) {
    return live.values().stream()
        .filter(condition)
        .sorted(
            Comparator.comparing((Feature f) -> squaredL2(query, f.vector()))
                .thenComparing(Feature::id))
        .limit(k)
        .map(f -> f.id().toString())
        .toList();
  }

  static double squaredL2(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += Math.pow((double) a[i] - b[i], 2);
    }
    return sum;
  }
}
