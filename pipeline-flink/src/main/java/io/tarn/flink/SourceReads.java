package io.tarn.flink;

import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SourceAdvance;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Adds up which records were read, by source and partition. */
final class SourceReads {
  private final Map<String, SortedMap<Integer, OffsetRange>> ranges = new HashMap<>();
  private final Map<String, Long> lastRecordMs = new HashMap<>();

  /**
   * @param range records of the partition, which follow or precede those added before
   * @param recordMs the largest timestamp of them
   */
  void add(String source, int partition, OffsetRange range, long recordMs) {
    ranges
        .computeIfAbsent(source, unused -> new TreeMap<>())
        .merge(partition, range, SourceReads::union);
    lastRecordMs.merge(source, recordMs, Math::max);
  }

  void addAll(Map<String, SourceAdvance> sources) {
    sources.forEach(
        (source, advance) ->
            advance
                .partitions()
                .forEach(
                    (partition, range) -> add(source, partition, range, advance.lastRecordMs())));
  }

  /** Whether records of one of these partitions were added. */
  boolean intersect(Map<String, SourceAdvance> sources) {
    return sources.entrySet().stream()
        .anyMatch(
            source ->
                ranges.containsKey(source.getKey())
                    && !Collections.disjoint(
                        ranges.get(source.getKey()).keySet(),
                        source.getValue().partitions().keySet()));
  }

  boolean isEmpty() {
    return ranges.isEmpty();
  }

  SortedMap<String, SourceAdvance> toAdvances() {
    SortedMap<String, SourceAdvance> advances = new TreeMap<>();
    ranges.forEach(
        (source, partitions) ->
            advances.put(source, new SourceAdvance(partitions, lastRecordMs.get(source))));
    return advances;
  }

  private static OffsetRange union(OffsetRange a, OffsetRange b) {
    return new OffsetRange(
        Math.min(a.from(), b.from()), Math.min(a.first(), b.first()), Math.max(a.next(), b.next()));
  }
}
