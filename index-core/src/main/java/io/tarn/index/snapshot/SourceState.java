package io.tarn.index.snapshot;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How far one source, such as the topic {@code kafka:features}, has been read into a snapshot.
 *
 * @param nextOffsets for each partition the first offset that is <em>not</em> in the snapshot
 * @param lastRecordMs the largest timestamp of the records read, in milliseconds since the epoch
 * @param incarnation tells the source from others that had its name before, such as a topic that
 *     was deleted and made anew; null if it is not known
 */
public record SourceState(
    SortedMap<Integer, Long> nextOffsets, long lastRecordMs, String incarnation) {
  public SourceState {
    nextOffsets = Collections.unmodifiableSortedMap(new TreeMap<>(nextOffsets));
  }

  /** The state of a source that cannot be told from others of its name. */
  public SourceState(SortedMap<Integer, Long> nextOffsets, long lastRecordMs) {
    this(nextOffsets, lastRecordMs, null);
  }

  /** A source of which nothing has been read. */
  public static SourceState unread() {
    return new SourceState(new TreeMap<>(), 0);
  }

  /** This state after {@code read} has been taken in. */
  public SourceState after(SourceAdvance read) {
    SortedMap<Integer, Long> next = new TreeMap<>(nextOffsets);
    for (Map.Entry<Integer, OffsetRange> entry : read.partitions().entrySet()) {
      next.merge(entry.getKey(), entry.getValue().next(), Math::max);
    }
    return new SourceState(
        next,
        Math.max(lastRecordMs, read.lastRecordMs()),
        read.incarnation() == null ? incarnation : read.incarnation());
  }

  /** Another source of the same name, of which nothing has been read. */
  public SourceState restartedAs(String newIncarnation) {
    return new SourceState(new TreeMap<>(), lastRecordMs, newIncarnation);
  }

  /** Whether something of another incarnation is certainly not of this source. */
  public boolean isOther(String otherIncarnation) {
    return incarnation != null && otherIncarnation != null && !incarnation.equals(otherIncarnation);
  }
}
