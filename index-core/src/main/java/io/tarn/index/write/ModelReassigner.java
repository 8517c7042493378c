package io.tarn.index.write;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.SegmentReassigner;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Writes segments anew with the lists of another model, one segment in memory at a time. */
public final class ModelReassigner implements SegmentReassigner {
  private final Storage storage;

  public ModelReassigner(Storage storage) {
    this.storage = storage;
  }

  @Override
  public List<SegmentRef> reassign(List<SegmentRef> segments, Snapshot snapshot)
      throws IOException {
    Model model = ModelFile.read(storage, snapshot.model());
    List<SegmentRef> reassigned = new ArrayList<>();
    for (SegmentRef ref : segments) {
      Segment segment = SegmentReader.read(storage, ref, snapshot.schema());
      FeatureBuffer buffer = new FeatureBuffer(storage, snapshot.schema(), model);
      for (int row = 0; row < segment.rowCount(); row++) {
        buffer.add(segment.feature(row));
      }
      buffer.flush().ifPresent(reassigned::add);
    }
    return reassigned;
  }
}
