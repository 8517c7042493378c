package io.tarn.index.commit;

import java.io.IOException;
import java.time.Instant;

/** The index has no such version (any more). */
public final class NoSuchVersionException extends IOException {
  private static final long serialVersionUID = 1L;

  public NoSuchVersionException(String location, long version, long newest) {
    super(
        "the index at "
            + location
            + " has no version "
            + version
            + "; its newest is "
            + newest
            + ", and older ones may have expired");
  }

  private NoSuchVersionException(String message) {
    super(message);
  }

  /** No version is left that was the newest at a time. */
  static NoSuchVersionException at(
      String location, long timestampMs, long oldest, long oldestTimestampMs) {
    return new NoSuchVersionException(
        "the index at "
            + location
            + " has no version of "
            + Instant.ofEpochMilli(timestampMs)
            + "; its oldest is "
            + oldest
            + " of "
            + Instant.ofEpochMilli(oldestTimestampMs));
  }
}
