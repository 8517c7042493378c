package io.tarn.flink.sql;

import io.tarn.index.search.OpenOptions;
import io.tarn.index.search.VectorTier;
import java.io.Serializable;

/**
 * Which index is opened for searches, and how: those who want the same share it.
 *
 * @param location where the index is
 * @param version the version that is searched, or {@link #NEWEST}
 * @param refreshMs how often a newer version is looked for
 * @param tier where vectors are
 * @param memoryBudgetBytes the most heap it takes, or {@link #DEFAULT_BUDGET}
 */
record OpenedAs(
    String location, long version, long refreshMs, VectorTier tier, long memoryBudgetBytes)
    implements Serializable {
  static final long NEWEST = 0;
  static final long DEFAULT_BUDGET = 0;

  boolean isPinned() {
    return version != NEWEST;
  }

  OpenOptions options() {
    OpenOptions options = OpenOptions.defaults().withTier(tier);
    return memoryBudgetBytes == DEFAULT_BUDGET
        ? options
        : options.withMemoryBudgetBytes(memoryBudgetBytes);
  }
}
