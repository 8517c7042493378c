package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentWriter;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Rows sorted by list, deletes first, written as one segment, or several where one is too large.
 */
final class SegmentOutput implements Closeable {
  /**
   * A segment is ended at this size. What is still in memory then comes on top, so it is well below
   * what a file may have.
   */
  private static final long MAX_WRITTEN_BYTES = 512L << 20;

  private final Storage storage;
  private final Schema schema;
  private final Model model;
  private final long sequence;
  private final Supplier<UUID> names;
  private final List<SegmentRef> finished = new ArrayList<>();
  private SegmentWriter writer;

  /**
   * @param model has the lists of the rows
   * @param sequence the sequence of the segments
   * @param names gives each of them a name that no segment has
   */
  SegmentOutput(Storage storage, Schema schema, Model model, long sequence, Supplier<UUID> names) {
    this.storage = storage;
    this.schema = schema;
    this.model = model;
    this.sequence = sequence;
    this.names = names;
  }

  void addDelete(Feature delete) throws IOException {
    writer().addDelete(delete);
    endIfLarge();
  }

  void add(int listId, Feature feature) throws IOException {
    writer().add(listId, feature);
    endIfLarge();
  }

  /** Completes what was written; none if nothing was. */
  List<SegmentRef> finish() throws IOException {
    end();
    return List.copyOf(finished);
  }

  private SegmentWriter writer() throws IOException {
    if (writer == null) {
      writer = new SegmentWriter(storage, schema, model, names.get());
    }
    return writer;
  }

  private void endIfLarge() throws IOException {
    if (writer.writtenBytes() >= MAX_WRITTEN_BYTES) {
      end();
    }
  }

  private void end() throws IOException {
    if (writer != null) {
      finished.add(writer.finish().committedIn(sequence));
      close();
      writer = null;
    }
  }

  @Override
  public void close() throws IOException {
    if (writer != null) {
      writer.close();
    }
  }
}
