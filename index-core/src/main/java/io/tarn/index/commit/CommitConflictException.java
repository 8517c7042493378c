package io.tarn.index.commit;

import java.io.IOException;

/**
 * A change can no longer be made, because another commit came first. Nothing was published; trying
 * the same change again fails again.
 */
public final class CommitConflictException extends IOException {
  private static final long serialVersionUID = 1L;

  public CommitConflictException(String message) {
    super(message);
  }
}
