package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.format.ModelFile;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;

/**
 * Keeps an index in shape. Each function reads segments of one snapshot, writes new ones, and
 * returns the change that puts them in the place of the old ones; nothing is changed until a {@link
 * io.tarn.index.commit.Committer} commits it. Rows that others commit meanwhile are kept: those of
 * a change that brings a new model are re-assigned as it is committed. A change is refused if
 * others replaced the same segments, or the model, first; it is made anew then, from the newest
 * snapshot.
 *
 * <p>No function changes which rows are live. Superseded rows are left out. Deletes are kept,
 * unless they are older than is asked for and no older row of their id is left.
 *
 * <p>In memory at once: the ids and orders ({@link io.tarn.index.segment.NewestRows}) of all
 * segments that hold rows of the lists concerned, or of those named; and one whole segment, or, to
 * merge, those that become one. Segments that do not hold such rows are read, one at a time, where
 * their orders say that they can supersede some.
 */
public final class Maintenance {
  /** For {@code forgetDeletesBelow}: no delete has a smaller order. */
  public static final long KEEP_ALL_DELETES = Long.MIN_VALUE;

  private final Storage storage;
  private final Snapshot snapshot;
  private final long forgetDeletesBelow;

  /**
   * @param snapshot what the functions work on
   * @param forgetDeletesBelow deletes of a smaller order need not be remembered any longer: a row
   *     that is older still, and arrives only now, may come to life; {@link #KEEP_ALL_DELETES}
   *     keeps them forever
   */
  public Maintenance(Storage storage, Snapshot snapshot, long forgetDeletesBelow) {
    this.storage = storage;
    this.snapshot = snapshot;
    this.forgetDeletesBelow = forgetDeletesBelow;
  }

  /**
   * Does what a plan proposes.
   *
   * @throws IllegalArgumentException if the task is of another snapshot and names segments or lists
   *     that this one does not have
   */
  public Optional<Change> perform(MaintenanceTask task) throws IOException {
    if (task instanceof MaintenanceTask.Merge merge) {
      return merge(merge.segments());
    } else if (task instanceof MaintenanceTask.RewriteSegments rewrite) {
      return rewriteSegments(rewrite.segments());
    } else if (task instanceof MaintenanceTask.RewriteLists rewrite) {
      return rewriteLists(rewrite.lists());
    } else if (task instanceof MaintenanceTask.Dissolve dissolve) {
      return dissolve(dissolve.lists());
    } else if (task instanceof MaintenanceTask.AddLists arrivals) {
      return addLists(arrivals);
    } else {
      MaintenanceTask.Split split = (MaintenanceTask.Split) task;
      return split(split, SplitSettings.intoPartsOf(split.partRows()));
    }
  }

  /**
   * Makes one segment of several (more if it would become too large), without superseded rows.
   * Segments that are tied to them become part of it as well.
   *
   * @param segments paths
   * @return empty if there is nothing to be gained: no segments, or a single one without such rows
   */
  public Optional<Change> merge(Collection<String> segments) throws IOException {
    Survey survey = Survey.ofSegments(storage, snapshot, segments, forgetDeletesBelow);
    List<Integer> all = new ArrayList<>();
    for (int s = 0; s < survey.size(); s++) {
      all.add(s);
    }
    if (all.isEmpty() || (all.size() == 1 && !hasRowsToDrop(survey, 0))) {
      return Optional.empty();
    }
    Replacement replacement = new Replacement(storage, snapshot, survey, readModel());
    replacement.merge(all);
    return Optional.of(replacement.change("merge", null));
  }

  /**
   * Writes segments anew, each by itself, without superseded rows.
   *
   * @param segments paths
   * @return empty if none has such rows
   */
  public Optional<Change> rewriteSegments(Collection<String> segments) throws IOException {
    Survey survey = Survey.ofSegments(storage, snapshot, segments, forgetDeletesBelow);
    Set<Integer> worthwhile = new TreeSet<>();
    for (int s = 0; s < survey.size(); s++) {
      if (hasRowsToDrop(survey, s)) {
        worthwhile.add(s);
      }
    }
    return rewrite(survey, worthwhile);
  }

  /**
   * Writes those segments anew, each by itself, that hold superseded rows of some lists.
   *
   * @return empty if none does
   */
  public Optional<Change> rewriteLists(Collection<Integer> lists) throws IOException {
    Set<Integer> wanted = checkLists(readModel(), lists);
    Survey survey = Survey.ofLists(storage, snapshot, wanted);
    Set<Integer> worthwhile = new TreeSet<>();
    for (int s = 0; s < survey.size(); s++) {
      int[] rowLists = survey.outline(s).lists().toArray();
      for (int row = 0; row < rowLists.length; row++) {
        if (!survey.isNewest(s, row) && wanted.contains(rowLists[row])) {
          worthwhile.add(s);
        }
      }
    }
    return rewrite(survey, worthwhile);
  }

