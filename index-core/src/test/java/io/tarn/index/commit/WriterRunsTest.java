package io.tarn.index.commit;

import static io.tarn.index.commit.CommitterTest.append;
import static io.tarn.index.commit.CommitterTest.create;
import static io.tarn.index.commit.CommitterTest.feature;
import static io.tarn.index.commit.CommitterTest.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.snapshot.SourceState;
import io.tarn.index.snapshot.WriterRuns;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Changes that are known by their number in a run of their writer. */
class WriterRunsTest {
  private static final int REMEMBERED = 512;

  private final Storage storage = new MemoryStorage();
  private final SnapshotLog log = new SnapshotLog(storage);
  private final Committer committer = new Committer(log, new ModelReassigner(storage));
  private final String run = WriterRuns.newRun();

  @BeforeEach
  void createIndex() throws IOException {
    create(storage);
  }

  private Change change(String writer, long number, long timestampMs, SegmentRef... segments)
      throws IOException {
    TreeMap<String, SourceAdvance> sources = new TreeMap<>();
    sources.put(writer, WriterRuns.change(number, timestampMs));
    return new Change(
        UUID.randomUUID().toString(),
        "stream",
        log.newest().model().id(),
        List.of(segments),
        List.of(),
        sources);
  }

  private Change change(long number, SegmentRef... segments) throws IOException {
    return change(run, number, System.currentTimeMillis(), segments);
  }

  @Test
  void aChangeIsKnownHoweverManyFollowAndWhateverBecameOfItsSegments() throws IOException {
    Change first = change(0, write(storage, feature(1)));
    committer.commit(first);
    for (int number = 1; number <= REMEMBERED + 1; number++) {
      committer.commit(change(number));
    }
    Snapshot full = log.newest();
    Snapshot merged =
        committer.commit(
            Change.overwrite("test", full, full.model(), List.of(write(storage, feature(2)))));
    assertThat(merged.segments()).hasSize(1);

    assertThat(committer.commit(first)).isEqualTo(merged);
    assertThat(log.newest()).isEqualTo(merged);
    assertThat(merged.sources()).containsOnlyKeys(run);
    assertThat(merged.history().appends()).isEmpty();
  }

  @Test
  void changesOfTwoRunsAreNotMistakenForOneAnother() throws IOException {
    committer.commit(change(0, write(storage, feature(1))));
    committer.commit(change(WriterRuns.newRun(), 0, 0, write(storage, feature(2))));
    assertThat(log.newest().segments()).hasSize(2);
    assertThat(log.newest().sources()).hasSize(2);
  }

  @Test
  void aRunThatPausedForDaysIsForgottenAndGoesOn() throws IOException {
    long longAgoMs = System.currentTimeMillis() - Duration.ofHours(49).toMillis();
    committer.commit(change(run, 7, longAgoMs, write(storage, feature(1))));
    assertThat(log.newest().sources()).containsOnlyKeys(run);
    committer.commit(append(storage, write(storage, feature(2))));
    assertThat(log.newest().sources()).isEmpty();

    committer.commit(change(8, write(storage, feature(3))));
    assertThat(log.newest().sources()).containsOnlyKeys(run);
    assertThat(log.newest().segments()).hasSize(3);
  }

  @Test
  void theNewestRunsAreRememberedAndAllOtherSources() {
    long nowMs = System.currentTimeMillis();
    TreeMap<String, SourceState> sources = new TreeMap<>();
    for (int i = 0; i < REMEMBERED + 3; i++) {
      sources.put(WriterRuns.newRun(), SourceState.unread().after(WriterRuns.change(0, nowMs - i)));
    }
    sources.put("kafka:old", SourceState.unread());

    SortedMap<String, SourceState> kept = WriterRuns.withoutOldRuns(sources, nowMs);
    assertThat(kept).hasSize(REMEMBERED + 1).containsKey("kafka:old");
    assertThat(kept.values())
        .filteredOn(state -> state.lastRecordMs() > 0)
        .allMatch(state -> state.lastRecordMs() > nowMs - REMEMBERED);
  }
}
