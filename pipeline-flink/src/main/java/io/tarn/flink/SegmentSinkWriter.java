package io.tarn.flink;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.format.ModelFile;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;

/**
 * Writes what one subtask is given between two checkpoints as segments: one, unless the buffer
 * fills before. It keeps no state: at a checkpoint everything it was given is in files, which the
 * committable names.
 */
final class SegmentSinkWriter implements CommittingSinkWriter<PositionedFeature, PendingChange> {
  private final Storage storage;
  private final TakenPositions taken;
  private final String modelId;
  private final FeatureBuffer buffer;
  private final long bufferBytes;

  private List<SegmentRef> segments = new ArrayList<>();
  private SourceReads reads = new SourceReads();
  private long badRecords;

  /**
   * @param storage closed by this writer
   * @param bufferBytes how large the buffer may become
   */
  SegmentSinkWriter(Storage storage, long bufferBytes) throws IOException {
    this.storage = storage;
    this.bufferBytes = bufferBytes;
    Snapshot snapshot = new SnapshotLog(storage).newest();
    this.taken = new TakenPositions(snapshot);
    this.modelId = snapshot.model().id();
    this.buffer =
        new FeatureBuffer(storage, snapshot.schema(), ModelFile.read(storage, snapshot.model()));
  }

  @Override
  public void write(PositionedFeature record, Context context) throws IOException {
    long next = taken.next(record.source(), record.partition());
    if (record.offset() < next) {
      return;
    }
    reads.add(
        record.source(),
        record.partition(),
        new OffsetRange(next, record.offset(), record.offset() + 1),
        record.timestampMs());
    if (record.feature() == null) {
      badRecords++;
      return;
    }
    buffer.add(record.feature());
    if (buffer.estimatedBytes() >= bufferBytes) {
      flush(false);
    }
  }

  @Override
  public void flush(boolean endOfInput) throws IOException {
    buffer.flush().ifPresent(segments::add);
  }

  @Override
  public Collection<PendingChange> prepareCommit() {
    if (reads.isEmpty()) {
      return List.of();
    }
    Change change =
        new Change(
            UUID.randomUUID().toString(),
            ChangeMerger.OPERATION,
            modelId,
            segments,
            List.of(),
            reads.toAdvances());
    PendingChange written = new PendingChange(change, badRecords);
    segments = new ArrayList<>();
    reads = new SourceReads();
    badRecords = 0;
    return List.of(written);
  }

  @Override
  public void close() throws IOException {
    storage.close();
  }
}
