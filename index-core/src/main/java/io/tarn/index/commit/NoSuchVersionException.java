package io.tarn.index.commit;

import java.io.IOException;

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
}
