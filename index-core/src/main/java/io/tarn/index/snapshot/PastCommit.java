package io.tarn.index.snapshot;

import java.util.Objects;

/**
 * A commit that is remembered.
 *
 * @param id the {@link Change#commitId}
 * @param timestampMs when it was committed
 */
public record PastCommit(String id, long timestampMs) {
  public PastCommit {
    Objects.requireNonNull(id, "id");
  }
}
