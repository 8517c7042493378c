package io.tarn.index.search;

import java.util.Objects;

/**
 * How an index is opened.
 *
 * @param memoryBudgetBytes the most heap that the open index takes: while it opens and refreshes,
 *     and afterwards, caches included. Searches under way take some 100 KB each on top of it.
 *     Mapped files are not heap
 * @param tier where vectors are
 * @param maxCacheBytes the most that a cache of vectors takes of the budget, however much is left
 */
public record OpenOptions(long memoryBudgetBytes, VectorTier tier, long maxCacheBytes) {
  private static final double DEFAULT_HEAP_SHARE = 0.75;

  public OpenOptions {
    Objects.requireNonNull(tier, "tier");
    if (memoryBudgetBytes < 1) {
      throw new IllegalArgumentException("a memory budget of " + memoryBudgetBytes + " bytes");
    }
    if (maxCacheBytes < 0) {
      throw new IllegalArgumentException("a cache of " + maxCacheBytes + " bytes");
    }
  }

  /** A cache may take what the budget leaves. */
  public OpenOptions(long memoryBudgetBytes, VectorTier tier) {
    this(memoryBudgetBytes, tier, Long.MAX_VALUE);
  }

  /** Three quarters of the largest heap this JVM may have, and the best tier that fits. */
  public static OpenOptions defaults() {
    long budgetBytes = (long) (Runtime.getRuntime().maxMemory() * DEFAULT_HEAP_SHARE);
    return new OpenOptions(budgetBytes, VectorTier.AUTO);
  }

  /** These options with another budget. */
  public OpenOptions withMemoryBudgetBytes(long bytes) {
    return new OpenOptions(bytes, tier, maxCacheBytes);
  }

  /** These options with another tier. */
  public OpenOptions withTier(VectorTier other) {
    return new OpenOptions(memoryBudgetBytes, other, maxCacheBytes);
  }

  /** These options with another limit to a cache of vectors; a page or two fit in any case. */
  public OpenOptions withMaxCacheBytes(long bytes) {
    return new OpenOptions(memoryBudgetBytes, tier, bytes);
  }
}
