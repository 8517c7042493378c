package io.tarn.flink.sql;

import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.index.snapshot.Snapshot;
import java.io.Serializable;
import java.util.List;

/**
 * What was known of recall when a query was planned.
 *
 * @param measured the calibration of the index
 * @param lists how many lists it was measured with
 */
record PlannedRecall(List<CalibrationPoint> measured, int lists) implements Serializable {
  PlannedRecall {
    measured = List.copyOf(measured);
  }

  static PlannedRecall of(Snapshot snapshot) {
    return new PlannedRecall(snapshot.calibration(), snapshot.model().lists());
  }

  boolean isEmpty() {
    return measured.isEmpty();
  }

  /**
   * How many lists a recall takes where lists were divided or dissolved since: the same share of
   * them, which holds as many of the rows.
   *
   * @param listsNow how many there are now
   */
  int listsWanted(double recall, int k, int listsNow) {
    long then = new Probe.Recall(recall).listsWanted(measured, lists, k);
    return (int) Math.min(listsNow, (then * listsNow + lists - 1) / lists);
  }
}
