package io.tarn.index.commit;

import java.io.IOException;

/** The index was never as it is asked for, or that version has expired. */
public final class NoVersionAsOfException extends IOException {
  private static final long serialVersionUID = 1L;

  NoVersionAsOfException(String message) {
    super(message);
  }
}
