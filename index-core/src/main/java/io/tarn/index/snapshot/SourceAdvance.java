package io.tarn.index.snapshot;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a change takes in from one source.
 *
 * @param partitions the records, by partition
 * @param lastRecordMs the largest timestamp of those records
 * @param incarnation see {@link SourceState}; null if it is not known
 */
public record SourceAdvance(
    SortedMap<Integer, OffsetRange> partitions, long lastRecordMs, String incarnation) {
  public SourceAdvance {
    partitions = Collections.unmodifiableSortedMap(new TreeMap<>(partitions));
  }

  /** What is taken in from a source that cannot be told from others of its name. */
  public SourceAdvance(SortedMap<Integer, OffsetRange> partitions, long lastRecordMs) {
    this(partitions, lastRecordMs, null);
  }
}
