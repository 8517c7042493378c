package io.tarn.index.commit;

import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.io.IOException;
import java.util.List;

/** Brings segments over to another model, when a new one was published before their commit. */
@FunctionalInterface
public interface SegmentReassigner {
  /**
   * Writes the rows of {@code segments} anew, assigned with the model of {@code snapshot}.
   *
   * @return the new segments; the old ones are left for expiry
   */
  List<SegmentRef> reassign(List<SegmentRef> segments, Snapshot snapshot) throws IOException;
}
