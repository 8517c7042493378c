package io.tarn.index.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
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
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Guarantee 7: whatever is wrong with a file, opening the index says so and names the file. Never a
 * wrong answer, never another exception.
 */
class DamageTest {
  private static final int DIMENSION = 3;

  private enum Kind {
    SNAPSHOT,
    MODEL,
    SEGMENT,
    EMBEDDER;

    String path(Snapshot snapshot) {
      return switch (this) {
        case SNAPSHOT -> SnapshotLog.path(snapshot.version());
        case MODEL -> snapshot.model().file().path();
        case SEGMENT -> snapshot.segments().get(1).path();
        case EMBEDDER -> snapshot.embedder().file().path();
      };
    }
  }

  private static MemoryStorage sound;
  private static Snapshot newest;

  @BeforeAll
  static void makeIndex() throws IOException {
    sound = new MemoryStorage();
    Schema schema =
        new Schema(
            IdType.STRING,
            DIMENSION,
            Metric.L2,
            List.of(
                new Attribute("title", AttributeType.STRING),
                new Attribute("seen", AttributeType.TIMESTAMP)));
    float[] centroids = {0, 0, 0, 1, 1, 1};
    // With every column that codes can have.
    Model model = Model.of(Metric.L2, DIMENSION, centroids, new Quantizer.RaBitQ(4));
    SnapshotLog log = new SnapshotLog(sound);
    byte[] embedderBytes = "some embedder".getBytes(StandardCharsets.UTF_8);
    FileRef embedder = ChecksummedFile.writeModel(sound, embedderBytes, "test");
    Committer.create(
        log,
        new NewIndex(
            "test",
            schema,
            ModelFile.write(sound, model),
            new EmbedderRef("test", ChecksummedFile.contentAddress(embedderBytes), embedder),
            List.of(write(schema, model, 0))));
    newest =
        new Committer(log, new ModelReassigner(sound))
            .commit(
                Change.append(
                    "test", log.newest().model().id(), List.of(write(schema, model, 100))));
    open(sound);
  }

  private static SegmentRef write(Schema schema, Model model, int firstId) throws IOException {
    FeatureBuffer buffer = new FeatureBuffer(sound, schema, model);
    Random random = new Random(firstId);
    for (int i = firstId; i < firstId + 20; i++) {
      float[] vector = {random.nextFloat(), random.nextFloat(), random.nextFloat()};
      Object[] attributes = {"title " + i % 3, Instant.ofEpochSecond(i)};
      buffer.add(new Feature(FeatureId.of("id " + i), vector, 1, i, attributes));
    }
    buffer.add(Feature.delete(FeatureId.of("gone"), 1, 0));
    return buffer.flush().orElseThrow();
  }

  /** Reads all there is to read. */
  private static void open(MemoryStorage storage) throws IOException {
    IndexView view = IndexReader.open(storage).view();
    if (view.snapshot().embedder() != null) {
      ChecksummedFile.read(storage, view.snapshot().embedder().file());
    }
  }

