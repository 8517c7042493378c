package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.io.Serializable;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.IntPredicate;
import java.util.function.Supplier;

/**
 * Lists that go, and others that come in their place. Rows move segment by segment, here or
 * elsewhere.
 */
public final class ListChange implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String operation;
  private final Model old;
  private final Model successor;
  private final TreeSet<Integer> gone;
  private final TreeSet<Integer> neighbours;

  private ListChange(
      String operation, Model old, Model successor, Set<Integer> gone, Set<Integer> neighbours) {
    this.operation = operation;
    this.old = old;
    this.successor = successor;
    this.gone = new TreeSet<>(gone);
    this.neighbours = new TreeSet<>(neighbours);
  }

  /**
   * Lists are taken out of the model.
   *
   * @throws IllegalArgumentException if no list would be left
   */
  public static ListChange dissolving(Model model, Collection<Integer> lists) {
    Set<Integer> gone = new TreeSet<>(lists);
    if (gone.size() >= model.listCount()) {
      throw new IllegalArgumentException("an index has at least one list");
    }
    return new ListChange("dissolve", model, model.succeededBy(gone, new float[0]), gone, Set.of());
  }

  /**
   * Each of some lists becomes several.
   *
   * @param divided by list its centroids, as {@link #divide} or {@link MovingCentroids} gives them
   */
  public static ListChange splitting(
      Model model, SortedMap<Integer, float[]> divided, SplitSettings settings) {
    Set<Integer> gone = divided.keySet();
    Set<Integer> neighbours = new TreeSet<>();
    float[] centroids = new float[divided.values().stream().mapToInt(c -> c.length).sum()];
    int known = 0;
    for (int list : gone) {
      neighbours.addAll(ListMoves.neighbours(model, list, settings.neighbourLists()));
      float[] parts = divided.get(list);
      System.arraycopy(parts, 0, centroids, known, parts.length);
      known += parts.length;
    }
    neighbours.removeAll(gone);
    return new ListChange("split", model, model.succeededBy(gone, centroids), gone, neighbours);
  }

  /**
   * Lists come, in the place of some or of none.
   *
   * @param gone the lists that go
   * @param centroids of those that come, row-major
   * @param neighbours the lists whose rows may move to these
   */
  static ListChange adding(
      Model model, Set<Integer> gone, float[] centroids, Set<Integer> neighbours) {
    Set<Integer> others = new TreeSet<>(neighbours);
    others.removeAll(gone);
    return new ListChange("add lists", model, model.succeededBy(gone, centroids), gone, others);
  }

  /**
   * Finds centroids for the rows of a list.
   *
   * @param rows live rows of the list, or a sample of them, row-major
   * @param live how many live rows the list has
   * @return row-major; empty if the rows do not fall into parts
   */
  public static float[] divide(Model model, SplitSettings settings, float[] rows, long live) {
    return new ListDivision(model, settings).divide(rows, live);
  }

  /** What it is called. */
  public String operation() {
    return operation;
  }

  /** The model with the lists that come. */
  public Model successor() {
    return successor;
  }

  /** Where rows go; not to be shared by threads. */
  ListMoves moves() {
    return new ListMoves(old, successor, gone, neighbours);
  }

  /**
   * Writes a segment anew if rows of it move. Superseded rows are left out; no delete is.
   *
   * @param always whether it is written in any case
   * @param names gives each new segment a name that no segment has
   * @return the new segments; empty if the segment stays as it is
   */
  public Optional<List<SegmentRef>> move(
      Storage storage, Schema schema, SegmentFate fate, boolean always, Supplier<UUID> names)
      throws IOException {
    Segment segment = SegmentReader.read(storage, fate.ref(), schema);
    int[] before = segment.lists().toArray();
    int[] lists = moves().listsOf(segment);
    if (!always && !mustBeReplaced(before, lists, row -> fate.isKept(row, false))) {
      return Optional.empty();
    }
    try (SegmentOutput output =
        new SegmentOutput(storage, schema, successor, fate.ref().sequence(), names)) {
      ListOrder.move(segment, lists, (i, row) -> fate.isKept(row, false), output);
      return Optional.of(output.finish());
    }
  }

  /**
   * Whether a segment has to be written anew: a row without a use may stay where it is, as long as
   * there is such a list.
   *
   * @param before the list of each row
   * @param after where it belongs
   * @param isNewest whether a row is the newest of its id
   */
  boolean mustBeReplaced(int[] before, int[] after, IntPredicate isNewest) {
    for (int row = 0; row < after.length; row++) {
      if (after[row] != before[row] && (gone.contains(before[row]) || isNewest.test(row))) {
        return true;
      }
    }
    return false;
  }
}
