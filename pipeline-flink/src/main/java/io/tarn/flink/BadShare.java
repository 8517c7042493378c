package io.tarn.flink;

import org.apache.flink.runtime.execution.SuppressRestartsException;

/**
 * Ends the job when too many of its records are bad: then the records are in order, and what reads
 * them is set wrongly. They are judged in batches of {@value #BATCH_RECORDS} or more, and before
 * the positions of the last of them are published, so that these are read again once the mistake is
 * found. A batch may take several checkpoints, of which the earlier ones have been published then.
 */
final class BadShare {
  /** Of fewer records a share says little. */
  static final long BATCH_RECORDS = 1_000;

  private final double limit;
  private long records;
  private long badRecords;
  private boolean judged;

  /**
   * @param limit the largest share of bad records, from 0 to 1, which is no limit
   */
  BadShare(double limit) {
    this.limit = limit;
  }

  /**
   * To be told of all records before they are published.
   *
   * @param isEnd whether no records follow; the last ones are judged only if none were before
   */
  void add(long moreRecords, long moreBadRecords, boolean isEnd) {
    records += moreRecords;
    badRecords += moreBadRecords;
    if (records < BATCH_RECORDS && (!isEnd || judged)) {
      return;
    }
    if (badRecords > limit * records) {
      // Restarted, the job would read the same records.
      throw new SuppressRestartsException(
          new IllegalStateException(
              String.format(
                  "%d of the last %d records are bad, and kafka.max-bad-share allows %s of them:"
                      + " see the dead letters for what is wrong, correct the settings or the"
                      + " producer, and start the job again, or raise kafka.max-bad-share",
                  badRecords, records, limit)));
    }
    records = 0;
    badRecords = 0;
    judged = true;
  }
}
