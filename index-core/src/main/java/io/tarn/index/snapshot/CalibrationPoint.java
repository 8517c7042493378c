package io.tarn.index.snapshot;

import java.io.Serializable;

/**
 * A measured point of the recall curve.
 *
 * @param nprobe lists probed
 * @param k neighbours asked for
 * @param recall the mean share of the true k nearest that was found
 * @param adaptive whether searches looked at {@code nprobe} lists more or less, as each found
 *     worthwhile
 */
public record CalibrationPoint(int nprobe, int k, double recall, boolean adaptive)
    implements Serializable {
  /** Every search looked at {@code nprobe} lists. */
  public CalibrationPoint(int nprobe, int k, double recall) {
    this(nprobe, k, recall, false);
  }
}
