package io.tarn.index.format;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.RelativePath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Snapshots as JSON. The last member is the CRC-32C of every byte before it, so that a torn or
 * flipped snapshot is told from a sound one.
 */
public final class SnapshotFile {
  private static final String FORMAT_VERSION = "format_version";
  private static final String UPKEEP = "upkeep";
  private static final String NEW_ATTRIBUTES = "new_attributes";
  private static final String SOURCES = "sources";
  private static final String HISTORY = "history";
  private static final String INCARNATION = "incarnation";
  private static final String DRIFT = "drift";
  private static final String SEGMENTS = "segments";
  private static final String ADDED = "added";
  private static final String SQUARED_ERROR = "squared_error";
  private static final String CALIBRATION = "calibration";
  private static final String ADAPTIVE = "adaptive";
  private static final String TRAINED = "trained";
  private static final String CHECKSUM_START = ",\"crc32c\":\"";
  private static final String CHECKSUM_END = "\"}\n";
  private static final int CHECKSUM_BYTES = CHECKSUM_START.length() + 8 + CHECKSUM_END.length();

  private SnapshotFile() {}

  /** The bytes of the file {@code versions/<version>.json}. */
  public static byte[] toBytes(Snapshot snapshot) {
    byte[] body = write(snapshot);
    // The closing brace makes room for the checksum.
    int bodyBytes = body.length - 1;
    CRC32C crc = new CRC32C();
    crc.update(body, 0, bodyBytes);
    byte[] checksum =
        (CHECKSUM_START + ChecksummedFile.hex(crc) + CHECKSUM_END)
            .getBytes(StandardCharsets.US_ASCII);
    byte[] file = Arrays.copyOf(body, bodyBytes + checksum.length);
    System.arraycopy(checksum, 0, file, bodyBytes, checksum.length);
    return file;
  }

  /**
   * Reads a snapshot.
   *
   * @param path the file's path, for messages
   * @throws DamagedFileException if the bytes are not those of a whole snapshot
   * @throws UnsupportedFormatException if it is of a newer format
   */
  public static Snapshot fromBytes(String path, byte[] file) throws IOException {
    int bodyBytes = file.length - CHECKSUM_BYTES;
    String tail =
        bodyBytes < 0 ? "" : new String(file, bodyBytes, CHECKSUM_BYTES, StandardCharsets.US_ASCII);
    if (!tail.startsWith(CHECKSUM_START) || !tail.endsWith(CHECKSUM_END)) {
      throw new DamagedFileException(
          path, "does not end with its checksum; it is truncated or not a Tarn snapshot");
    }
    CRC32C crc = new CRC32C();
    crc.update(file, 0, bodyBytes);
    String recorded = tail.substring(CHECKSUM_START.length(), CHECKSUM_START.length() + 8);
    if (!recorded.equals(ChecksummedFile.hex(crc))) {
      throw new DamagedFileException(
          path, "has CRC-32C " + ChecksummedFile.hex(crc) + " where it records " + recorded);
    }
    try {
      Optional<Snapshot> usual = SnapshotParser.parse(file);
      if (usual.isPresent()) {
        return checked(path, usual.get());
      }
      JsonNode tree = Binding.JSON.readTree(file);
      int version = tree.path(FORMAT_VERSION).asInt();
      if (version > Format.VERSION) {
        throw new UnsupportedFormatException(path, version, Format.VERSION);
      }
      if (version < 1) {
        throw new DamagedFileException(path, "says that it is of format version " + version);
      }
      completeSources(tree);
      if (tree instanceof ObjectNode members && !members.has(HISTORY)) {
        // Versions from before anything was remembered.
        members.putNull(HISTORY);
      }
      if (tree instanceof ObjectNode members && !members.has(DRIFT)) {
        members.putNull(DRIFT);
      }
      completeSegments(tree.path(SEGMENTS));
      completeCalibration(tree.path(CALIBRATION));
      Snapshot snapshot = Binding.JSON.treeToValue(tree, Snapshot.class);
      return checked(path, snapshot);
    } catch (JsonProcessingException e) {
      throw new DamagedFileException(path, "is not a snapshot: " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new DamagedFileException(path, "is not a snapshot: " + e.getMessage(), e);
    }
  }

  private static Snapshot checked(String path, Snapshot snapshot)
      throws UnsupportedFormatException {
    checkPaths(snapshot);
    String quantizer = snapshot.model().quantizer();
    if (Quantizer.all().stream().noneMatch(known -> known.type().equals(quantizer))) {
      throw new UnsupportedFormatException(path, quantizer);
    }
    return snapshot;
  }

  private static void checkPaths(Snapshot snapshot) {
    RelativePath.check(snapshot.model().file().path());
    snapshot.embedderIfAny().ifPresent(embedder -> RelativePath.check(embedder.file().path()));
    snapshot.segments().forEach(segment -> RelativePath.check(segment.path()));
  }

  /** A change as JSON, for writers that keep it across a restart. */
  public static byte[] changeToBytes(Change change) {
    return write(change);
  }

  /** Reads what {@link #changeToBytes} wrote. */
  public static Change changeFromBytes(byte[] bytes) throws IOException {
    JsonNode tree = Binding.JSON.readTree(bytes);
    if (tree instanceof ObjectNode change && !change.has(UPKEEP)) {
      // Changes kept by writers from before there was maintenance.
      change.putNull(UPKEEP);
    }
    if (tree instanceof ObjectNode change && !change.has(NEW_ATTRIBUTES)) {
      // And from before schemas could grow.
      change.putArray(NEW_ATTRIBUTES);
    }
    if (tree.path(UPKEEP) instanceof ObjectNode upkeep && !upkeep.has(TRAINED)) {
      upkeep.put(TRAINED, false);
    }
    completeSegments(tree.path(ADDED));
    completeSources(tree);
    return Binding.JSON.treeToValue(tree, Change.class);
  }

  /** Versions and changes from before sources had incarnations. */
  private static void completeSources(JsonNode tree) {
    for (JsonNode source : tree.path(SOURCES)) {
      if (source instanceof ObjectNode state && !state.has(INCARNATION)) {
        state.putNull(INCARNATION);
      }
    }
  }

  /** Segments from before it was counted how far rows are from their centroids. */
  private static void completeSegments(JsonNode segments) {
    for (JsonNode segment : segments) {
      if (segment instanceof ObjectNode ref && !ref.has(SQUARED_ERROR)) {
        ref.put(SQUARED_ERROR, SegmentRef.UNKNOWN_ERROR);
      }
    }
  }

  /** Points from before searches could stop by themselves. */
  private static void completeCalibration(JsonNode points) {
    for (JsonNode point : points) {
      if (point instanceof ObjectNode members && !members.has(ADAPTIVE)) {
        members.put(ADAPTIVE, false);
      }
    }
  }

  private static byte[] write(Object value) {
    try {
      return Binding.JSON.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("cannot write " + value + " as JSON", e);
    }
  }

  /** Made when it is first needed: most who open an index do not. */
  private static final class Binding {
    static final ObjectMapper JSON = mapper();

    private static ObjectMapper mapper() {
      return JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .addMixIn(Metric.class, ExternallyNamed.class)
          .addMixIn(IdType.class, ExternallyNamed.class)
          .addMixIn(AttributeType.class, ExternallyNamed.class)
          .build();
    }
  }

  /** Tells Jackson to write and read the enums of a schema by their names on disk. */
  private interface ExternallyNamed {
    @JsonValue
    String externalName();
  }
}