  private static void assertNamesDamage(String path, byte[] bytes, String damage) {
    MemoryStorage storage = sound.copy();
    storage.overwrite(path, bytes);
    Throwable thrown = catchThrowable(() -> open(storage));
    if (!(thrown instanceof DamagedFileException damaged) || !damaged.path().equals(path)) {
      fail("%s of %s gave %s".formatted(damage, path, thrown), thrown);
    }
    assertThat(thrown).hasMessageStartingWith(path + ": ");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void anyFlippedBitIsNoticed(Kind kind) throws IOException {
    String path = kind.path(newest);
    byte[] bytes = sound.read(path, 0, (int) sound.stat(path).orElseThrow().bytes());
    for (int bit = 0; bit < bytes.length * 8; bit += bit < 800 ? 1 : 41) {
      byte[] flipped = bytes.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertNamesDamage(path, flipped, "flipped bit " + bit);
    }
    for (int bit = bytes.length * 8 - 400; bit < bytes.length * 8; bit++) {
      if (bit >= 0) {
        byte[] flipped = bytes.clone();
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        assertNamesDamage(path, flipped, "flipped bit " + bit);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void anyMissingEndIsNoticed(Kind kind) throws IOException {
    String path = kind.path(newest);
    byte[] bytes = sound.read(path, 0, (int) sound.stat(path).orElseThrow().bytes());
    for (int length = 0; length < bytes.length; length += length < 100 ? 1 : 7) {
      assertNamesDamage(path, Arrays.copyOf(bytes, length), "the first " + length + " bytes");
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void bytesAfterTheEndAreNoticed(Kind kind) throws IOException {
    String path = kind.path(newest);
    byte[] bytes = sound.read(path, 0, (int) sound.stat(path).orElseThrow().bytes());
    for (int more : new int[] {1, 4, 1000}) {
      assertNamesDamage(path, Arrays.copyOf(bytes, bytes.length + more), more + " bytes more");
      byte[] twice = Arrays.copyOf(bytes, 2 * bytes.length);
      System.arraycopy(bytes, 0, twice, bytes.length, bytes.length);
      assertNamesDamage(path, twice, "a second copy");
    }
  }

  @ParameterizedTest
  @EnumSource(value = Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "SNAPSHOT")
  void aMissingFileIsNamed(Kind kind) throws IOException {
    MemoryStorage storage = sound.copy();
    storage.delete(kind.path(newest));

    assertThatThrownBy(() -> open(storage))
        .isInstanceOf(DamagedFileException.class)
        .hasMessageStartingWith(kind.path(newest) + ": is missing");
  }

  @ParameterizedTest
  @EnumSource(value = Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "SNAPSHOT")
  void anotherSoundFileInItsPlaceIsNoticed(Kind kind) throws IOException {
    byte[] other = read(sound, newest.segments().get(0).path());

    assertNamesDamage(kind.path(newest), other, "another file");
  }

  @Test
  void aSnapshotOfAnotherVersionInItsPlaceIsNoticed() throws IOException {
    assertNamesDamage(SnapshotLog.path(2), read(sound, SnapshotLog.path(1)), "version 1");
  }

  /** A sparse file, which takes no room on the disk. */
  @Test
  void aSnapshotOfAnyLengthIsNoticed(@TempDir Path directory) throws IOException {
    Path file = directory.resolve(SnapshotLog.path(1));
    Files.createDirectories(file.getParent());
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(1L << 32);
    }

    assertThatThrownBy(() -> IndexReader.open(new LocalStorage(directory)))
        .isInstanceOf(DamagedFileException.class)
        .hasMessageStartingWith(SnapshotLog.path(1) + ": has 4294967296 bytes");
  }

  @Test
  void aSnapshotOfANewerFormatIsRefused() throws IOException {
    MemoryStorage storage = sound.copy();
    rewriteSnapshot(storage, json -> json.put("format_version", 2).put("new member", true));

    assertThatThrownBy(() -> open(storage))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining(SnapshotLog.path(2))
        .hasMessageContaining("format version 2")
        .hasMessageContaining("use a newer Tarn");
  }

  @Test
  void aQuantizerOfANewerTarnIsRefused() throws IOException {
    MemoryStorage storage = sound.copy();
    rewriteSnapshot(storage, json -> replace(json, "/model/quantizer", TextNode.valueOf("pq")));

    assertThatThrownBy(() -> open(storage))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessage(
            SnapshotLog.path(2)
                + " has quantizer 'pq', which this Tarn does not know: use a newer Tarn");
  }

  @Test
  void unknownMembersOfASnapshotAreIgnored() throws IOException {
    MemoryStorage storage = sound.copy();
    rewriteSnapshot(storage, json -> json.put("new member", true));

    open(storage);
  }

  /** Checksums hold, but a careless writer wrote nonsense. */
  @Test
  void nonsenseInASnapshotIsNoticed() throws IOException {
    JsonNode tree = new JsonMapper().readTree(read(sound, SnapshotLog.path(2)));
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    List<JsonNode> nonsense =
        List.of(
            nodes.nullNode(),
            nodes.textNode("nonsense"),
            nodes.textNode(""),
            nodes.numberNode(-1),
            nodes.numberNode(0),
            nodes.numberNode(Long.MAX_VALUE),
            nodes.numberNode(Integer.MAX_VALUE),
            nodes.booleanNode(true),
            nodes.arrayNode(),
            nodes.arrayNode().addNull(),
            nodes.objectNode(),
            nodes.objectNode().putNull("x"));
    List<String> wrong = new ArrayList<>();
    for (String pointer : pointers(tree, "")) {
      for (JsonNode value : nonsense) {
        tryNonsense(pointer, value, wrong);
      }
      tryNonsense(pointer, null, wrong);
    }
    assertThat(wrong).isEmpty();
  }

  private static void tryNonsense(String pointer, JsonNode value, List<String> wrong)
      throws IOException {
    MemoryStorage storage = sound.copy();
    rewriteSnapshot(storage, json -> replace(json, pointer, value));
    try {
      open(storage);
    } catch (DamagedFileException | UnsupportedFormatException e) {
      // Said so.
    } catch (IOException | RuntimeException | Error e) {
      wrong.add(pointer + " = " + value + ": " + e);
    }
  }

  private static List<String> pointers(JsonNode node, String pointer) {
    List<String> pointers = new ArrayList<>();
    if (!pointer.isEmpty()) {
      pointers.add(pointer);
    }
    if (node.isObject()) {
      node.properties().stream()
          .filter(member -> !member.getKey().equals("crc32c") || !pointer.isEmpty())
          .forEach(m -> pointers.addAll(pointers(m.getValue(), pointer + "/" + m.getKey())));
    }
    for (int i = 0; i < node.size() && node.isArray(); i++) {
      pointers.addAll(pointers(node.get(i), pointer + "/" + i));
    }
    return pointers;
  }

  private static ObjectNode replace(ObjectNode json, String pointer, JsonNode value) {
    int end = pointer.lastIndexOf('/');
    JsonNode parent = json.at(pointer.substring(0, end));
    String name = pointer.substring(end + 1);
    if (parent instanceof ObjectNode object) {
      if (value == null) {
        object.remove(name);
      } else {
        object.set(name, value);
      }
    } else if (value == null) {
      ((ArrayNode) parent).remove(Integer.parseInt(name));
    } else {
      ((ArrayNode) parent).set(Integer.parseInt(name), value);
    }
    return json;
  }

  /** Segments and models say themselves what they are. */
  @ParameterizedTest
  @ValueSource(strings = {"MODEL", "SEGMENT"})
  void parquetFilesOfANewerFormatAreRefused(Kind kind) throws IOException {
    MemoryStorage storage = sound.copy();
    rewriteMetadata(storage, kind, Map.of(Format.KEY_FORMAT_VERSION, "2"));

    assertThatThrownBy(() -> open(storage))
        .isInstanceOf(UnsupportedFormatException.class)
        .hasMessageContaining(kind.path(newest))
        .hasMessageContaining("format version 2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"MODEL", "SEGMENT"})
  void parquetFilesThatSayNonsenseAreNoticed(Kind kind) throws IOException {
    for (String key :
        List.of(
            Format.KEY_KIND,
            Format.KEY_FORMAT_VERSION,
            Format.KEY_METRIC,
            Format.KEY_QUANTIZER,
            "tarn.dimension")) {
      for (String value : List.of("nonsense", "-1", "cosine", "")) {
        if (kind == Kind.MODEL && key.equals(Format.KEY_METRIC) && value.equals("cosine")) {
          continue; // A metric like any other, and the model is its only witness.
        }
        MemoryStorage storage = sound.copy();
        if (!rewriteMetadata(storage, kind, Map.of(key, value))) {
          continue;
        }
        assertThatThrownBy(() -> open(storage))
            .as("%s with %s = %s", kind, key, value)
            .isInstanceOf(DamagedFileException.class)
            .hasMessageStartingWith(kind.path(newest) + ": ");
      }
    }
  }

  /** Files that are as long and have the checksum that the snapshot records, yet are no Parquet. */
  @ParameterizedTest
  @ValueSource(strings = {"MODEL", "SEGMENT"})
  void filesRecordedWithTheirDamageAreNoticedOrRead(Kind kind) throws IOException {
    byte[] bytes = read(sound, kind.path(newest));
    List<String> wrong = new ArrayList<>();
    Random random = new Random(5);
    for (int i = 0; i < 400; i++) {
      byte[] garbled = bytes.clone();
      int bit = random.nextInt(bytes.length * 8);
      garbled[bit / 8] ^= (byte) (1 << bit % 8);
      if (i % 10 == 0) {
        garbled = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      MemoryStorage storage = sound.copy();
      record(storage, kind, garbled);
      try {
        open(storage);
      } catch (DamagedFileException | UnsupportedFormatException e) {
        // Said so.
      } catch (IOException | RuntimeException | Error e) {
        wrong.add("bit " + bit + ": " + e);
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static byte[] read(MemoryStorage storage, String path) throws IOException {
    return storage.read(path, 0, (int) storage.stat(path).orElseThrow().bytes());
  }

  /** Changes the newest snapshot and puts its checksum right. */
  private static void rewriteSnapshot(MemoryStorage storage, UnaryOperator<ObjectNode> change)
      throws IOException {
    JsonMapper json = new JsonMapper();
    String path = SnapshotLog.path(2);
    ObjectNode tree = (ObjectNode) json.readTree(read(storage, path));
    tree.remove("crc32c");
    byte[] body = json.writeValueAsBytes(change.apply(tree));
    byte[] open = Arrays.copyOf(body, body.length - 1);
    String end = ",\"crc32c\":\"" + ChecksummedFile.crc32c(open) + "\"}\n";
    storage.overwrite(
        path, (new String(open, StandardCharsets.UTF_8) + end).getBytes(StandardCharsets.UTF_8));
  }

  /** Writes a file anew with other footer metadata; false if it has no such key. */
  private static boolean rewriteMetadata(
      MemoryStorage storage, Kind kind, Map<String, String> metadata) throws IOException {
    byte[] bytes = read(storage, kind.path(newest));
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      byte[] replaced = ParquetFooter.withMetadata(bytes, entry.getKey(), entry.getValue());
      if (!text.contains(entry.getKey())) {
        return false;
      }
      bytes = replaced;
    }
    record(storage, kind, bytes);
    return true;
  }

  /** Puts other bytes in the place of a file, and what they are into the snapshot. */
  private static void record(MemoryStorage storage, Kind kind, byte[] bytes) throws IOException {
    String path = kind.path(newest);
    storage.overwrite(path, bytes);
    String pointer = kind == Kind.MODEL ? "/model/file" : "/segments/1/file";
    rewriteSnapshot(
        storage,
        json -> {
          ((ObjectNode) json.at(pointer))
              .put("bytes", bytes.length)
              .put("crc32c", ChecksummedFile.crc32c(bytes));
          return json;
        });
  }
}
