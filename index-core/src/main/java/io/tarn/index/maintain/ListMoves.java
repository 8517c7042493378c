package io.tarn.index.maintain;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.Model;
import io.tarn.index.segment.Segment;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where rows belong when some lists go and others come. Rows of lists that go are assigned among
 * all lists. Rows of the neighbours of new lists move to a new list if that is now the nearest; no
 * other list has come nearer to them. This is LIRE, the rebalancing of SPFresh (Y. Xu and others,
 * "SPFresh: Incremental In-Place Update for Billion-Scale Vector Search", SOSP 2023), on immutable
 * segments. Not thread-safe.
 */
final class ListMoves {
  private static final int MAX_BATCH_ROWS = 1024;

  private final Set<Integer> gone;
  private final Set<Integer> neighbours;
  private final int dimension;
  private final int firstNewList;
  private final int[] allIds;
  private final Assigner all;
  private final int[] nearIds;
  private final Assigner near;

  /**
   * @param old the model that goes
   * @param successor the model that comes
   * @param gone the lists that only {@code old} has
   * @param neighbours the lists near the new ones; none where no list is new
   */
  ListMoves(Model old, Model successor, Set<Integer> gone, Set<Integer> neighbours) {
    this.gone = gone;
    this.neighbours = neighbours;
    this.dimension = old.dimension();
    this.firstNewList = old.nextListId();
    this.allIds = successor.listIds();
    this.all = new Assigner(successor);
    Set<Integer> others = new TreeSet<>();
    for (int list : allIds) {
      if (list < firstNewList && !neighbours.contains(list)) {
        others.add(list);
      }
    }
    Model nearby =
        others.size() == allIds.length ? successor : successor.succeededBy(others, new float[0]);
    this.nearIds = nearby.listIds();
    this.near = new Assigner(nearby);
  }

  /** The lists whose rows may move. */
  Set<Integer> touched() {
    Set<Integer> touched = new TreeSet<>(gone);
    touched.addAll(neighbours);
    return touched;
  }

  /** The list of each row of a segment, among those of the new model; deletes keep theirs. */
  int[] listsOf(Segment segment) {
    int[] lists = segment.lists().toArray();
    int row = segment.deletes();
    while (row < lists.length) {
      int list = lists[row];
      int end = row;
      while (end < lists.length && lists[end] == list) {
        end++;
      }
      if (gone.contains(list)) {
        assign(segment, row, end, all, allIds, lists);
      } else if (neighbours.contains(list)) {
        assign(segment, row, end, near, nearIds, lists);
        for (int r = row; r < end; r++) {
          lists[r] = lists[r] < firstNewList ? list : lists[r];
        }
      }
      row = end;
    }
    return lists;
  }

  private void assign(
      Segment segment, int from, int to, Assigner assigner, int[] ids, int[] lists) {
    int[] places = new int[Math.min(MAX_BATCH_ROWS, to - from)];
    float[] rows = new float[places.length * dimension];
    for (int row = from; row < to; row += places.length) {
      int count = Math.min(places.length, to - row);
      for (int i = 0; i < count; i++) {
        segment.vectors().copy(row + i - segment.deletes(), rows, i * dimension);
      }
      assigner.assign(rows, 0, count, places, 0);
      for (int i = 0; i < count; i++) {
        lists[row + i] = ids[places[i]];
      }
    }
  }

  /** The lists whose centroids are nearest to that of {@code listId}, itself not among them. */
  static Set<Integer> neighbours(Model model, int listId, int count) {
    int place = Arrays.binarySearch(model.listIds(), listId);
    Set<Integer> neighbours = new TreeSet<>();
    for (int neighbour : new NearestLists(model).around(place, count)) {
      neighbours.add(model.listIds()[neighbour]);
    }
    return neighbours;
  }
}
