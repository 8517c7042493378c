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
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what one subtask is given between two checkpoints as segments: one, unless the buffer
 * fills before. It keeps no state: at a checkpoint everything it was given is in files, which the
 * committable names. A model that others publish is taken up at the next checkpoint.
 */
final class SegmentSinkWriter implements CommittingSinkWriter<PositionedFeature, PendingChange> {
  private static final Logger LOG = LoggerFactory.getLogger(SegmentSinkWriter.class);

  /** Half of the time for which FORMAT.md keeps the successors of a version. */
  private static final long MAX_KNOWLEDGE_AGE_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final Storage storage;
  private final SnapshotLog log;
  private final TakenPositions taken;
  private final long bufferBytes;

  private FeatureBuffer buffer;
  private String modelId;

  /** The newest version when the model was last asked for. */
  private long version;

  private long versionKnownNanos;
  private boolean modelIsFresh = true;
  private List<SegmentRef> segments = new ArrayList<>();
  private SourceReads reads = new SourceReads();
  private long records;
  private long badRecords;

  /**
   * @param storage closed by this writer
   * @param bufferBytes how large the buffer may become
   */
  SegmentSinkWriter(Storage storage, long bufferBytes) throws IOException {
    this.storage = storage;
    this.log = new SnapshotLog(storage);
    this.bufferBytes = bufferBytes;
    this.versionKnownNanos = System.nanoTime();
    Snapshot snapshot = log.newest();
    this.version = snapshot.version();
    this.taken = new TakenPositions(snapshot);
    use(snapshot);
  }

  private void use(Snapshot snapshot) throws IOException {
    modelId = snapshot.model().id();
    buffer =
        new FeatureBuffer(storage, snapshot.schema(), ModelFile.read(storage, snapshot.model()));
  }

  /**
   * Asks whether the index has a new model since. Before the first record of a checkpoint, because
   * nothing is buffered then, and because nobody waits as they do for a barrier. Rows of a model
   * that is replaced later on are assigned anew as they are committed.
   */
  private void takeUpNewModel() throws IOException {
    long nowNanos = System.nanoTime();
    long newest =
        nowNanos - versionKnownNanos < MAX_KNOWLEDGE_AGE_NANOS
            ? log.newestVersionAfter(version)
            : log.newestVersion();
    versionKnownNanos = nowNanos;
    if (newest == version) {
      return;
    }
    version = newest;
    Snapshot snapshot = log.read(newest);
    if (!snapshot.model().id().equals(modelId)) {
      use(snapshot);
      LOG.info("Took up the model of version {}, {} lists", version, snapshot.model().lists());
    }
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
    records++;
    if (record.feature() == null) {
      badRecords++;
      return;
    }
    if (!modelIsFresh) {
      takeUpNewModel();
      modelIsFresh = true;
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
    modelIsFresh = false;
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
    PendingChange written = new PendingChange(change, records, badRecords);
    segments = new ArrayList<>();
    reads = new SourceReads();
    records = 0;
    badRecords = 0;
    return List.of(written);
  }

  @Override
  public void close() throws IOException {
    storage.close();
  }
}
