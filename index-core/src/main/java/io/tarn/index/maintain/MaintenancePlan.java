package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.search.IndexView;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is worth doing to a snapshot, the cheapest for its use first. The tasks are of that
 * snapshot: once one is committed, the others may name segments and lists that are gone, so a
 * runner takes the first that {@link Maintenance} makes a change of, commits it, and plans anew,
 * until no task changes anything.
 *
 * @param version the version it is for
 * @param tasks what to do, and why; empty if all is well
 */
public record MaintenancePlan(long version, List<MaintenanceTask> tasks) {
  /** Up to this size segments are of one tier, and smaller ones are no better. */
  private static final long SMALLEST_TIER_BYTES = 1L << 20;

  public MaintenancePlan {
    tasks = List.copyOf(tasks);
  }

  /** Plans with all that an open index knows. */
  public static MaintenancePlan of(IndexView view, PlanSettings settings) {
    return of(view, settings, view.model().nextListId());
  }

  /**
   * As {@link #of(IndexView, PlanSettings)}; if lists are split, others move with them.
   *
   * @param firstMoving lists with this id or a larger one, which were made for rows as they came,
   *     and not fitted to those around them yet
   */
  static MaintenancePlan of(IndexView view, PlanSettings settings, int firstMoving) {
    Snapshot snapshot = view.snapshot();
    List<MaintenanceTask> tasks = merges(snapshot, settings);
    Set<String> merged = new HashSet<>();
    for (MaintenanceTask task : tasks) {
      merged.addAll(((MaintenanceTask.Merge) task).segments());
    }
    tasks.addAll(segmentsToRewrite(view, settings, merged));
    tasks.addAll(listsToRewrite(view, settings));
    tasks.addAll(listTasks(view.model(), view.liveRowsByList(), settings, firstMoving));
    return new MaintenancePlan(snapshot.version(), tasks);
  }

  /**
   * Plans which lists to dissolve and to split.
   *
   * @param model whose lists
   * @param live how many live rows each list has
   */
  public static MaintenancePlan ofLists(
      long version, Model model, long[] live, PlanSettings settings) {
    return new MaintenancePlan(version, listTasks(model, live, settings, model.nextListId()));
  }

  private static List<MaintenanceTask> listTasks(
      Model model, long[] live, PlanSettings settings, int firstMoving) {
    List<MaintenanceTask> tasks = new ArrayList<>(listsToDissolve(model.listIds(), live, settings));
    tasks.addAll(listsToSplit(model, live, settings, firstMoving));
    return tasks;
  }

  /**
   * Plans to split the lists that are too large, and to move others, and nothing else, if they hold
   * at least so large a share of all live rows.
   *
   * @param firstMoving as in {@link #of(IndexView, PlanSettings, int)}
   */
  static MaintenancePlan ofCrowdedLists(
      IndexView view, PlanSettings settings, double leastShare, int firstMoving) {
    int[] listIds = view.model().listIds();
    long[] live = view.liveRowsByList();
    double most = settings.splitAbove() * settings.targetListRows();
    long crowded = 0;
    for (int i = 0; i < live.length; i++) {
      crowded += live[i] > most || listIds[i] >= firstMoving ? live[i] : 0;
    }
    List<MaintenanceTask> tasks =
        crowded < leastShare * view.liveRowCount()
            ? List.of()
            : listsToSplit(view.model(), live, settings, firstMoving);
    return new MaintenancePlan(view.snapshot().version(), tasks);
  }

  /** Plans merges only, from nothing but the snapshot. */
  public static MaintenancePlan ofSegments(Snapshot snapshot, PlanSettings settings) {
    return new MaintenancePlan(snapshot.version(), merges(snapshot, settings));
  }