  private Optional<Change> rewrite(Survey survey, Set<Integer> worthwhile) throws IOException {
    if (worthwhile.isEmpty()) {
      return Optional.empty();
    }
    Replacement replacement = new Replacement(storage, snapshot, survey, readModel());
    for (int s : survey.withTied(worthwhile)) {
      replacement.merge(List.of(s));
    }
    return Optional.of(replacement.change("rewrite", null));
  }

  private static boolean hasRowsToDrop(Survey survey, int subject) {
    for (int row = 0; row < survey.outline(subject).rowCount(); row++) {
      if (!survey.isKept(subject, row)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Divides lists, each by k-means over its newest rows, under new ids. Rows of the old lists go
   * where they are nearest; rows of neighbouring lists move to a new one if that is nearer now, and
   * if the settings say so, neighbouring lists move too.
   *
   * @return empty if none of the lists falls into parts
   */
  public Optional<Change> split(Collection<Integer> lists, SplitSettings settings)
      throws IOException {
    List<Integer> all = List.copyOf(lists);
    return split(new MaintenanceTask.Split(all, List.of(), List.of(), 0, ""), settings);
  }

  private Optional<Change> split(MaintenanceTask.Split task, SplitSettings settings)
      throws IOException {
    Model model = readModel();
    Set<Integer> wanted = checkLists(model, task.lists());
    Set<Integer> gone = checkLists(model, task.moving());
    gone.addAll(checkLists(model, task.superfluous()));
    gone.addAll(wanted);
    ListDivision division = new ListDivision(model, settings);
    Survey survey = Survey.ofLists(storage, snapshot, division.reach(gone));
    SortedMap<Integer, float[]> divided = division.centroids(survey, wanted);
    if (divided.isEmpty() && task.moving().isEmpty()) {
      return Optional.empty();
    }
    for (int list : task.moving()) {
      divided.putIfAbsent(list, model.centroid(list));
    }
    for (int list : task.superfluous()) {
      divided.put(list, new float[0]);
    }
    if (settings.rounds() > 0) {
      divided = division.moved(survey, MovingCentroids.of(model, divided, settings)).byList();
    }
    return Optional.of(move(ListChange.splitting(model, divided, settings), survey));
  }

  /**
   * Makes lists for rows that have come in numbers where there were few.
   *
   * @return empty if rows have come as ever
   */
  private Optional<Change> addLists(MaintenanceTask.AddLists task) throws IOException {
    Survey survey = Survey.ofSegments(storage, snapshot, task.segments(), KEEP_ALL_DELETES);
    Optional<ListChange> change = new Arrivals(readModel(), survey, task).lists();
    return change.isEmpty() ? Optional.empty() : Optional.of(move(change.get(), survey));
  }

  /**
   * Takes lists out of the model; their rows go to the lists that are nearest then.
   *
   * @return empty if there are none
   * @throws IllegalArgumentException if no list would be left
   */
  public Optional<Change> dissolve(Collection<Integer> lists) throws IOException {
    Model model = readModel();
    Set<Integer> gone = checkLists(model, lists);
    if (gone.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        move(ListChange.dissolving(model, gone), Survey.ofLists(storage, snapshot, gone)));
  }

  /**
   * Moves rows to where they belong.
   *
   * @param survey of all lists whose rows may move, or more
   */
  private Change move(ListChange change, Survey survey) throws IOException {
    ListMoves moves = change.moves();
    Model successor = change.successor();
    Set<Integer> touched = moves.touched();
    Replacement replacement = new Replacement(storage, snapshot, survey, successor);
    Set<Integer> replaced = new TreeSet<>();
    for (int s = 0; s < survey.size(); s++) {
      if (!survey.holds(s, touched)) {
        continue;
      }
      Segment segment = survey.segment(s);
      int[] lists = moves.listsOf(segment);
      int subject = s;
      int[] before = survey.outline(s).lists().toArray();
      if (change.mustBeReplaced(before, lists, row -> survey.isNewest(subject, row))) {
        replacement.move(s, segment, lists);
        replaced.add(s);
      }
    }
    Set<Integer> tied = survey.withTied(replaced);
    tied.removeAll(replaced);
    for (int s : tied) {
      Segment segment = survey.segment(s);
      replacement.move(s, segment, moves.listsOf(segment));
    }
    return replacement.change(change.operation(), ModelFile.write(storage, successor));
  }

  private Model readModel() throws IOException {
    return ModelFile.read(storage, snapshot.model());
  }

  private Set<Integer> checkLists(Model model, Collection<Integer> lists) {
    Set<Integer> wanted = new TreeSet<>(lists);
    for (int list : wanted) {
      if (Arrays.binarySearch(model.listIds(), list) < 0) {
        throw new IllegalArgumentException(
            "version " + snapshot.version() + " does not have the list " + list);
      }
    }
    return wanted;
  }
}
