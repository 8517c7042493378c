package io.tarn.index.search;

import java.util.Objects;

/**
 * How an index is opened.
 *
 * @param memoryBudgetBytes the most heap that the open index takes: while it opens and refreshes,
 *     and afterwards, caches included. Searches under way take some 100 KB each on top of it.
 *     Mapped files are not heap
 * @param tier where vectors are
 */
public record OpenOptions(long memoryBudgetBytes, VectorTier tier) {
  private static final double DEFAULT_HEAP_SHARE = 0.75;

  public OpenOptions {
    Objects.requireNonNull(tier, "tier");
    if (memoryBudgetBytes < 1) {
      throw new IllegalArgumentException("a memory budget of " + memoryBudgetBytes + " bytes");
    }
  }

  /** Three quarters of the largest heap this JVM may have, and the best tier that fits. */
  public static OpenOptions defaults() {
    long budgetBytes = (long) (Runtime.getRuntime().maxMemory() * DEFAULT_HEAP_SHARE);
    return new OpenOptions(budgetBytes, VectorTier.AUTO);
  }

  /** These options with another budget. */
  public OpenOptions withMemoryBudgetBytes(long bytes) {
    return new OpenOptions(bytes, tier);
  }

  /** These options with another tier. */
  public OpenOptions withTier(VectorTier other) {
    return new OpenOptions(memoryBudgetBytes, other);
  }
}
