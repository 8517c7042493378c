package io.tarn.spark.live;

import io.tarn.index.commit.AsOf;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.spark.input.UnusableInputException;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.util.DateTimeUtils;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Option;

/**
 * Which version of an index is read; the newest, if neither is given.
 *
 * @param version its number
 * @param timestampMs the time at which it was the newest, in milliseconds since the epoch
 */
public record SnapshotChoice(OptionalLong version, OptionalLong timestampMs) {
  /** The options that are known: where the index is… */
  public static final String PATH = "path";

  /** …and which version is wanted. */
  public static final String VERSION = "version";

  private static final String TIMESTAMP = "timestamp";

  /** The newest version. */
  public static final SnapshotChoice NEWEST =
      new SnapshotChoice(OptionalLong.empty(), OptionalLong.empty());

  /**
   * Reads options.
   *
   * @param timeZone what timestamps without a zone are in
   * @throws UnusableInputException if one is unknown, or has a value that cannot be used
   */
  public static SnapshotChoice parse(CaseInsensitiveStringMap options, ZoneId timeZone) {
    options.asCaseSensitiveMap().forEach(SnapshotChoice::checkKnown);
    return of(options.get(VERSION), options.get(TIMESTAMP), timeZone);
  }

  /**
   * The version that is named by its number or its time.
   *
   * @param version the number, or null
   * @param timestamp the time, or null
   * @param timeZone what timestamps without a zone are in
   * @throws UnusableInputException if both are given, or one cannot be read
   */
  public static SnapshotChoice of(String version, String timestamp, ZoneId timeZone) {
    if (version != null && timestamp != null) {
      throw new UnusableInputException(
          "the options version and timestamp are both given: give the one or the other");
    }
    return new SnapshotChoice(
        version == null ? OptionalLong.empty() : OptionalLong.of(number(version)),
        timestamp == null ? OptionalLong.empty() : OptionalLong.of(millis(timestamp, timeZone)));
  }

  /** The time zone of a session. */
  public static ZoneId timeZone(SparkSession spark) {
    return ZoneId.of(spark.conf().get("spark.sql.session.timeZone"), ZoneId.SHORT_IDS);
  }

  private static void checkKnown(String key, String value) {
    switch (key.toLowerCase(Locale.ROOT)) {
      case PATH, VERSION, TIMESTAMP -> {}
      default ->
          throw new UnusableInputException(
              "unknown option '" + key + "': an index is read with version or timestamp");
    }
  }

  private static long number(String version) {
    try {
      return Long.parseLong(version.strip());
    } catch (NumberFormatException e) {
      throw new UnusableInputException(
          "the option version is '" + version + "', which is no whole number", e);
    }
  }

  private static long millis(String timestamp, ZoneId timeZone) {
    Option<Object> micros =
        DateTimeUtils.stringToTimestamp(UTF8String.fromString(timestamp.strip()), timeZone);
    if (micros.isEmpty()) {
      throw new UnusableInputException(
          "the option timestamp is '"
              + timestamp
              + "', which is no time such as 2026-11-21T10:00:00Z or '2026-11-21 10:00:00'");
    }
    return Math.floorDiv((Long) micros.get(), TimeUnit.MILLISECONDS.toMicros(1));
  }

  /** Whether they name a version. */
  public boolean isPinned() {
    return version.isPresent() || timestampMs.isPresent();
  }

  /**
   * The snapshot they name.
   *
   * @throws io.tarn.index.commit.NotAnIndexException if there is no index
   * @throws io.tarn.index.commit.NoSuchVersionException if there is no such version
   * @throws io.tarn.index.commit.NoVersionAsOfException if there was none at the time, or it has
   *     expired
   */
  public Snapshot snapshot(SnapshotLog log) throws IOException {
    if (version.isPresent()) {
      return log.readPinned(version.getAsLong());
    }
    Snapshot newest = log.newest();
    // A time to come is no mistake here: a query may name the end of the day.
    return timestampMs.isEmpty() || newest.timestampMs() <= timestampMs.getAsLong()
        ? newest
        : log.asOf(new AsOf.Time(Instant.ofEpochMilli(timestampMs.getAsLong())));
  }
}
