package io.tarn.index.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.tarn.index.snapshot.AnySnapshot;
import io.tarn.index.snapshot.Change;
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

  /** The state of a job may hold such a change. */
  @Test
  void changesFromBeforeThereWasMaintenanceAreRead() throws IOException {
    String json =
        "{\"commit_id\":\"c\",\"operation\":\"stream\",\"model_id\":\"m\",\"added\":[],"
            + "\"removed\":[],\"sources\":{\"kafka:t\":{\"partitions\":{},\"last_record_ms\":5}}}";
    SourceAdvance advance = new SourceAdvance(new TreeMap<>(), 5);

    assertThat(SnapshotFile.changeFromBytes(json.getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(
            new Change(
                "c",
                "stream",
                "m",
                List.of(),
                List.of(),
                new TreeMap<>(Map.of("kafka:t", advance))));
  }
}
