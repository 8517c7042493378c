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
        survey.addSubject(survey.read(ref));
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
      Segment segment = survey.read(ref);
      if (lists.stream().anyMatch(segment.lists()::contains)) {
        survey.addSubject(segment);
      }
    }
    survey.settle();
    return survey;
  }

  private void addSubject(Segment segment) {
    subjects.put(segment.ref().path(), NewestRows.withoutContent(segment));
  }

  private Segment read(SegmentRef ref) throws IOException {
    return SegmentReader.read(storage, ref, snapshot.schema());
  }

  private void settle() throws IOException {
    int settled;
    do {
      settled = subjects.size();
      newest = new NewestRows(List.copyOf(subjects.values()));
      for (SegmentRef ref : snapshot.segments()) {
        if (!subjects.containsKey(ref.path()) && matters(ref)) {
          newest.compareWith(read(ref));
        }
      }
      Set<String> tied = newest.tiedTo(subjects.keySet());
      for (SegmentRef ref : snapshot.segments()) {
        if (tied.contains(ref.path()) && !subjects.containsKey(ref.path())) {
          addSubject(read(ref));
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

  /** A subject, read again with all it holds. */
  Segment segment(int subject) throws IOException {
    return read(outline(subject).ref());
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
