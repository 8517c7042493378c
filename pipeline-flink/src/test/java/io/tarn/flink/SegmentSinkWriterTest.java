package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.commit.Committer;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.write.ModelReassigner;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one subtask hands on at a checkpoint. */
class SegmentSinkWriterTest {
  private static final String SOURCE = "kafka:t";
  private static final long LARGE_BUFFER_BYTES = 1 << 20;

  @TempDir Path dir;

  /** Whoever was before it may have passed on what an older state reads again. */
  @Test
  void whatTheIndexHoldsIsDropped() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (SegmentSinkWriter writer = writer(index)) {
      write(writer, 0, 0, 10);
      commit(index, change(writer));
    }
    try (SegmentSinkWriter writer = writer(index)) {
      write(writer, 0, 5, 10);
      writer.flush(false);
      assertThat(writer.prepareCommit()).isEmpty();

      write(writer, 0, 8, 13);
      write(writer, 1, 0, 2);
      Change change = change(writer);

      assertThat(change.sources().get(SOURCE).partitions())
          .isEqualTo(
              Map.of(
                  0, new OffsetRange(10, 10, 13), 1, new OffsetRange(OffsetRange.UNKNOWN, 0, 2)));
      commit(index, change);
    }
    assertThat(index.writtenRows()).isEqualTo(15);
  }

  @Test
  void aCheckpointIsOneSegmentWhoseRowsLieListByList() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (SegmentSinkWriter writer = writer(index)) {
      for (int from : new int[] {0, 40}) {
        write(writer, 0, from, from + 40);
        Change change = change(writer);

        assertThat(change.added()).hasSize(1);
        Segment segment =
            SegmentReader.read(
                index.storage, change.added().get(0).committedIn(2), TestIndex.SCHEMA);
        int[] lists = segment.lists().toArray();
        assertThat(lists).hasSize(40).isSorted();
        assertThat(lists[0]).isLessThan(lists[39]);
        assertThat(segment.codes()).isNotNull();
      }
    }
  }

  private static SegmentSinkWriter writer(TestIndex index) throws Exception {
    return new SegmentSinkWriter(new LocalStorage(index.dir), LARGE_BUFFER_BYTES);
  }

  private static void write(SegmentSinkWriter writer, int partition, int from, int to)
      throws Exception {
    for (int offset = from; offset < to; offset++) {
      float[] vector = {offset * 0.61f % 1, offset * 0.37f % 1, offset * 0.73f % 1, 0.5f};
      FeatureId id = FeatureId.of("id-" + partition + "-" + offset);
      Feature feature = new Feature(id, vector, offset, offset, new Object[1]);
      writer.write(new PositionedFeature(SOURCE, partition, offset, offset, feature), null);
    }
  }

  private static Change change(SegmentSinkWriter writer) throws Exception {
    writer.flush(false);
    Collection<PendingChange> pending = writer.prepareCommit();
    assertThat(pending).hasSize(1);
    return pending.iterator().next().change();
  }

  private static void commit(TestIndex index, Change change) throws Exception {
    new Committer(index.log, new ModelReassigner(index.storage)).commit(change);
  }
}
