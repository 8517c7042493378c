package io.tarn.spark.segment;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentWriter;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes the sorted rows of one task into segments of about a given size. Closed before it is
 * finished it leaves nothing behind.
 */
final class SegmentTask implements Closeable {
  private final Storage storage;
  private final Schema schema;
  private final Model model;
  private final long segmentBytes;
  private final SegmentNames names;
  private final List<SegmentRef> ended = new ArrayList<>();
  private SegmentWriter writer;
  private long writtenBytes;
  private int lastList;
  private boolean finished;

  SegmentTask(Storage storage, Schema schema, Model model, long segmentBytes, SegmentNames names) {
    this.storage = storage;
    this.schema = schema;
    this.model = model;
    this.segmentBytes = segmentBytes;
    this.names = names;
  }

  /**
   * Adds a row; rows come sorted by list, deletes first.
   *
   * @param bytes about how many bytes it takes in the segment
   */
  void add(AssignedRow row, int bytes) throws IOException {
    if (writer != null && isFull(row.list())) {
      endSegment();
    }
    if (writer == null) {
      writer = new SegmentWriter(storage, schema, model, names.next());
    }
    if (row.list() == ListRanges.DELETES) {
      writer.addDelete(row.feature());
    } else {
      writer.add(model.listIds()[row.list()], row.feature());
    }
    writtenBytes += bytes;
    lastList = row.list();
  }

  /** Ends the last segment and gives them all. */
  List<SegmentRef> finish() throws IOException {
    if (writer != null) {
      endSegment();
    }
    finished = true;
    return ended;
  }

  /** A segment ends between two lists if it can, so that a list is read in one piece. */
  private boolean isFull(int nextList) {
    return writtenBytes >= segmentBytes
        && (nextList != lastList || writtenBytes >= segmentBytes + segmentBytes / 2);
  }

  private void endSegment() throws IOException {
    ended.add(writer.finish());
    closeWriter();
    writtenBytes = 0;
  }

  private void closeWriter() throws IOException {
    if (writer != null) {
      writer.close();
      writer = null;
    }
  }

  @Override
  public void close() throws IOException {
    closeWriter();
    if (!finished) {
      for (SegmentRef segment : ended) {
        storage.delete(segment.path());
      }
    }
  }
}
