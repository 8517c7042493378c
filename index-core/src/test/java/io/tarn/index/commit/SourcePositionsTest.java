package io.tarn.index.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.History;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.snapshot.SourceState;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SourcePositionsTest {
  private static final String TOPIC = "kafka:features";

  /** A position of -1: the snapshot knows nothing of the partition. */
  private static Snapshot snapshot(Map<Integer, Long> positions) {
    TreeMap<Integer, Long> known = new TreeMap<>(positions);
    known.values().removeIf(position -> position < 0);
    return new Snapshot(
        1,
        "index",
        7,
        "commit",
        "test",
        0,
        new Schema(IdType.INT64, 1, Metric.L2, List.of()),
        new ModelRef("m", new FileRef("models/m.parquet", 1, "00000000"), 1, "none"),
        null,
        List.of(),
        new TreeMap<>(Map.of(TOPIC, new SourceState(known, 0))),
        List.of(),
        History.none(),
        Drift.unknown());
  }

  private static Change change(Map<Integer, OffsetRange> ranges) {
    return new Change(
        "commit",
        "test",
        "m",
        List.of(),
        List.of(),
        new TreeMap<>(Map.of(TOPIC, new SourceAdvance(new TreeMap<>(ranges), 0))));
  }

  @ParameterizedTest
  @CsvSource({
    // position, from, first, next, verdict
    "-1, -1, 0, 10, APPLIES", // The first records of a new source.
    "-1, -1, 5, 10, APPLIES", // A topic whose beginning has expired.
    "10, 10, 10, 20, APPLIES",
    "10, 10, 15, 20, APPLIES", // Markers and compacted records lie between.
    "12, 10, 15, 20, APPLIES", // Another writer has read past a part of the gap.
    "15, 10, 15, 20, APPLIES",
    "20, 10, 10, 20, CONTAINED",
    "25, 10, 10, 20, CONTAINED",
    "20, -1, 0, 20, CONTAINED",
    "-1, -1, -1, -1, CONTAINED", // Nothing was read.
    "10, 10, 10, 10, CONTAINED",
    "10, 10, 12, 12, APPLIES", // Only a gap was read: the position moves on.
    "12, 10, 12, 12, CONTAINED"
  })
  void changesThatCanBeSettled(
      long position, long from, long first, long next, SourcePositions.Verdict verdict)
      throws Exception {
    assertThat(
            SourcePositions.compare(
                snapshot(Map.of(0, position)),
                change(Map.of(0, new OffsetRange(from, first, next)))))
        .isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource({
    "15, 10, 10, 20, holds a part of it",
    "19, 10, 10, 20, holds a part of it",
    "16, 10, 15, 20, holds a part of it",
    "9, 10, 10, 20, lacks the records before it",
    "-1, 10, 10, 20, lacks the records before it",
    "5, -1, 0, 20, holds a part of it"
  })
  void changesThatWouldLoseOrDoubleRecordsAreRefused(
      long position, long from, long first, long next, String reason) {
    assertThatThrownBy(
            () ->
                SourcePositions.compare(
                    snapshot(Map.of(0, position)),
                    change(Map.of(0, new OffsetRange(from, first, next)))))
        .isInstanceOf(CommitConflictException.class)
        .hasMessageContaining(TOPIC + ", partition 0")
        .hasMessageContaining("version 7")
        .hasMessageContaining(reason);
  }

  @Test
  void allPartitionsMustAgree() throws Exception {
    Change change = change(Map.of(0, new OffsetRange(10, 10, 20), 1, new OffsetRange(30, 30, 40)));

    assertThat(SourcePositions.compare(snapshot(Map.of(0, 10L, 1, 30L)), change))
        .isEqualTo(SourcePositions.Verdict.APPLIES);
    assertThat(SourcePositions.compare(snapshot(Map.of(0, 20L, 1, 45L)), change))
        .isEqualTo(SourcePositions.Verdict.CONTAINED);
    assertThatThrownBy(() -> SourcePositions.compare(snapshot(Map.of(0, 20L, 1, 30L)), change))
        .isInstanceOf(CommitConflictException.class)
        .hasMessageContaining("1 of the 2 partitions");
  }

  @Test
  void aChangeWithoutPositionsApplies() throws Exception {
    assertThat(SourcePositions.compare(snapshot(Map.of(0, 10L)), change(Map.of())))
        .isEqualTo(SourcePositions.Verdict.APPLIES);
  }
}
