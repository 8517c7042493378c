package io.tarn.flink.sql;

import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.NewestRows;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;

/**
 * Settles which rows of a snapshot are live, from their ids alone, and then gives a part of a
 * segment to each reader that asks for one.
 */
final class SplitAssignment implements SplitEnumerator<SegmentSplit, RemainingSplits> {
  /** Larger segments are read by several readers: a few seconds' work each. */
  static final int MAX_SPLIT_ROWS = 1 << 18;

  private final SnapshotSource source;
  private final SplitEnumeratorContext<SegmentSplit> context;
  private final Deque<SegmentSplit> remaining = new ArrayDeque<>();

  /** Readers that asked before it was settled what there is to read. */
  private final Set<Integer> waiting = new LinkedHashSet<>();

  private boolean settled;

  SplitAssignment(
      SnapshotSource source,
      SplitEnumeratorContext<SegmentSplit> context,
      RemainingSplits remaining) {
    this.source = source;
    this.context = context;
    this.settled = remaining.settled();
    this.remaining.addAll(remaining.splits());
  }

  @Override
  public void start() {
    if (!settled) {
      context.callAsync(this::settle, this::take);
    }
  }

  private List<SegmentSplit> settle() throws IOException {
    List<Segment> segments = new ArrayList<>();
    try (Storage storage = StorageLocation.open(source.location())) {
      for (SegmentRef ref : source.segments()) {
        try (SegmentReader reader = SegmentReader.open(storage, ref, source.schema())) {
          segments.add(reader.readColumns(Set.of()));
        }
      }
    }
    NewestRows newest = new NewestRows(segments);
    List<SegmentSplit> splits = new ArrayList<>();
    for (int s = 0; s < segments.size(); s++) {
      Segment segment = segments.get(s);
      long[] live = new long[(segment.rowCount() + Long.SIZE - 1) / Long.SIZE];
      for (int row = segment.deletes(); row < segment.rowCount(); row++) {
        if (newest.isNewest(s, row)) {
          live[row >> 6] |= 1L << row;
        }
      }
      splits.addAll(SegmentSplit.of(segment.ref(), live, MAX_SPLIT_ROWS));
    }
    return splits;
  }

  private void take(List<SegmentSplit> splits, Throwable failure) {
    if (failure != null) {
      throw new UncheckedIOException(
          "the live rows of "
              + source.location()
              + " could not be settled: "
              + failure.getMessage(),
          failure instanceof IOException io ? io : new IOException(failure));
    }
    remaining.addAll(splits);
    settled = true;
    waiting.forEach(this::give);
    waiting.clear();
  }

  private void give(int subtask) {
    if (!context.registeredReaders().containsKey(subtask)) {
      return;
    }
    SegmentSplit next = remaining.poll();
    if (next == null) {
      context.signalNoMoreSplits(subtask);
    } else {
      context.assignSplit(next, subtask);
    }
  }

  @Override
  public void handleSplitRequest(int subtask, String host) {
    if (settled) {
      give(subtask);
    } else {
      waiting.add(subtask);
    }
  }

  @Override
  public void addSplitsBack(List<SegmentSplit> splits, int subtask) {
    remaining.addAll(splits);
  }

  /** Readers ask by themselves. */
  @Override
  public void addReader(int subtask) {}

  @Override
  public RemainingSplits snapshotState(long checkpoint) {
    return new RemainingSplits(settled, List.copyOf(remaining));
  }

  @Override
  public void close() {}
}
