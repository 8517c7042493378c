package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Compaction and retraining as a job does them, in one thread. */
final class Upkeeps {
  private Upkeeps() {}

  static Change compact(MaintainedIndex index, Snapshot snapshot, CompactionPlan plan)
      throws IOException {
    return compact(index.storage, snapshot, plan);
  }

  static Change compact(Storage storage, Snapshot snapshot, CompactionPlan plan)
      throws IOException {
    Model model = ModelFile.read(storage, snapshot.model());
    List<SegmentRef> written = new ArrayList<>();
    for (CompactionPlan.Group group : plan.groups()) {
      written.addAll(
          Rewriting.merge(
              storage, snapshot.schema(), model, group.segments(), true, UUID::randomUUID));
    }
    return Rewriting.change("compact", snapshot, null, plan.segments(), written, true);
  }

  static Change retrain(
      MaintainedIndex index, Snapshot snapshot, List<SegmentFate> fates, float[] centroids)
      throws IOException {
    return retrain(index.storage, snapshot, fates, centroids);
  }

  static Change retrain(
      Storage storage, Snapshot snapshot, List<SegmentFate> fates, float[] centroids)
      throws IOException {
    Model old = ModelFile.read(storage, snapshot.model());
    Model model = Retraining.model(old, centroids, old.quantizer());
    FeatureBuffer buffer = new FeatureBuffer(storage, snapshot.schema(), model);
    for (SegmentFate fate : fates) {
      Segment segment = SegmentReader.read(storage, fate.ref(), snapshot.schema());
      fate.kept(true).stream().mapToObj(segment::feature).forEach((Feature f) -> buffer.add(f));
    }
    List<SegmentRef> written = buffer.flush().map(List::of).orElse(List.of());
    return Retraining.change(snapshot, ModelFile.write(storage, model), fates, written);
  }
}
