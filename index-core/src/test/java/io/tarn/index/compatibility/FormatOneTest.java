package io.tarn.index.compatibility;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.tarn.index.feature.VectorRules;
import io.tarn.index.format.ChecksummedFile;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads indexes that were written by the first Tarn, in version 1 of the format, and lie frozen in
 * {@code fixtures/format-1}. If this test fails, old indexes can no longer be read: mend the code,
 * not the fixture.
 *
 * <p>The fixture was made by {@link #main}, whose rows the test knows:
 *
 * <pre>
 * java -cp … io.tarn.index.compatibility.FormatOneTest index-core/src/test/resources/fixtures/format-1
 * </pre>
 *
 * <p>It is not made anew: a change of the format gets a fixture, and a test, of its own.
 */
class FormatOneTest {
  private static final String SOURCE = "kafka:features";

  private static final Schema TEXTS =
      new Schema(
          IdType.STRING,
          3,
          Metric.COSINE,
          List.of(
              new Attribute("title", AttributeType.STRING),
              new Attribute("views", AttributeType.LONG),
              new Attribute("price", AttributeType.DOUBLE),
              new Attribute("public", AttributeType.BOOLEAN),
              new Attribute("seen at", AttributeType.TIMESTAMP)));
  private static final Schema NUMBERS = new Schema(IdType.INT64, 2, Metric.L2, List.of());

  private static final Instant BEFORE_1970 = Instant.parse("1914-06-28T10:45:00.000001Z");
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  /** Makes {@code string-ids} and {@code int64-ids} in a directory. */
  public static void main(String[] arguments) throws Exception {
    makeTexts(new LocalStorage(Path.of(arguments[0], "string-ids")));
    makeNumbers(new LocalStorage(Path.of(arguments[0], "int64-ids")));
  }

  private static void makeTexts(Storage storage) throws Exception {
    Model model = Model.of(Metric.COSINE, 3, new float[] {1, 0, 0, 0, 1, 0}, new Quantizer.None());
    byte[] embedderBytes = "an embedder".getBytes(StandardCharsets.UTF_8);
    FileRef embedder = ChecksummedFile.writeModel(storage, embedderBytes, "word2vec");
    String fingerprint = ChecksummedFile.contentAddress(embedderBytes);
    SegmentRef built =
        write(
            storage,
            TEXTS,
            model,
            text("café", 10, 1, vector(3, 4, 0), "Äpfel \ud83c\udf4e", 1L, 0.5, true, BEFORE_1970),
            text("b", 10, 2, vector(0, 2, 0), null, null, null, null, null),
            text("superseded", 10, 3, vector(1, 0, 0), "old", -1L, -0.0, false, NOW),
            text("deleted", 10, 4, vector(1, 1, 0), "old", 2L, 1e300, false, NOW));
    Committer.create(
        new SnapshotLog(storage),
        new NewIndex(
            "build",
            TEXTS,
            ModelFile.write(storage, model),
            new EmbedderRef("word2vec", fingerprint, embedder),
            List.of(built)));
    SegmentRef streamed =
        write(
            storage,
            TEXTS,
            model,
            Feature.delete(FeatureId.of("deleted"), 11, 100),
            text("superseded", 11, 101, vector(0, 0, 5), "", Long.MIN_VALUE, 2.25, false, NOW),
            text("b", 9, 102, vector(1, 0, 0), "too late", 3L, null, null, null));
    SourceAdvance advance =
        new SourceAdvance(
            new TreeMap<>(Map.of(2, new OffsetRange(OffsetRange.UNKNOWN, 100, 103))), 1234567L);
    SnapshotLog log = new SnapshotLog(storage);
    new Committer(log, new ModelReassigner(storage))
        .commit(
            new Change(
                "the second commit",
                "stream",
                log.newest().model().id(),
                List.of(streamed),
                List.of(),
                new TreeMap<>(Map.of(SOURCE, advance))));
  }

  private static void makeNumbers(Storage storage) throws Exception {
    Model model = Model.of(Metric.L2, 2, new float[] {0, 0, 10, 10, 20, 20}, new Quantizer.None());
    List<Feature> features = new ArrayList<>();
    for (long id = -2; id <= 20; id++) {
      features.add(number(id));
    }
    Committer.create(
        new SnapshotLog(storage),
        new NewIndex(
            "build",
            NUMBERS,
            ModelFile.write(storage, model),
            null,
            List.of(write(storage, NUMBERS, model, features.toArray(Feature[]::new)))));
  }

  private static Feature number(long id) {
    return new Feature(FeatureId.of(id), vector(id, id + 0.5f), id * 10, id, new Object[0]);
  }

  private static Feature text(
      String id, long order, long position, float[] vector, Object... attributes) throws Exception {
    return new Feature(
        FeatureId.of(id), VectorRules.accept(TEXTS, vector), order, position, attributes);
  }

  private static float[] vector(float... values) {
    return values;
  }

  private static SegmentRef write(Storage storage, Schema schema, Model model, Feature... features)
      throws Exception {
    FeatureBuffer buffer = new FeatureBuffer(storage, schema, model);
    List.of(features).forEach(buffer::add);
    return buffer.flush().orElseThrow();
  }

  private static Storage fixture(String name) throws URISyntaxException {
    URL versions = FormatOneTest.class.getResource("/fixtures/format-1/" + name + "/versions");
    return new LocalStorage(Path.of(versions.toURI()).getParent());
  }

  @Test
  void theIndexWithStringIdsIsRead() throws Exception {
    IndexView view = IndexReader.open(fixture("string-ids")).view();

    Snapshot snapshot = view.snapshot();
    assertThat(snapshot.formatVersion()).isEqualTo(1);
    assertThat(snapshot.version()).isEqualTo(2);
    assertThat(snapshot.commitId()).isEqualTo("the second commit");
    assertThat(snapshot.operation()).isEqualTo("stream");
    assertThat(snapshot.schema()).isEqualTo(TEXTS);
    assertThat(snapshot.source(SOURCE).nextOffsets()).containsExactly(Map.entry(2, 103L));
    assertThat(snapshot.source(SOURCE).lastRecordMs()).isEqualTo(1234567L);
    assertThat(snapshot.segments()).extracting(SegmentRef::sequence).containsExactly(1L, 2L);
    assertThat(snapshot.segments()).extracting(SegmentRef::deletes).containsExactly(0L, 1L);
    assertThat(snapshot.calibration()).isEmpty();
    assertThat(snapshot.drift()).isEqualTo(Drift.unknown());
    assertThat(snapshot.segments())
        .extracting(SegmentRef::squaredError)
        .containsOnly(SegmentRef.UNKNOWN_ERROR);
    assertThat(view.model().listIds()).containsExactly(0, 1);
    assertThat(view.model().centroids()).containsExactly(1, 0, 0, 0, 1, 0);

    assertThat(view.liveRowCount()).isEqualTo(3);
    assertShows(
        view,
        text("café", 10, 1, vector(3, 4, 0), "Äpfel \ud83c\udf4e", 1L, 0.5, true, BEFORE_1970));
    assertShows(view, text("b", 10, 2, vector(0, 2, 0), null, null, null, null, null));
    assertShows(
        view, text("superseded", 11, 101, vector(0, 0, 5), "", Long.MIN_VALUE, 2.25, false, NOW));
    assertThat(view.get(FeatureId.of("deleted"))).isEmpty();
    assertThat(view.liveRowsByList()).containsExactly(1, 2);
    assertThat(view.search(vector(0, 1, 0), 2, Probe.exact()).hits())
        .extracting(Hit::id)
        .containsExactly(FeatureId.of("b"), FeatureId.of("café"));
  }

  @Test
  void theEmbedderOfTheIndexWithStringIdsIsRead() throws Exception {
    Storage storage = fixture("string-ids");
    EmbedderRef embedder = new SnapshotLog(storage).newest().embedder();

    assertThat(embedder.kind()).isEqualTo("word2vec");
    byte[] bytes = ChecksummedFile.read(storage, embedder.file());
    assertThat(bytes).asString(StandardCharsets.UTF_8).isEqualTo("an embedder");
    assertThat(embedder.fingerprint()).isEqualTo(ChecksummedFile.contentAddress(bytes));
  }

  @Test
  void theFirstVersionOfTheIndexWithStringIdsIsRead() throws Exception {
    IndexView view = IndexReader.openVersion(fixture("string-ids"), 1);

    assertThat(view.liveRowCount()).isEqualTo(4);
    assertShows(view, text("deleted", 10, 4, vector(1, 1, 0), "old", 2L, 1e300, false, NOW));
    assertShows(view, text("superseded", 10, 3, vector(1, 0, 0), "old", -1L, -0.0, false, NOW));
  }

  @Test
  void theIndexWithInt64IdsIsRead() throws Exception {
    IndexView view = IndexReader.open(fixture("int64-ids")).view();

    assertThat(view.snapshot().schema()).isEqualTo(NUMBERS);
    assertThat(view.snapshot().embedderIfAny()).isEmpty();
    assertThat(view.liveRowCount()).isEqualTo(23);
    for (long id = -2; id <= 20; id++) {
      assertShows(view, number(id));
    }
    assertThat(view.liveRowsByList()).containsExactly(7, 10, 6);
  }

  @Test
  void bothAreSound() throws Exception {
    for (String name : List.of("string-ids", "int64-ids")) {
      assertThat(IndexVerifier.verify(fixture(name)).problems()).isEmpty();
    }
  }

  /** What today's Tarn writes need not be the same bytes, but must be read the same. */
  @Test
  void todaysTarnWritesWhatItReads(@TempDir Path directory) throws Exception {
    main(new String[] {directory.toString()});
    IndexView written = IndexReader.open(new LocalStorage(directory.resolve("string-ids"))).view();
    IndexView frozen = IndexReader.open(fixture("string-ids")).view();

    assertThat(written.liveRowCount()).isEqualTo(frozen.liveRowCount());
    frozen.forEachLive(feature -> assertShows(written, feature));
  }

  private static void assertShows(IndexView view, Feature expected) {
    Feature found = view.get(expected.id()).orElseThrow();
    assertThat(found.order()).isEqualTo(expected.order());
    assertThat(found.position()).isEqualTo(expected.position());
    assertThat(found.vector()).isEqualTo(expected.vector());
    assertThat(found.attributes()).isEqualTo(expected.attributes());
  }
}
