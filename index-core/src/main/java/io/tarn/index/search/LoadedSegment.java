package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.format.DamagedFileException;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.Segment;
import java.util.Arrays;

/**
 * A segment with what a reader adds to it, immutable once made: where each list begins, and a hash
 * table from id to row.
 */
final class LoadedSegment {
  private static final int EMPTY = -1;

  final Segment segment;

  /** The rows of the i-th list of the model are {@code listStarts[i]} up to the next. */
  private final int[] listStarts;

  /** Open addressing with linear probing: rows, at the place their id hashes to or after it. */
  private final int[] table;

  /** The codes laid out for scanning; null if the segment has none. */
  final CodeBlocks codes;

  LoadedSegment(Segment segment, SearchModel model) throws DamagedFileException {
    this.segment = segment;
    this.listStarts = listStarts(segment, model.model());
    this.table = idTable(segment.ids());
    this.codes =
        segment.codes() == null
            ? null
            : CodeBlocks.of(
                model.model().dimension(), segment.codes(), codeStarts(), model.centers());
  }

  /** List starts as codes count them: from the first feature on. */
  private int[] codeStarts() {
    int[] starts = listStarts.clone();
    for (int i = 0; i < starts.length; i++) {
      starts[i] -= segment.deletes();
    }
    return starts;
  }

  private static int[] listStarts(Segment segment, Model model) throws DamagedFileException {
    int[] starts = new int[model.listCount() + 1];
    int row = segment.deletes();
    for (int list = 0; list < model.listCount(); list++) {
      starts[list] = row;
      while (row < segment.rowCount() && segment.listIds()[row] == model.listIds()[list]) {
        row++;
      }
    }
    starts[model.listCount()] = row;
    if (row != segment.rowCount()) {
      throw new DamagedFileException(
          segment.ref().path(),
          "has row "
              + row
              + " in list "
              + segment.listIds()[row]
              + ", which is out of order or not in the model");
    }
    return starts;
  }

  private static int[] idTable(IdColumn ids) {
    int slots = Integer.highestOneBit(Math.max(1, ids.size())) * 4;
    if (ids.size() * 3L < slots) {
      slots /= 2;
    }
    int[] table = new int[slots];
    Arrays.fill(table, EMPTY);
    for (int row = 0; row < ids.size(); row++) {
      int slot = ids.hash(row) & slots - 1;
      while (table[slot] != EMPTY) {
        slot = slot + 1 & slots - 1;
      }
      table[slot] = row;
    }
    return table;
  }

  int listStart(int list) {
    return listStarts[list];
  }

  int listEnd(int list) {
    return listStarts[list + 1];
  }

  /** Receives rows. */
  interface RowConsumer {
    void accept(int row);
  }

  /** Gives every row that has the id of {@code row} of {@code ids}: none, one, or rarely more. */
  void forEachRowOf(IdColumn ids, int row, RowConsumer consumer) {
    for (int slot = ids.hash(row) & table.length - 1;
        table[slot] != EMPTY;
        slot = slot + 1 & table.length - 1) {
      if (segment.ids().sameId(table[slot], ids, row)) {
        consumer.accept(table[slot]);
      }
    }
  }
}