  private static List<MaintenanceTask> merges(Snapshot snapshot, PlanSettings settings) {
    SortedMap<Integer, List<SegmentRef>> tiers = new TreeMap<>();
    for (SegmentRef segment : snapshot.segments()) {
      // Of larger ones no two make one of the target's size.
      if (segment.file().bytes() <= settings.targetSegmentBytes() / 2) {
        int tier = tier(segment.file().bytes(), settings.segmentsPerTier());
        tiers.computeIfAbsent(tier, t -> new ArrayList<>()).add(segment);
      }
    }
    List<MaintenanceTask> tasks = new ArrayList<>();
    for (List<SegmentRef> tier : tiers.values()) {
      if (tier.size() >= settings.segmentsPerTier()) {
        for (List<SegmentRef> group : groups(tier, settings.targetSegmentBytes())) {
          tasks.add(merge(group, tier.size(), settings));
        }
      }
    }
    return tasks;
  }

  /** The segments that are merged with others because there are many of about one size. */
  static Set<String> mergedTogether(Snapshot snapshot, int segmentsPerTier, long targetBytes) {
    PlanSettings settings = new PlanSettings(1, 2, 0, 1, segmentsPerTier, targetBytes);
    Set<String> merged = new HashSet<>();
    for (MaintenanceTask task : merges(snapshot, settings)) {
      merged.addAll(((MaintenanceTask.Merge) task).segments());
    }
    return merged;
  }

  private static int tier(long bytes, int segmentsPerTier) {
    int tier = 0;
    for (long largest = SMALLEST_TIER_BYTES; bytes > largest; largest *= segmentsPerTier) {
      tier++;
    }
    return tier;
  }

  /** Divides segments, in order, into groups of two or more of at most so many bytes. */
  private static List<List<SegmentRef>> groups(List<SegmentRef> segments, long maxBytes) {
    List<List<SegmentRef>> groups = new ArrayList<>();
    List<SegmentRef> group = new ArrayList<>();
    for (SegmentRef segment : segments) {
      if (!group.isEmpty() && bytes(group) + segment.file().bytes() > maxBytes) {
        groups.add(group);
        group = new ArrayList<>();
      }
      group.add(segment);
    }
    groups.add(group);
    groups.removeIf(g -> g.size() < 2);
    return groups;
  }

  private static long bytes(Collection<SegmentRef> segments) {
    return segments.stream().mapToLong(segment -> segment.file().bytes()).sum();
  }

  private static MaintenanceTask merge(
      List<SegmentRef> group, int ofThisSize, PlanSettings settings) {
    long largest = group.stream().mapToLong(segment -> segment.file().bytes()).max().orElse(0);
    return new MaintenanceTask.Merge(
        group.stream().map(SegmentRef::path).toList(),
        format(
            "%d segments are of about one size, and %d are enough to merge: %d of them, each at"
                + " most %.1f MiB, become one of at most %.1f MiB",
            ofThisSize,
            settings.segmentsPerTier(),
            group.size(),
            mebibytes(largest),
            mebibytes(bytes(group))));
  }

  private static List<MaintenanceTask> segmentsToRewrite(
      IndexView view, PlanSettings settings, Set<String> merged) {
    Map<String, Long> liveRows = view.liveRowsBySegment();
    List<String> segments = new ArrayList<>();
    long rows = 0;
    long dead = 0;
    for (SegmentRef segment : view.snapshot().segments()) {
      long deadHere = segment.rows() - liveRows.get(segment.path());
      if (!merged.contains(segment.path()) && deadHere > settings.maxDeadShare() * segment.rows()) {
        segments.add(segment.path());
        rows += segment.rows();
        dead += deadHere;
      }
    }
    if (segments.isEmpty()) {
      return List.of();
    }
    return List.of(
        new MaintenanceTask.RewriteSegments(
            segments,
            format(
                "segments with more than %.0f%% dead rows: %d, with %d of %d rows dead",
                100 * settings.maxDeadShare(), segments.size(), dead, rows)));
  }

  private static List<MaintenanceTask> listsToRewrite(IndexView view, PlanSettings settings) {
    long[] live = view.liveRowsByList();
    long[] rows = view.rowsByList();
    List<Integer> lists = new ArrayList<>();
    long allRows = 0;
    long allDead = 0;
    for (int i = 0; i < live.length; i++) {
      long dead = rows[i] - live[i];
      if (dead > settings.maxDeadShare() * rows[i]) {
        lists.add(view.model().listIds()[i]);
        allRows += rows[i];
        allDead += dead;
      }
    }
    if (lists.isEmpty()) {
      return List.of();
    }
    return List.of(
        new MaintenanceTask.RewriteLists(
            lists,
            format(
                "lists with more than %.0f%% dead rows: %d, with %d of %d rows dead",
                100 * settings.maxDeadShare(), lists.size(), allDead, allRows)));
  }

