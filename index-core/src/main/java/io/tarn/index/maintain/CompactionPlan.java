package io.tarn.index.maintain;

import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which segments of a snapshot are worth writing anew, and which of them together. All of it is one
 * change; the groups can be written at the same time, in different places.
 *
 * @param version of the snapshot
 * @param groups segments that become one (or several, where there is more than fits one)
 */
public record CompactionPlan(long version, List<Group> groups) {
  public CompactionPlan {
    groups = List.copyOf(groups);
  }

  /** Why a segment is written anew; the first reason that holds. */
  public enum Reason {
    /** It holds a delete whose retention is over, or rows of its id. */
    PURGE,
    /** It holds dead rows, perhaps since longer than deletes are remembered. */
    OVERDUE,
    /** Much of it is dead. */
    DEAD_ROWS,
    /** There are many of its size. */
    SMALL,
    /** All are asked for. */
    ASKED,
    /** It has a row that is as new as one of a segment that is written anew. */
    TIED
  }

  /** Segments that are written together. */
  public record Group(List<SegmentFate> segments) {
    public Group {
      segments = List.copyOf(segments);
    }
  }

  /**
   * Plans.
   *
   * @param fates of all segments of the snapshot
   * @param writtenMs by path when segments were written, in milliseconds since the epoch
   */
  public static CompactionPlan of(
      Snapshot snapshot,
      List<SegmentFate> fates,
      Map<String, Long> writtenMs,
      CompactionSettings settings) {
    Map<String, SegmentFate> chosen = new LinkedHashMap<>();
    choose(snapshot, fates, writtenMs, settings).forEach(f -> chosen.put(f.ref().path(), f));
    addTied(fates, chosen);
    List<Group> groups = groups(chosen.values(), settings.targetSegmentBytes());
    // A segment that loses nothing and meets no other would only be written again.
    groups.removeIf(
        group ->
            group.segments().size() == 1
                && group.segments().get(0).droppedRows(true) == 0
                && group.segments().get(0).tied().isEmpty());
    return new CompactionPlan(snapshot.version(), groups);
  }

  private static List<SegmentFate> choose(
      Snapshot snapshot,
      List<SegmentFate> fates,
      Map<String, Long> writtenMs,
      CompactionSettings settings) {
    Set<String> small =
        MaintenancePlan.mergedTogether(
            snapshot, settings.segmentsPerTier(), settings.targetSegmentBytes());
    List<SegmentFate> chosen = new ArrayList<>();
    for (SegmentFate fate : fates) {
      if (settings.all()
          || small.contains(fate.ref().path())
          || reason(fate, writtenMs, settings) != Reason.ASKED) {
        chosen.add(fate);
      }
    }
    return chosen;
  }

  private static Reason reason(
      SegmentFate fate, Map<String, Long> writtenMs, CompactionSettings settings) {
    SegmentRef ref = fate.ref();
    if (fate.purged()) {
      return Reason.PURGE;
    }
    long dropped = fate.droppedRows(true);
    long written = writtenMs.getOrDefault(ref.path(), Long.MAX_VALUE);
    if (dropped > 0 && written < settings.writtenBeforeMs()) {
      return Reason.OVERDUE;
    }
    return dropped > settings.maxDeadShare() * (ref.rows() + ref.deletes())
        ? Reason.DEAD_ROWS
        : Reason.ASKED;
  }

  private static void addTied(List<SegmentFate> fates, Map<String, SegmentFate> chosen) {
    Map<String, SegmentFate> all = new LinkedHashMap<>();
    fates.forEach(fate -> all.put(fate.ref().path(), fate));
    List<SegmentFate> open = new ArrayList<>(chosen.values());
    while (!open.isEmpty()) {
      for (String path : open.remove(open.size() - 1).tied()) {
        if (chosen.putIfAbsent(path, all.get(path)) == null) {
          open.add(all.get(path));
        }
      }
    }
  }

  /** Divides segments into groups of at most so many bytes, those of about one size together. */
  private static List<Group> groups(Collection<SegmentFate> segments, long maxBytes) {
    List<SegmentFate> ascending = new ArrayList<>(segments);
    ascending.sort(
        Comparator.<SegmentFate>comparingLong(fate -> fate.keptBytes(true))
            .thenComparing(fate -> fate.ref().path()));
    List<Group> groups = new ArrayList<>();
    List<SegmentFate> group = new ArrayList<>();
    long bytes = 0;
    long readBytes = 0;
    for (SegmentFate fate : ascending) {
      long kept = fate.keptBytes(true);
      long read = fate.ref().file().bytes();
      if (!group.isEmpty() && (bytes + kept > maxBytes || readBytes + read > 2 * maxBytes)) {
        groups.add(new Group(group));
        group = new ArrayList<>();
        bytes = 0;
        readBytes = 0;
      }
      group.add(fate);
      bytes += kept;
      readBytes += read;
    }
    if (!group.isEmpty()) {
      groups.add(new Group(group));
    }
    return groups;
  }

  /** Whether there is nothing to be done. */
  public boolean isEmpty() {
    return groups.isEmpty();
  }

  /** All segments that are written anew. */
  public List<SegmentFate> segments() {
    return groups.stream().flatMap(group -> group.segments().stream()).toList();
  }

  /** Why segments are written anew: how many for each reason. */
  public Map<Reason, Integer> reasons(
      Snapshot snapshot, Map<String, Long> writtenMs, CompactionSettings settings) {
    Set<String> small =
        MaintenancePlan.mergedTogether(
            snapshot, settings.segmentsPerTier(), settings.targetSegmentBytes());
    Map<Reason, Integer> reasons = new EnumMap<>(Reason.class);
    for (SegmentFate fate : segments()) {
      Reason reason = reason(fate, writtenMs, settings);
      if (reason == Reason.ASKED && !settings.all()) {
        reason = small.contains(fate.ref().path()) ? Reason.SMALL : Reason.TIED;
      }
      reasons.merge(reason, 1, Integer::sum);
    }
    return reasons;
  }
}
