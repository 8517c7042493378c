package io.tarn.index.maintain;

/**
 * From when on what is worth doing.
 *
 * @param targetListRows how many live rows a list is meant to have
 * @param splitAbove a list with more live rows than so many targets is split
 * @param dissolveBelow a list with fewer live rows than so large a share of the target is dissolved
 * @param maxDeadShare a segment or list of whose rows a larger share is dead is written anew
 * @param segmentsPerTier so many segments of about one size are merged; a size is a power of this
 *     number of mebibytes. It bounds the number of segments, and how often a row is written
 * @param targetSegmentBytes merging makes no larger segments, and holds no more in memory at once
 */
public record PlanSettings(
    long targetListRows,
    double splitAbove,
    double dissolveBelow,
    double maxDeadShare,
    int segmentsPerTier,
    long targetSegmentBytes) {
  private static final double DEFAULT_SPLIT_ABOVE = 2;
  private static final double DEFAULT_DISSOLVE_BELOW = 1.0 / 8;
  private static final double DEFAULT_MAX_DEAD_SHARE = 0.25;
  private static final int DEFAULT_SEGMENTS_PER_TIER = 8;
  private static final long DEFAULT_TARGET_SEGMENT_BYTES = 256L << 20;

  public PlanSettings {
    if (targetListRows < 1
        || splitAbove <= 1
        || dissolveBelow < 0
        || dissolveBelow >= splitAbove / 2
        || maxDeadShare < 0
        || segmentsPerTier < 2
        || targetSegmentBytes < 1) {
      throw new IllegalArgumentException(
          "not a plan that comes to rest: "
              + targetListRows
              + " rows a list, split above "
              + splitAbove
              + " and dissolved below "
              + dissolveBelow
              + " times that, "
              + maxDeadShare
              + " dead, "
              + segmentsPerTier
              + " segments a tier of at most "
              + targetSegmentBytes
              + " bytes");
    }
  }

  /** The defaults, for lists of a size. */
  public static PlanSettings forLists(long targetListRows) {
    return new PlanSettings(
        targetListRows,
        DEFAULT_SPLIT_ABOVE,
        DEFAULT_DISSOLVE_BELOW,
        DEFAULT_MAX_DEAD_SHARE,
        DEFAULT_SEGMENTS_PER_TIER,
        DEFAULT_TARGET_SEGMENT_BYTES);
  }
}
