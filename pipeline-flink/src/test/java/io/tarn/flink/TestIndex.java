package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.embedding.Embedder;
import io.tarn.flink.TestTopic.Version;
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
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;

/** A real index on the local disk. */
final class TestIndex {
  static final int DIMENSION = 4;
  static final Schema SCHEMA =
      new Schema(
          IdType.STRING,
          DIMENSION,
          Metric.L2,
          List.of(new Attribute("name", AttributeType.STRING)));

  private static final int LISTS = 5;

  final Path dir;
  final Storage storage;
  final SnapshotLog log;

  private TestIndex(Path dir) {
    this.dir = dir;
    this.storage = new LocalStorage(dir);
    this.log = new SnapshotLog(storage);
  }

  /** An empty index, with lists that were trained on random vectors. */
  static TestIndex create(Path dir) throws IOException {
    return create(dir, SCHEMA, null);
  }

  /**
   * @param embedder may be null
   */
  static TestIndex create(Path dir, Schema schema, Embedder embedder) throws IOException {
    return create(dir, schema, embedder, LISTS);
  }

  /** An empty index with so many lists. */
  static TestIndex create(Path dir, int lists) throws IOException {
    return create(dir, SCHEMA, null, lists);
  }

  private static TestIndex create(Path dir, Schema schema, Embedder embedder, int lists)
      throws IOException {
    TestIndex index = new TestIndex(dir);
    EmbedderRef embedderRef =
        embedder == null
            ? null
            : new EmbedderRef(
                embedder.kind(),
                embedder.fingerprint(),
                ChecksummedFile.writeModel(index.storage, embedder.toBytes(), "parquet"));
    Committer.create(
        index.log,
        new NewIndex(
            "test",
            schema,
            ModelFile.write(index.storage, model(schema, 1, lists)),
            embedderRef,
            List.of()));
    return index;
  }

  static Model model(Schema schema, long seed) {
    return model(schema, seed, LISTS);
  }

  private static Model model(Schema schema, long seed, int lists) {
    Random random = new Random(seed);
    float[] rows = new float[100 * schema.dimension()];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = random.nextFloat();
    }
    float[] centroids = KMeans.train(schema.metric(), schema.dimension(), rows, lists, 3, seed, 1);
    return Model.of(schema.metric(), schema.dimension(), centroids, Quantizer.byDefault());
  }

  Snapshot newest() throws IOException {
    return log.newest();
  }

  SortedMap<Integer, Long> positions(String topic) throws IOException {
    return newest().source("kafka:" + topic).nextOffsets();
  }

  /** Rows and deletes in all segments, superseded ones too. */
  long writtenRows() throws IOException {
    return newest().segments().stream().mapToLong(s -> s.rows() + s.deletes()).sum();
  }

  /** What each version since {@code version} was committed with; the newest comes last. */
  List<SegmentRef> segmentsSince(long version) throws IOException {
    return newest().segments().stream().filter(s -> s.sequence() > version).toList();
  }

  /** The index is sound and holds exactly what the topics say, and their positions. */
  void assertHolds(TestTopic... topics) throws Exception {
    Map<FeatureId, Version> expected = new HashMap<>();
    for (TestTopic topic : topics) {
      expected.putAll(topic.live());
      assertThat(positions(topic.name)).as(topic.name).isEqualTo(topic.endOffsets());
    }
    assertHolds(expected);
  }

  /** The index is sound and holds exactly these live rows, and exact searches find each of them. */
  void assertHolds(Map<FeatureId, Version> expected) throws Exception {
    IndexView view = IndexReader.open(storage).view();
    Map<FeatureId, Version> live = new HashMap<>();
    view.forEachLive(f -> live.put(f.id(), new Version(f.vector(), f.order())));
    assertThat(view.liveRowCount()).isEqualTo(expected.size());
    assertThat(live).usingRecursiveComparison().isEqualTo(expected);
    for (Map.Entry<FeatureId, Version> entry : expected.entrySet()) {
      assertThat(view.get(entry.getKey())).map(Feature::order).hasValue(entry.getValue().order());
      assertThat(view.search(entry.getValue().vector(), 10, Probe.exact()).hits())
          .filteredOn(hit -> hit.distance() == 0)
          .extracting(Hit::id)
          .contains(entry.getKey());
    }
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
  }
}
