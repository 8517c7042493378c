package io.tarn.index.snapshot;

import java.util.Objects;

/**
 * That the lists of an index should be trained anew.
 *
 * @param sinceVersion the first version that says so
 * @param reason why; for people
 */
public record RetrainRequest(long sinceVersion, String reason) {
  public RetrainRequest {
    Objects.requireNonNull(reason, "reason");
  }
}
