package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.SourceAdvance;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ChangeMergerTest {
  private static final String SOURCE = "kafka:t";

  private final ChangeMerger merger = new ChangeMerger();

  @Test
  void whatAllSubtasksWroteBecomesOneChange() {
    merger.add(written("m", "a", 1, 50, Map.of(0, range(-1, 3, 10))));
    merger.add(written("m", "b", 2, 70, Map.of(1, range(-1, 0, 4), 2, range(5, 5, 6))));

    PendingChange merged = merger.drain().get(0);

    assertThat(merged.badRecords()).isEqualTo(3);
    assertThat(merged.change().added()).containsExactly(segment("a"), segment("b"));
    assertThat(merged.change().sources())
        .containsExactly(
            Map.entry(
                SOURCE,
                advance(70, Map.of(0, range(-1, 3, 10), 1, range(-1, 0, 4), 2, range(5, 5, 6)))));
  }

  @Test
  void nothingBecomesOfNothing() {
    merger.add(written("m", "a", 0, 1, Map.of(0, range(-1, 0, 1))));

    assertThat(merger.drain()).hasSize(1);
    assertThat(merger.drain()).isEmpty();
  }

  @Test
  void aChangeFollowsOnTheOneBefore() {
    merger.add(written("m", "a", 0, 1, Map.of(0, range(-1, 0, 10))));
    PendingChange first = merger.drain().get(0);
    merger.add(written("m", "b", 0, 1, Map.of(0, range(-1, 12, 15), 1, range(-1, 7, 8))));
    PendingChange second = merger.drain().get(0);

    assertThat(ranges(second))
        .containsEntry(0, range(10, 12, 15))
        .containsEntry(1, range(-1, 7, 8));
    assertThat(second.change().commitId()).isNotEqualTo(first.change().commitId());
  }

  @Test
  void aChangeFollowsOnThePositionsFromBeforeARestart() {
    merger.restore(SOURCE, 0, 10);
    merger.restore(SOURCE, 1, 10);
    merger.add(written("m", "a", 0, 1, Map.of(0, range(4, 10, 12), 1, range(20, 20, 22))));

    assertThat(ranges(merger.drain().get(0)))
        .containsEntry(0, range(10, 10, 12))
        .containsEntry(1, range(20, 20, 22));
    assertThat(merger.reached()).isEqualTo(Map.of(SOURCE, Map.of(0, 12L, 1, 22L)));
  }

  @Test
  void recordsFromBeforeWhatWasReachedAreStatedAsTheyAre() {
    merger.restore(SOURCE, 0, 10);
    merger.add(written("m", "a", 0, 1, Map.of(0, range(4, 7, 12))));

    assertThat(ranges(merger.drain().get(0))).containsEntry(0, range(7, 7, 12));
  }

  @Test
  void twoPartsOfOnePartitionBecomeOne() {
    merger.add(written("m", "a", 0, 1, Map.of(0, range(2, 3, 10))));
    merger.add(written("m", "b", 0, 1, Map.of(0, range(2, 11, 20))));

    assertThat(ranges(merger.drain().get(0))).containsExactly(Map.entry(0, range(2, 3, 20)));
  }

  @Test
  void rowsAssignedWithDifferentModelsBecomeDifferentChanges() {
    merger.add(written("old", "a", 1, 1, Map.of(0, range(-1, 0, 5))));
    merger.add(written("new", "b", 0, 1, Map.of(1, range(-1, 0, 5))));

    assertThat(merger.drain())
        .extracting(c -> c.change().modelId(), c -> c.change().added(), PendingChange::badRecords)
        .containsExactlyInAnyOrder(
            tuple("old", List.of(segment("a")), 1L), tuple("new", List.of(segment("b")), 0L));
  }

  @Test
  void aChangeSurvivesItsBytes() throws IOException {
    PendingChange change = written("m", "a", 3, 50, Map.of(0, range(-1, 3, 10)));
    PendingChange.Serializer serializer = new PendingChange.Serializer();

    assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(change)))
        .isEqualTo(change);
  }

  private static PendingChange written(
      String model, String segment, long bad, long lastMs, Map<Integer, OffsetRange> ranges) {
    return new PendingChange(
        new Change(
            "id-" + segment,
            "stream",
            model,
            List.of(segment(segment)),
            List.of(),
            new TreeMap<>(Map.of(SOURCE, advance(lastMs, ranges)))),
        bad);
  }

  private static SourceAdvance advance(long lastMs, Map<Integer, OffsetRange> ranges) {
    return new SourceAdvance(new TreeMap<>(ranges), lastMs);
  }

  private static Map<Integer, OffsetRange> ranges(PendingChange pending) {
    return pending.change().sources().get(SOURCE).partitions();
  }

  private static OffsetRange range(long from, long first, long next) {
    return new OffsetRange(from, first, next);
  }

  private static SegmentRef segment(String name) {
    return new SegmentRef(new FileRef("segments/" + name, 1, "00000000"), 0, 1, 0, 0, 0);
  }
}
