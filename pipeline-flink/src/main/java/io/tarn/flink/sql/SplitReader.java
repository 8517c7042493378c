package io.tarn.flink.sql;

import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.table.data.RowData;

/** Reads one split after the other, and asks for the next when it has none. */
final class SplitReader implements SourceReader<RowData, SegmentSplit> {
  private final SnapshotSource source;
  private final SourceReaderContext context;
  private final Storage storage;
  private final Deque<SegmentSplit> assigned = new ArrayDeque<>();
  private CompletableFuture<Void> available = new CompletableFuture<>();
  private SegmentRows rows;
  private boolean noMoreSplits;

  SplitReader(SnapshotSource source, SourceReaderContext context) throws IOException {
    this.source = source;
    this.context = context;
    this.storage = StorageLocation.open(source.location());
  }

  @Override
  public void start() {
    if (assigned.isEmpty()) {
      context.sendSplitRequest();
    }
  }

  @Override
  public InputStatus pollNext(ReaderOutput<RowData> output) throws IOException {
    if (rows != null) {
      RowData row = rows.next();
      if (row != null) {
        output.collect(row);
        return InputStatus.MORE_AVAILABLE;
      }
      rows.close();
      rows = null;
      if (assigned.isEmpty() && !noMoreSplits) {
        available = new CompletableFuture<>();
        context.sendSplitRequest();
      }
    }
    if (!assigned.isEmpty()) {
      rows = new SegmentRows(storage, source, assigned.poll());
      return InputStatus.MORE_AVAILABLE;
    }
    return noMoreSplits ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
  }

  @Override
  public List<SegmentSplit> snapshotState(long checkpoint) {
    List<SegmentSplit> unread = new ArrayList<>();
    if (rows != null) {
      unread.add(rows.rest());
    }
    unread.addAll(assigned);
    return unread;
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return available;
  }

  @Override
  public void addSplits(List<SegmentSplit> splits) {
    assigned.addAll(splits);
    available.complete(null);
  }

  @Override
  public void notifyNoMoreSplits() {
    noMoreSplits = true;
    available.complete(null);
  }

  @Override
  public void close() throws IOException {
    try {
      if (rows != null) {
        rows.close();
      }
    } finally {
      storage.close();
    }
  }
}
