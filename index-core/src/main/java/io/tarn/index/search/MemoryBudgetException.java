package io.tarn.index.search;

import java.io.IOException;

/** An index, or what a refresh would add to it, does not fit its memory budget. */
public final class MemoryBudgetException extends IOException {
  private static final long serialVersionUID = 1L;

  private final long neededBytes;

  MemoryBudgetException(String message, long neededBytes) {
    super(message);
    this.neededBytes = neededBytes;
  }

  /** The smallest budget that would do. */
  public long neededBytes() {
    return neededBytes;
  }
}
