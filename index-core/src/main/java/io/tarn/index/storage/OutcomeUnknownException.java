package io.tarn.index.storage;

import java.io.IOException;

/**
 * The request left, the answer did not come: a file may have come into being or not. Whoever
 * catches this must look before trying again, and delete nothing.
 */
public final class OutcomeUnknownException extends IOException {
  private static final long serialVersionUID = 1L;

  public OutcomeUnknownException(String message, Throwable cause) {
    super(message, cause);
  }
}
