package io.tarn.spark.segment;

import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has tasks write segments, and sees to it that nothing is left of attempts that do not count:
 * those that failed, those that were done twice at once, and all, if the job failed.
 */
public final class WrittenSegments {
  private static final Logger LOG = LoggerFactory.getLogger(WrittenSegments.class);

  /** How long attempts that do not count any more may take to end, once Spark has killed them. */
  private static final long MAX_WAIT_MS = 30_000;

  private static final long MILLIS_PER_SECOND = 1000;

  private WrittenSegments() {}

  /**
   * Runs a job.
   *
   * @param names of all segments that its tasks write
   * @param job gives those that count
   */
  public static List<SegmentRef> of(
      SparkContext context,
      IndexLocation location,
      SegmentNames names,
      Supplier<List<SegmentRef>> job) {
    return TaskAttempts.watch(
        context,
        job,
        MAX_WAIT_MS,
        (segments, allEnded) -> deleteOthers(location, names, segments, allEnded));
  }

  private static void deleteOthers(
      IndexLocation location, SegmentNames names, List<SegmentRef> counted, boolean allEnded) {
    if (!allEnded) {
      LOG.warn(
          "Some attempts at tasks that were done otherwise have not ended within {} s: what they"
              + " write yet into {} belongs to no snapshot",
          MAX_WAIT_MS / MILLIS_PER_SECOND,
          location);
    }
    try (Storage storage = location.open()) {
      int deleted = names.deleteOthers(storage, counted == null ? List.of() : counted);
      if (deleted > 0) {
        LOG.info("Deleted {} segments of attempts that do not count", deleted);
      }
    } catch (IOException e) {
      // The job's own outcome is what matters.
      LOG.warn("Segments of attempts that do not count stay in {}", location, e);
    }
  }
}
