package io.tarn.index.maintain;

/**
 * What compaction writes anew.
 *
 * @param maxDeadShare a segment of whose rows a larger share is dead
 * @param segmentsPerTier so many segments of about one size, or more, are merged; a size is a power
 *     of this number of mebibytes
 * @param targetSegmentBytes merging makes no larger segments, and a task holds no more in memory
 * @param writtenBeforeMs a segment with any dead row that was written before this time, in
 *     milliseconds since the epoch: its rows may have been dead for long
 * @param all every segment
 */
public record CompactionSettings(
    double maxDeadShare,
    int segmentsPerTier,
    long targetSegmentBytes,
    long writtenBeforeMs,
    boolean all) {
  public CompactionSettings {
    if (!(maxDeadShare >= 0 && maxDeadShare <= 1)
        || segmentsPerTier < 2
        || targetSegmentBytes < 1) {
      throw new IllegalArgumentException(
          "no compaction with at most "
              + maxDeadShare
              + " dead and "
              + segmentsPerTier
              + " segments a tier of at most "
              + targetSegmentBytes
              + " bytes: the share is between 0 and 1, and 2 or more segments are merged");
    }
  }
}
