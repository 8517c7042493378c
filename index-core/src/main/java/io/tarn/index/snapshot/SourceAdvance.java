package io.tarn.index.snapshot;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a change takes in from one source.
 *
 * @param partitions the records, by partition
 * @param lastRecordMs the largest timestamp of those records
 */
public record SourceAdvance(SortedMap<Integer, OffsetRange> partitions, long lastRecordMs) {
  public SourceAdvance {
    partitions = Collections.unmodifiableSortedMap(new TreeMap<>(partitions));
  }
}
