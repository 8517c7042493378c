package io.tarn.index.segment;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which rows of some segments, the <em>subjects</em>, are the newest of their ids, first among
 * themselves and then, segment by segment, among others. Of the subjects only ids, orders and
 * positions are kept, some 30 bytes a row and the text of the ids.
 *
 * <p>It also tells what would change if subjects were written anew, under new names. Two rows of
 * one id can be equal in order, sequence and position (the same offset in two partitions, say), and
 * then the paths of their segments decide. Segments that are <em>tied</em> so have to be written
 * anew together, or none of them.
 */
public final class NewestRows {
  private static final long EMPTY = -1;
  private static final int ROW_BITS = 32;

  private final List<Segment> subjects;
  private final BitSet[] newest;

  /** Newest rows of whose ids there are rows outside of the subjects. */
  private final BitSet[] olderElsewhere;

  /** Open addressing with linear probing: the newest row of each id, as (subject, row). */
  private final long[] table;

  private final Map<String, Set<String>> tied = new HashMap<>();

  public NewestRows(List<Segment> subjects) {
    this.subjects = subjects.stream().map(NewestRows::withoutContent).toList();
    this.newest = new BitSet[subjects.size()];
    this.olderElsewhere = new BitSet[subjects.size()];
    long rows = 0;
    for (int s = 0; s < newest.length; s++) {
      newest[s] = new BitSet();
      olderElsewhere[s] = new BitSet();
      rows += subjects.get(s).rowCount();
    }
    table = new long[Math.toIntExact(Math.max(2, Long.highestOneBit(rows) * 4))];
    Arrays.fill(table, EMPTY);
    for (int s = 0; s < newest.length; s++) {
      for (int row = 0; row < this.subjects.get(s).rowCount(); row++) {
        add(s, row);
      }
    }
  }

  /** What of a segment says which of its rows are newest. */
  public static Segment withoutContent(Segment segment) {
    return new Segment(
        segment.ref(),
        segment.deletes(),
        segment.lists(),
        segment.ids(),
        segment.orders(),
        segment.positions(),
        new RowVectors.Builder(1, 0).build(),
        null,
        List.of());
  }

  private void add(int s, int row) {
    Segment segment = subjects.get(s);
    int slot = slotOf(segment.ids(), row);
    if (table[slot] == EMPTY) {
      table[slot] = (long) s << ROW_BITS | row;
      newest[s].set(row);
      return;
    }
    int other = (int) (table[slot] >>> ROW_BITS);
    int otherRow = (int) table[slot];
    noteTie(segment, row, subjects.get(other), otherRow);
    if (segment.supersedes(row, subjects.get(other), otherRow)) {
      newest[other].clear(otherRow);
      newest[s].set(row);
      table[slot] = (long) s << ROW_BITS | row;
    }
  }

  /** Where the id of a row is in the table, or belongs. */
  private int slotOf(IdColumn ids, int row) {
    int slot = ids.hash(row) & table.length - 1;
    while (table[slot] != EMPTY) {
      IdColumn known = subjects.get((int) (table[slot] >>> ROW_BITS)).ids();
      if (known.sameId((int) table[slot], ids, row)) {
        return slot;
      }
      slot = slot + 1 & table.length - 1;
    }
    return slot;
  }

  /** Takes another segment of the snapshot into account, one that is no subject. */
  public void compareWith(Segment other) {
    for (int row = 0; row < other.rowCount(); row++) {
      int slot = slotOf(other.ids(), row);
      if (table[slot] == EMPTY) {
        continue;
      }
      int s = (int) (table[slot] >>> ROW_BITS);
      int subjectRow = (int) table[slot];
      noteTie(subjects.get(s), subjectRow, other, row);
      if (other.supersedes(row, subjects.get(s), subjectRow)) {
        newest[s].clear(subjectRow);
      } else {
        olderElsewhere[s].set(subjectRow);
      }
    }
  }

  private void noteTie(Segment a, int row, Segment b, int otherRow) {
    if (a.orders().get(row) == b.orders().get(otherRow)
        && a.positions().get(row) == b.positions().get(otherRow)
        && a.ref().sequence() == b.ref().sequence()
        && !a.ref().path().equals(b.ref().path())) {
      tied.computeIfAbsent(a.ref().path(), unused -> new HashSet<>()).add(b.ref().path());
      tied.computeIfAbsent(b.ref().path(), unused -> new HashSet<>()).add(a.ref().path());
    }
  }

  /** The subjects, without vectors and attributes. */
  public List<Segment> subjects() {
    return subjects;
  }

  /** Whether a row of a subject, be it a feature or a delete, is the newest of its id. */
  public boolean isNewest(int subject, int row) {
    return newest[subject].get(row);
  }

  /** Is told of a row that is not the newest of its id, and of the one that is. */
  @FunctionalInterface
  public interface SupersededRow {
    void accept(int subject, int row, int newerSubject, int newerRow);
  }

  /** Goes through the rows of subjects that rows of subjects supersede. */
  public void forEachSuperseded(SupersededRow use) {
    for (int s = 0; s < newest.length; s++) {
      Segment segment = subjects.get(s);
      for (int row = newest[s].nextClearBit(0);
          row < segment.rowCount();
          row = newest[s].nextClearBit(row + 1)) {
        long newer = table[slotOf(segment.ids(), row)];
        int newerSubject = (int) (newer >>> ROW_BITS);
        if (newerSubject != s || (int) newer != row) {
          use.accept(s, row, newerSubject, (int) newer);
        }
      }
    }
  }

  /** Whether segments that are no subjects have older rows of the id of this newest row. */
  public boolean hasOlderElsewhere(int subject, int row) {
    return olderElsewhere[subject].get(row);
  }

  /** The paths of all segments that have to be written anew if those of {@code paths} are. */
  public Set<String> tiedTo(Collection<String> paths) {
    Set<String> all = new HashSet<>(paths);
    Deque<String> open = new ArrayDeque<>(paths);
    while (!open.isEmpty()) {
      for (String path : tied.getOrDefault(open.pop(), Set.of())) {
        if (all.add(path)) {
          open.push(path);
        }
      }
    }
    return all;
  }
}
