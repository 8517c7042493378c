package io.tarn.index.maintain;

import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.NewestRows;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Some segments of a snapshot, the subjects, and which of their rows are the newest of their ids
 * among all rows of the snapshot. Other segments are read one at a time, and only if they can make
 * a difference; of the subjects only what {@link NewestRows} keeps stays in memory.
 *
 * <p>Segments that are tied to subjects ({@link NewestRows}) are made subjects as well, so that
 * replacing subjects with all that are tied to them changes no winner.
 */
final class Survey {
  private final Storage storage;
  private final Snapshot snapshot;
  private final long forgetDeletesBelow;
  private final Map<String, Segment> subjects = new LinkedHashMap<>();
  private NewestRows newest;

  private Survey(Storage storage, Snapshot snapshot, long forgetDeletesBelow) {
    this.storage = storage;
    this.snapshot = snapshot;
    this.forgetDeletesBelow = forgetDeletesBelow;
  }

  /**
   * @param forgetDeletesBelow deletes of a smaller order can be forgotten, if no older row of their
   *     id lies outside of the subjects
   * @throws IllegalArgumentException if the snapshot does not have all the segments
   */
  static Survey ofSegments(
      Storage storage, Snapshot snapshot, Collection<String> paths, long forgetDeletesBelow)
      throws IOException {
    Survey survey = new Survey(storage, snapshot, forgetDeletesBelow);
    Set<String> missing = new TreeSet<>(paths);
    for (SegmentRef ref : snapshot.segments()) {
      if (missing.remove(ref.path())) {
        survey.addSubject(survey.readOutline(ref));
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "version " + snapshot.version() + " does not have the segments " + missing);
    }
    survey.settle();
    return survey;
  }

  /** Of the segments that hold rows, newest or not, of certain lists; keeps all deletes. */
  static Survey ofLists(Storage storage, Snapshot snapshot, Set<Integer> lists) throws IOException {
    Survey survey = new Survey(storage, snapshot, Maintenance.KEEP_ALL_DELETES);
    for (SegmentRef ref : snapshot.segments()) {
      Segment outline = survey.readOutline(ref);
      if (holds(outline, lists)) {
        survey.addSubject(outline);
      }
    }
    survey.settle();
    return survey;
  }

  private void addSubject(Segment segment) {
    subjects.put(segment.ref().path(), NewestRows.withoutContent(segment));
  }

  private static boolean holds(Segment segment, Set<Integer> lists) {
    return lists.stream().anyMatch(segment.lists()::contains);
  }

  /** Neither vectors nor codes, which are most of a segment, say which rows are newest. */
  private Segment readOutline(SegmentRef ref) throws IOException {
    try (SegmentReader reader = SegmentReader.open(storage, ref, snapshot.schema())) {
      return reader.readColumns(Set.of());
    }
  }

  private void settle() throws IOException {
    int settled;
    do {
      settled = subjects.size();
      newest = new NewestRows(List.copyOf(subjects.values()));
      for (SegmentRef ref : snapshot.segments()) {
        if (!subjects.containsKey(ref.path()) && matters(ref)) {
          newest.compareWith(readOutline(ref));
        }
      }
      Set<String> tied = newest.tiedTo(subjects.keySet());
      for (SegmentRef ref : snapshot.segments()) {
        if (tied.contains(ref.path()) && !subjects.containsKey(ref.path())) {
          addSubject(readOutline(ref));
        }
      }
    } while (subjects.size() > settled);
  }

  /** Whether a segment can supersede a row of the subjects, or keep one of their deletes alive. */
  private boolean matters(SegmentRef other) {
    return subjects.values().stream()
        .map(Segment::ref)
        .anyMatch(
            subject ->
                other.maxOrder() >= subject.minOrder()
                    || (subject.deletes() > 0
                        && subject.minOrder() < forgetDeletesBelow
                        && other.minOrder() < forgetDeletesBelow));
  }

  /** How many subjects there are. */
  int size() {
    return newest.subjects().size();
  }

  /** The place of a subject in the snapshot. */
  int number(int subject) {
    return snapshot.segments().indexOf(outline(subject).ref());
  }

  /** A subject without vectors and attributes. */
  Segment outline(int subject) {
    return newest.subjects().get(subject);
  }

  /** A subject with all it holds, which is read only now. */
  Segment segment(int subject) throws IOException {
    return SegmentReader.read(storage, outline(subject).ref(), snapshot.schema());
  }

  /** Whether a subject has rows, newest or not, of one of the lists. */
  boolean holds(int subject, Set<Integer> lists) {
    return holds(outline(subject), lists);
  }

  /** Whether a row is the newest of its id. */
  boolean isNewest(int subject, int row) {
    return newest.isNewest(subject, row);
  }

  /** Whether a row has to be kept when all subjects that hold superseded rows are replaced. */
  boolean isKept(int subject, int row) {
    if (!newest.isNewest(subject, row)) {
      return false;
    }
    Segment segment = outline(subject);
    return !segment.isDelete(row)
        || segment.orders().get(row) >= forgetDeletesBelow
        || newest.hasOlderElsewhere(subject, row);
  }

  /** The subjects that have to be replaced if those of {@code replaced} are, with these. */
  Set<Integer> withTied(Set<Integer> replaced) {
    Set<String> paths = new TreeSet<>();
    replaced.forEach(subject -> paths.add(outline(subject).ref().path()));
    Set<String> tied = newest.tiedTo(paths);
    Set<Integer> all = new TreeSet<>();
    for (int subject = 0; subject < size(); subject++) {
      if (tied.contains(outline(subject).ref().path())) {
        all.add(subject);
      }
    }
    return all;
  }
}