  /** The smallest lists, but no more than leaves enough lists for all rows. */
  private static List<MaintenanceTask> listsToDissolve(
      int[] listIds, long[] live, PlanSettings settings) {
    record Tiny(int list, long rows) {}
    double least = settings.dissolveBelow() * settings.targetListRows();
    long needed =
        Math.max(1, -Math.floorDiv(-Arrays.stream(live).sum(), settings.targetListRows()));
    List<Tiny> tiny = new ArrayList<>();
    for (int i = 0; i < live.length; i++) {
      if (live[i] < least) {
        tiny.add(new Tiny(listIds[i], live[i]));
      }
    }
    tiny.sort(Comparator.comparingLong(Tiny::rows));
    int count = (int) Math.min(tiny.size(), live.length - needed);
    if (count <= 0) {
      return List.of();
    }
    List<Tiny> dissolved = tiny.subList(0, count);
    return List.of(
        new MaintenanceTask.Dissolve(
            dissolved.stream().map(Tiny::list).sorted().toList(),
            format(
                "lists with fewer than %.0f live rows, %.3f of the target %d: %d, with %d rows",
                Math.ceil(least),
                settings.dissolveBelow(),
                settings.targetListRows(),
                count,
                dissolved.stream().mapToLong(Tiny::rows).sum())));
  }

  private static List<MaintenanceTask> listsToSplit(
      Model model, long[] live, PlanSettings settings, int firstMoving) {
    double most = settings.splitAbove() * settings.targetListRows();
    List<Integer> lists = new ArrayList<>();
    List<Integer> moving = new ArrayList<>();
    long largest = 0;
    for (int i = 0; i < live.length; i++) {
      int list = model.listIds()[i];
      if (live[i] > most) {
        lists.add(list);
        largest = Math.max(largest, live[i]);
      } else if (list >= firstMoving) {
        moving.add(list);
      }
    }
    if (lists.isEmpty() && moving.isEmpty()) {
      return List.of();
    }
    Set<Integer> needed = new HashSet<>(lists);
    needed.addAll(moving);
    // What dissolves no list, dissolves none of these either.
    List<Integer> superfluous =
        settings.dissolveBelow() == 0
            ? List.of()
            : SparseRegions.of(model, live, settings.targetListRows()).superfluous(needed);
    List<String> reasons = new ArrayList<>();
    if (!lists.isEmpty()) {
      reasons.add(
          format(
              "lists with more than %.0f live rows, %.1f times the target %d: %d, of which the"
                  + " largest has %d",
              most, settings.splitAbove(), settings.targetListRows(), lists.size(), largest));
    }
    if (!moving.isEmpty()) {
      reasons.add(format("lists that were made for rows as they came: %d", moving.size()));
    }
    if (!superfluous.isEmpty()) {
      reasons.add(format("lists among many that are small: %d", superfluous.size()));
    }
    return List.of(
        new MaintenanceTask.Split(
            lists,
            moving,
            superfluous,
            newListRows(settings, Arrays.stream(live).sum(), live.length),
            String.join("; ", reasons)));
  }

  /**
   * About how many rows a new list gets: as many as it is meant to have, or, where the others have
   * more, as many as they. Beside lists of another size it is found too often or too rarely.
   *
   * @param rows how many rows there are
   */
  static long newListRows(PlanSettings settings, long rows, int lists) {
    double most = (1 + settings.splitAbove()) / 2 * settings.targetListRows();
    return Math.max(settings.targetListRows(), Math.min(rows / lists, (long) most));
  }

  private static double mebibytes(long bytes) {
    return bytes / (double) (1L << 20);
  }

  private static String format(String text, Object... values) {
    return String.format(Locale.ROOT, text, values);
  }
}
