package io.tarn.index.maintain;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.Kernels;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The centroids of lists that are divided and of the lists around them, on their way to where rows
 * are: in rounds of k-means over a sample of the rows of these lists. A round adds up the rows of
 * each list, here or elsewhere, and makes means of the sums of all lists. Thread-safe.
 */
public final class MovingCentroids implements Serializable {
  private static final long serialVersionUID = 1L;

  /** So many rows tell well enough where a centroid belongs. */
  private static final int ROWS_PER_CENTROID = 128;

  private final Metric metric;
  private final int dimension;

  /** By list how many centroids it has, one after the other in {@link #centroids}. */
  private final TreeMap<Integer, Integer> parts;

  private final float[] centroids;
  private transient Assigner assigner;

  private MovingCentroids(
      Metric metric, int dimension, TreeMap<Integer, Integer> parts, float[] centroids) {
    this.metric = metric;
    this.dimension = dimension;
    this.parts = parts;
    this.centroids = centroids;
  }

  /**
   * The centroids of divided lists and, if there are rounds, those of the lists around them.
   *
   * @param divided by list its centroids, as {@link ListChange#divide} gives them; none for a list
   *     that goes and leaves nothing in its place
   */
  public static MovingCentroids of(
      Model model, SortedMap<Integer, float[]> divided, SplitSettings settings) {
    SortedMap<Integer, float[]> all = new TreeMap<>(divided);
    int dimension = model.dimension();
    for (int list : around(model, divided.keySet(), settings)) {
      all.put(list, model.centroid(list));
    }
    float[] centroids = new float[all.values().stream().mapToInt(c -> c.length).sum()];
    TreeMap<Integer, Integer> parts = new TreeMap<>();
    int known = 0;
    for (Map.Entry<Integer, float[]> list : all.entrySet()) {
      float[] some = list.getValue();
      System.arraycopy(some, 0, centroids, known, some.length);
      known += some.length;
      parts.put(list.getKey(), some.length / dimension);
    }
    return new MovingCentroids(model.metric(), dimension, parts, centroids);
  }

  /** The lists that get new centroids too when some lists are divided, these not among them. */
  public static Set<Integer> around(
      Model model, Collection<Integer> divided, SplitSettings settings) {
    Set<Integer> around = new TreeSet<>();
    if (settings.rounds() > 0) {
      for (int list : divided) {
        around.addAll(ListMoves.neighbours(model, list, settings.neighbourLists()));
      }
      around.removeAll(divided);
    }
    return around;
  }

  /** The lists whose rows say where the centroids go. */
  public Set<Integer> lists() {
    return new TreeSet<>(parts.keySet());
  }

  /**
   * Which of those rows.
   *
   * @param live by list how many live rows it has; of all {@link #lists}
   */
  public ListSampling sampling(SortedMap<Integer, Long> live) {
    return ListSampling.of(dimension, live, (long) ROWS_PER_CENTROID * centroids.length);
  }

  /**
   * Adds up the rows of a list.
   *
   * @param rows row-major
   * @return by place of the centroid that is nearest to them
   */
  public Map<Integer, CentroidSum> sums(float[] rows) {
    int[] nearest = new int[rows.length / dimension];
    assigner().assign(rows, 0, nearest.length, nearest, 0);
    Map<Integer, CentroidSum> sums = new HashMap<>();
    for (int row = 0; row < nearest.length; row++) {
      sums.computeIfAbsent(nearest[row], place -> new CentroidSum(dimension))
          .add(rows, row * dimension);
    }
    return sums;
  }

  private synchronized Assigner assigner() {
    if (assigner == null) {
      assigner = new Assigner(metric, dimension, centroids, Kernels.best());
    }
    return assigner;
  }

  /**
   * Where a centroid goes: to the mean of its rows.
   *
   * @param place of the centroid
   * @param sum its rows, those of all lists
   */
  public float[] moved(int place, CentroidSum sum) {
    int from = place * dimension;
    float[] moved = Arrays.copyOfRange(centroids, from, from + dimension);
    sum.mean(metric, moved);
    return moved;
  }

  /**
   * After a round.
   *
   * @param moved the centroids, by place, that go elsewhere
   */
  public MovingCentroids after(Map<Integer, float[]> moved) {
    float[] next = centroids.clone();
    moved.forEach(
        (place, centroid) ->
            System.arraycopy(centroid, 0, next, place * dimension, centroid.length));
    return new MovingCentroids(metric, dimension, parts, next);
  }

  /** By list its centroids, row-major. */
  public SortedMap<Integer, float[]> byList() {
    SortedMap<Integer, float[]> byList = new TreeMap<>();
    int from = 0;
    for (Map.Entry<Integer, Integer> list : parts.entrySet()) {
      int to = from + list.getValue() * dimension;
      byList.put(list.getKey(), Arrays.copyOfRange(centroids, from, to));
      from = to;
    }
    return byList;
  }
}
