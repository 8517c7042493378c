package io.tarn.index.maintain;

import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.time.Duration;

/**
 * How long deletes are remembered, so that a late upsert does not bring back what was deleted after
 * it. Orders are taken for milliseconds since the epoch, as they are by default; where they cannot
 * be, no delete is forgotten.
 *
 * @param forgetBelow deletes of a smaller order need not be remembered
 * @param reason what that comes from, in words
 */
public record DeleteRetention(long forgetBelow, String reason) {
  /** September 2001: an order below is no time in milliseconds. */
  private static final long LEAST_TIME_MS = 1_000_000_000_000L;

  /** A year: an order further ahead is no time in milliseconds either. */
  private static final long MAX_AHEAD_MS = Duration.ofDays(366).toMillis();

  /** Deletes are remembered for so long after the time that is their order. */
  public static DeleteRetention of(Snapshot snapshot, Duration retention, long nowMs) {
    long largest = snapshot.segments().stream().mapToLong(SegmentRef::maxOrder).max().orElse(nowMs);
    if (largest < LEAST_TIME_MS || largest > nowMs + MAX_AHEAD_MS) {
      return new DeleteRetention(
          Maintenance.KEEP_ALL_DELETES,
          "all deletes are remembered: the largest order is "
              + largest
              + ", so orders are no times in milliseconds; forget-deletes-below says which deletes"
              + " can go");
    }
    return new DeleteRetention(
        nowMs - retention.toMillis(), "deletes are remembered for " + describe(retention));
  }

  /** Deletes of a smaller order are not remembered. */
  public static DeleteRetention below(long order) {
    return new DeleteRetention(order, "deletes of orders below " + order + " are not remembered");
  }

  private static String describe(Duration duration) {
    return duration.toHours() >= 48 && duration.toHours() % 24 == 0
        ? duration.toDays() + " days"
        : duration.toSeconds() >= 7200 && duration.toSeconds() % 3600 == 0
            ? duration.toHours() + " hours"
            : duration.toSeconds() + " seconds";
  }
}
