package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.snapshot.WriterRuns;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ChangeMergerTest {
  private static final String SOURCE = "kafka:t";

  private final ChangeMerger merger = new ChangeMerger(Map.of());

  @Test
  void whatAllSubtasksWroteBecomesOneChange() {
    merger.add(written("m", "a", 1, 50, Map.of(0, range(-1, 3, 10))));
    merger.add(written("m", "b", 2, 70, Map.of(1, range(-1, 0, 4), 2, range(5, 5, 6))));

    PendingChange merged = merger.drain().get(0);

    assertThat(merged.badRecords()).isEqualTo(3);
    assertThat(merged.records()).isEqualTo(21);
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
  void changesOfRowsWithoutPositionsAreNumberedInARun() {
    ChangeMerger numbering = ChangeMerger.numbering("run:r", () -> Instant.ofEpochMilli(1_000));
    numbering.add(written("m", "a", 0, 1, Map.of(0, range(-1, 0, 10))));
    numbering.add(written("n", "b", 0, 1, Map.of(0, range(-1, 10, 12))));
    List<PendingChange> changes = numbering.drain();
    numbering.add(written("n", "c", 0, 1, Map.of(0, range(-1, 12, 15))));
    changes.addAll(numbering.drain());

    assertThat(changes)
        .extracting(pending -> pending.change().sources())
        .containsExactly(
            run(WriterRuns.change(0, 1_000)),
            run(WriterRuns.change(1, 1_000)),
            run(WriterRuns.change(2, 1_000)));
    assertThat(numbering.reached()).isEmpty();
  }

  private static TreeMap<String, SourceAdvance> run(SourceAdvance change) {
    return new TreeMap<>(Map.of("run:r", change));
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
  void whatASubtaskReadFirstIsPublishedFirstWhateverItsModel() {
    // A checkpoint was given up, so the merger has two parts of partition 0.
    merger.add(written("new", "a", 0, 1, Map.of(1, range(-1, 0, 5))));
    merger.add(written("old", "b", 0, 1, Map.of(0, range(-1, 0, 5))));
    merger.add(written("new", "c", 0, 1, Map.of(0, range(-1, 5, 9))));

    assertThat(merger.drain())
        .extracting(c -> c.change().modelId(), ChangeMergerTest::ranges)
        .containsExactly(
            tuple("new", Map.of(1, range(-1, 0, 5))),
            tuple("old", Map.of(0, range(-1, 0, 5))),
            tuple("new", Map.of(0, range(5, 5, 9))));
  }

  /** Subtasks take up models one after the other, and checkpoints are given up. */
  @Property
  void everythingThatWasWrittenIsPublishedOnce(
      @ForAll @Size(max = 40) List<@IntRange(max = 15) Integer> steps) {
    ChangeMerger merger = new ChangeMerger(Map.of());
    long[] read = new long[3];
    int[] model = new int[3];
    Map<Integer, Long> index = new HashMap<>();
    List<SegmentRef> expected = new ArrayList<>();
    List<SegmentRef> published = new ArrayList<>();
    for (int step : steps) {
      int partition = step % 3;
      if (step < 9) {
        long first = read[partition];
        read[partition] += 5;
        String name = "s" + expected.size();
        expected.add(segment(name));
        merger.add(
            written(
                "m" + model[partition],
                name,
                0,
                1,
                Map.of(partition, range(-1, first, first + 5))));
      } else if (step < 12) {
        model[partition]++;
      } else {
        publish(merger.drain(), index, published);
      }
    }
    publish(merger.drain(), index, published);

    assertThat(published).containsExactlyInAnyOrderElementsOf(expected);
    for (int partition = 0; partition < 3; partition++) {
      assertThat(index.getOrDefault(partition, 0L)).isEqualTo(read[partition]);
    }
  }

  /** As an index takes changes, see docs/FORMAT.md, "Committing". */
  private static void publish(
      List<PendingChange> changes, Map<Integer, Long> index, List<SegmentRef> published) {
    for (PendingChange pending : changes) {
      ranges(pending)
          .forEach(
              (partition, range) -> {
                long position = index.getOrDefault(partition, OffsetRange.UNKNOWN);
                assertThat(position).isBetween(range.from(), range.first());
                index.put(partition, range.next());
              });
      published.addAll(pending.change().added());
    }
  }

  @Test
  void aChangeSurvivesItsBytes() throws IOException {
    PendingChange change = written("m", "a", 3, 50, Map.of(0, range(-1, 3, 10)));
    PendingChange.Serializer serializer = new PendingChange.Serializer();

    assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(change)))
        .isEqualTo(change);
    // As it was written before records were counted.
    byte[] bytes = serializer.serialize(change);
    assertThat(serializer.deserialize(1, Arrays.copyOfRange(bytes, Long.BYTES, bytes.length)))
        .isEqualTo(new PendingChange(change.change(), 0, 3));
    assertThatThrownBy(() -> serializer.deserialize(3, bytes))
        .hasMessageContaining("start the job without its state");
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
        bad + 9,
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
