package io.tarn.index.commit;

import java.io.IOException;

/** There is no index where one was to be opened. */
public final class NotAnIndexException extends IOException {
  private static final long serialVersionUID = 1L;

  public NotAnIndexException(String location) {
    super(
        location
            + " is no Tarn index: it has no snapshot in versions/. Check the path, or build an"
            + " index there first");
  }
}
