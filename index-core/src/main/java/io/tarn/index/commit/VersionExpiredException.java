package io.tarn.index.commit;

import java.io.IOException;

/** A version was asked for that has expired. */
public final class VersionExpiredException extends IOException {
  private static final long serialVersionUID = 1L;

  VersionExpiredException(String location, long version, long oldest, long newest) {
    super(
        "version "
            + version
            + " of the index at "
            + location
            + " has expired, and its files may be gone: open a version from "
            + oldest
            + " to "
            + newest
            + ", or the newest without naming one. keep-versions and keep-age of the expire job"
            + " say how long versions are kept");
  }
}
