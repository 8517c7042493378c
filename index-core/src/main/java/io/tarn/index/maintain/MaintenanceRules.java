package io.tarn.index.maintain;

import io.tarn.index.centroid.ListCount;
import io.tarn.index.snapshot.Snapshot;

/**
 * {@link PlanSettings} for an index that grows: how many rows a list is meant to have follows from
 * how many there are.
 *
 * @param targetListRows how many live rows a list is meant to have; 0: what a build of the live
 *     rows would give it
 * @param splitAbove as in {@link PlanSettings}
 * @param dissolveBelow as in {@link PlanSettings}, once the index has enough rows for its lists
 * @param maxDeadShare as in {@link PlanSettings}
 * @param segmentsPerTier as in {@link PlanSettings}
 * @param targetSegmentBytes as in {@link PlanSettings}
 */
public record MaintenanceRules(
    long targetListRows,
    double splitAbove,
    double dissolveBelow,
    double maxDeadShare,
    int segmentsPerTier,
    long targetSegmentBytes) {
  /** As many bytes as a training sample has by default, which bounds the number of lists. */
  private static final long SAMPLE_BYTES = 256L << 20;

  /** The rules for a snapshot with so many live rows. */
  public PlanSettings settings(Snapshot snapshot, long live) {
    long rows = Math.max(1, live);
    long target = targetListRows;
    if (target == 0) {
      long sampled = SAMPLE_BYTES / ((long) snapshot.schema().dimension() * Float.BYTES);
      target = rows / ListCount.byDefault(rows, sampled);
    }
    // Lists of an index that is only being filled are not tiny: they were made for what is to come.
    boolean filled = ListCount.isEnough(rows, snapshot.model().lists());
    return new PlanSettings(
        target,
        splitAbove,
        filled ? dissolveBelow : 0,
        maxDeadShare,
        segmentsPerTier,
        targetSegmentBytes);
  }
}
