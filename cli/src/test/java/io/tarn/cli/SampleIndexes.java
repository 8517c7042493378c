package io.tarn.cli;

import io.tarn.embedding.PixelEmbedder;
import io.tarn.embedding.Word2VecEmbedder;
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
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Small indexes, written through index-core. */
final class SampleIndexes {
  static final int PHOTO_LISTS = 4;
  static final String PHOTO_SOURCE = "kafka:photos";

  private SampleIndexes() {}

  /**
   * Photos with 3 values each: 20 of beaches near (0, 1, 0), 20 of forests near (1, 0, 0). Version
   * 2, from a stream, moves beach-3 to (9, 9, 9), deletes beach-4 and adds city-1 at (5, 5, 5).
   */
  static Path photos(Path dir) throws IOException {
    Storage storage = new LocalStorage(dir);
    Schema schema =
        new Schema(
            IdType.STRING,
            3,
            Metric.L2,
            List.of(
                new Attribute("label", AttributeType.STRING),
                new Attribute("width", AttributeType.LONG),
                new Attribute("sharpness", AttributeType.DOUBLE),
                new Attribute("colour", AttributeType.BOOLEAN),
                new Attribute("taken", AttributeType.TIMESTAMP)));
    List<Feature> features = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 20; i++) {
      features.add(photo("beach", i, noisy(random, 0, 1, 0)));
      features.add(photo("forest", i, noisy(random, 1, 0, 0)));
    }
    create(storage, schema, features, PHOTO_LISTS, null);
    commitPhotoChanges(storage, schema);
    return dir;
  }

  private static float[] noisy(SplittableRandom random, float... centre) {
    for (int i = 0; i < centre.length; i++) {
      centre[i] += (float) random.nextDouble(-0.1, 0.1);
    }
    return centre;
  }

  private static Feature photo(String label, int number, float... vector) {
    return new Feature(
        FeatureId.of(label + "-" + number),
        vector,
        0,
        number,
        new Object[] {
          label,
          640L + number,
          number == 7 ? null : number / 8.0,
          number % 2 == 0,
          Instant.parse("2024-05-01T10:00:00Z").plusSeconds(number)
        });
  }

  private static void commitPhotoChanges(Storage storage, Schema schema) throws IOException {
    SnapshotLog log = new SnapshotLog(storage);
    Model model = ModelFile.read(storage, log.newest().model());
    FeatureBuffer buffer = new FeatureBuffer(storage, schema, model);
    Feature moved = photo("beach", 3, 9, 9, 9);
    buffer.add(new Feature(moved.id(), moved.vector(), 1, 1, moved.attributes()));
    buffer.add(Feature.delete(FeatureId.of("beach-4"), 1, 2));
    buffer.add(photo("city", 1, 5, 5, 5));
    SourceAdvance read =
        new SourceAdvance(
            new TreeMap<>(Map.of(0, new OffsetRange(OffsetRange.UNKNOWN, 0, 3))),
            System.currentTimeMillis());
    new Committer(log, new ModelReassigner(storage))
        .commit(
            new Change(
                "first-of-stream",
                "stream",
                log.newest().model().id(),
                List.of(buffer.flush().orElseThrow()),
                List.of(),
                new TreeMap<>(Map.of(PHOTO_SOURCE, read))));
  }

  /** Films with a plot each, embedded by a vocabulary of four words with a dimension each. */
  static Path films(Path dir) throws Exception {
    Storage storage = new LocalStorage(dir);
    List<String> words = List.of("dog", "saves", "day", "ghost");
    Map<String, float[]> vectors = new LinkedHashMap<>();
    Map<String, Long> frequencies = new LinkedHashMap<>();
    for (int w = 0; w < words.size(); w++) {
      float[] vector = new float[words.size()];
      vector[w] = 1;
      vectors.put(words.get(w), vector);
      frequencies.put(words.get(w), 1L);
    }
    Word2VecEmbedder embedder = Word2VecEmbedder.of(vectors, frequencies, 4);
    EmbedderRef ref =
        new EmbedderRef(
            embedder.kind(),
            embedder.fingerprint(),
            ChecksummedFile.writeModel(storage, embedder.toBytes(), "parquet"));
    List<Feature> films = new ArrayList<>();
    for (String plot : List.of("dog day", "ghost day", "dog saves the day", "the ghost")) {
      films.add(
          new Feature(
              FeatureId.of(plot.replace(' ', '-')),
              embedder.embed(plot),
              0,
              films.size(),
              new Object[0]));
    }
    Schema schema = new Schema(IdType.STRING, words.size(), Metric.L2, List.of());
    create(storage, schema, films, 2, ref);
    return dir;
  }

  /** Four pictures of a pixel each, of the brightness that is their id. */
  static Path pictures(Path dir) throws IOException {
    Storage storage = new LocalStorage(dir);
    PixelEmbedder embedder = new PixelEmbedder(1, 1, PixelEmbedder.Colors.GRAY);
    EmbedderRef ref =
        new EmbedderRef(
            embedder.kind(),
            embedder.fingerprint(),
            ChecksummedFile.writeModel(storage, embedder.toBytes(), "embedder"));
    List<Feature> pictures = new ArrayList<>();
    for (long gray : new long[] {0, 90, 180, 255}) {
      pictures.add(new Feature(FeatureId.of(gray), new float[] {gray}, 0, gray, new Object[0]));
    }
    create(storage, new Schema(IdType.INT64, 1, Metric.L2, List.of()), pictures, 2, ref);
    return dir;
  }

  /** Vectors with their row numbers as ids, as a build from fvecs makes them. */
  static Path numbered(Path dir, List<float[]> rows, int lists) throws IOException {
    int dimension = rows.get(0).length;
    List<Feature> features = new ArrayList<>();
    for (int r = 0; r < rows.size(); r++) {
      features.add(new Feature(FeatureId.of((long) r), rows.get(r), 0, r, new Object[0]));
    }
    Schema schema = new Schema(IdType.INT64, dimension, Metric.L2, List.of());
    create(new LocalStorage(dir), schema, features, lists, null);
    return dir;
  }

  private static void create(
      Storage storage, Schema schema, List<Feature> features, int lists, EmbedderRef embedder)
      throws IOException {
    int dimension = schema.dimension();
    float[] sample = new float[features.size() * dimension];
    for (int f = 0; f < features.size(); f++) {
      System.arraycopy(features.get(f).vector(), 0, sample, f * dimension, dimension);
    }
    float[] centroids = KMeans.train(schema.metric(), dimension, sample, lists, 5, 1, 1);
    Model model = Model.of(schema.metric(), dimension, centroids, Quantizer.byDefault());
    FeatureBuffer buffer = new FeatureBuffer(storage, schema, model);
    features.forEach(buffer::add);
    SegmentRef segment = buffer.flush().orElseThrow();
    Committer.create(
        new SnapshotLog(storage),
        new NewIndex("build", schema, ModelFile.write(storage, model), embedder, List.of(segment)));
  }
}
