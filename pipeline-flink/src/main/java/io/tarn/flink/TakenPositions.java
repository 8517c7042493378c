package io.tarn.flink;

import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceState;

/** What a snapshot holds of its sources: of each partition everything before some offset. */
final class TakenPositions {
  private final Snapshot snapshot;

  TakenPositions(Snapshot snapshot) {
    this.snapshot = snapshot;
  }

  /** The name of a topic as a source. */
  static String sourceName(String topic) {
    return "kafka:" + topic;
  }

  /** The first offset the snapshot does not hold; {@link OffsetRange#UNKNOWN} if it holds none. */
  long next(String source, int partition) {
    SourceState state = snapshot.sources().get(source);
    return state == null
        ? OffsetRange.UNKNOWN
        : state.nextOffsets().getOrDefault(partition, OffsetRange.UNKNOWN);
  }

  boolean contain(String source, int partition, long offset) {
    return offset < next(source, partition);
  }
}
