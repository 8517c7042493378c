package io.tarn.index.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tarn.index.snapshot.AnySnapshot;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class SnapshotFileTest {
  @Provide
  Arbitrary<Snapshot> snapshots() {
    return AnySnapshot.snapshot();
  }

  @Provide
  Arbitrary<Change> changes() {
    return AnySnapshot.change();
  }

  @Property(tries = 300)
  void snapshotsAreReadBack(@ForAll("snapshots") Snapshot snapshot) throws IOException {
    byte[] file = SnapshotFile.toBytes(snapshot);

    assertThat(SnapshotFile.fromBytes("x.json", file)).isEqualTo(snapshot);
    assertThat(SnapshotFile.toBytes(snapshot)).isEqualTo(file);
    // Without recourse to what reads snapshots of others.
    assertThat(SnapshotParser.parse(file)).contains(snapshot);
  }

  /** As docs/FORMAT.md has it, computed without the code under test. */
  @Property(tries = 100)
  void theLastMemberIsTheChecksumOfAllBytesBeforeIt(@ForAll("snapshots") Snapshot snapshot)
      throws IOException {
    byte[] file = SnapshotFile.toBytes(snapshot);
    String text = new String(file, StandardCharsets.UTF_8);
    JsonNode json = new JsonMapper().readTree(file);

    String end = ",\"crc32c\":\"" + json.get("crc32c").asText() + "\"}\n";
    assertThat(text).endsWith(end);
    CRC32C crc = new CRC32C();
    crc.update(Arrays.copyOf(file, file.length - end.length()));
    assertThat(json.get("crc32c").asText())
        .isEqualTo(HexFormat.of().toHexDigits((int) crc.getValue()));
  }

  @Property(tries = 300)
  void changesAreReadBack(@ForAll("changes") Change change) throws IOException {
    assertThat(SnapshotFile.changeFromBytes(SnapshotFile.changeToBytes(change))).isEqualTo(change);
  }

  /** As they are usually read, and as those are that hold something unusual. */
  @Property(tries = 100)
  void snapshotsFromBeforeDriftWasMeasuredAreRead(
      @ForAll("snapshots") Snapshot snapshot, @ForAll boolean unusual) throws IOException {
    ObjectNode tree = (ObjectNode) new JsonMapper().readTree(SnapshotFile.toBytes(snapshot));
    tree.remove(List.of("drift", "crc32c"));
    tree.get("segments").forEach(segment -> ((ObjectNode) segment).remove("squared_error"));
    if (unusual) {
      addUnusual(tree);
    }

    Snapshot read = SnapshotFile.fromBytes("x.json", checksummed(tree));

    assertThat(read.drift()).isEqualTo(Drift.unknown());
    assertThat(read.segments())
        .allMatch(segment -> segment.squaredError() == SegmentRef.UNKNOWN_ERROR)
        .extracting(SegmentRef::file)
        .isEqualTo(snapshot.segments().stream().map(SegmentRef::file).toList());
    assertThat(read.sources()).isEqualTo(snapshot.sources());
  }

  /** As they are usually read, and as those are that hold something unusual. */
  @Property(tries = 100)
  void calibrationsFromBeforeSearchesStoppedByThemselvesAreRead(
      @ForAll("snapshots") Snapshot snapshot, @ForAll boolean unusual) throws IOException {
    ObjectNode tree = (ObjectNode) new JsonMapper().readTree(SnapshotFile.toBytes(snapshot));
    tree.remove("crc32c");
    tree.get("calibration").forEach(point -> ((ObjectNode) point).remove("adaptive"));
    if (unusual) {
      addUnusual(tree);
    }

    Snapshot read = SnapshotFile.fromBytes("x.json", checksummed(tree));

    assertThat(read.calibration())
        .isEqualTo(
            snapshot.calibration().stream()
                .map(point -> new CalibrationPoint(point.nprobe(), point.k(), point.recall()))
                .toList());
  }

  /** Something that is nested so deeply that only what binds JSON to classes reads it. */
  private static void addUnusual(ObjectNode tree) throws IOException {
    int depth = 20;
    String nested = "[".repeat(depth) + "]".repeat(depth);
    tree.set("from_the_future", new JsonMapper().readTree(nested));
    assertThat(SnapshotParser.parse(checksummed(tree))).isEmpty();
  }

  @Property(tries = 100)
  void whatIsUnusualDoesNotKeepDriftFromBeingRead(@ForAll("snapshots") Snapshot snapshot)
      throws IOException {
    ObjectNode tree = (ObjectNode) new JsonMapper().readTree(SnapshotFile.toBytes(snapshot));
    tree.remove("crc32c");
    addUnusual(tree);

    assertThat(SnapshotFile.fromBytes("x.json", checksummed(tree))).isEqualTo(snapshot);
  }

  private static byte[] checksummed(ObjectNode snapshot) throws IOException {
    byte[] body = new JsonMapper().writeValueAsBytes(snapshot);
    CRC32C crc = new CRC32C();
    crc.update(body, 0, body.length - 1);
    String end = ",\"crc32c\":\"" + HexFormat.of().toHexDigits((int) crc.getValue()) + "\"}\n";
    return (new String(body, 0, body.length - 1, StandardCharsets.UTF_8) + end)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** The state of a job may hold such a change. */
  @Test
  void changesFromBeforeThereWasMaintenanceAreRead() throws IOException {
    String json =
        "{\"commit_id\":\"c\",\"operation\":\"stream\",\"model_id\":\"m\",\"added\":["
            + "{\"file\":{\"path\":\"p\",\"bytes\":1,\"crc32c\":\"x\"},\"sequence\":0,"
            + "\"rows\":2,\"deletes\":3,\"min_order\":4,\"max_order\":5}],"
            + "\"removed\":[],\"sources\":{\"kafka:t\":{\"partitions\":{},\"last_record_ms\":5}}}";
    SourceAdvance advance = new SourceAdvance(new TreeMap<>(), 5);

    assertThat(SnapshotFile.changeFromBytes(json.getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(
            new Change(
                "c",
                "stream",
                "m",
                List.of(new SegmentRef(new FileRef("p", 1, "x"), 0, 2, 3, 4, 5)),
                List.of(),
                new TreeMap<>(Map.of("kafka:t", advance))));
  }
}
