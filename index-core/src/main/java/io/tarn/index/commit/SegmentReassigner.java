package io.tarn.index.commit;

import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.io.IOException;
import java.util.List;

/** Brings segments over to another model, when a new one was published before their commit. */
@FunctionalInterface
public interface SegmentReassigner {
  /**
   * Writes the rows of {@code segments} anew, assigned with the model of {@code snapshot}. Rows
   * superseded within {@code segments} are left out.
   *
   * @param segments if one of them has a sequence, all that have the same and are in the index
   * @return the new segments, with the sequences of the old ones, which are left for expiry
   */
  List<SegmentRef> reassign(List<SegmentRef> segments, Snapshot snapshot) throws IOException;
}
