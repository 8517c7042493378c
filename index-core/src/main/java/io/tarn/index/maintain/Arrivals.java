package io.tarn.index.maintain;

import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;

/**
 * Lists for rows that have come in numbers where there were few. Such rows are cut up among the
 * lists nearest to them, none of which was made for them, and hardly found: when 150,000 rows of
 * sift1m had come cluster by cluster, 0.64 of what was among the newest fifth, at 8 lists, where an
 * index that was built anew found 0.73.
 *
 * <p>It costs as much as the rows that have come: nothing else is read or written. What is left to
 * a look at all lists is to move those around, and older rows that lie near.
 */
final class Arrivals {
  /**
   * Where rows come as ever, lists get them as they have them: the largest of an index that was
   * just built has four times the mean.
   */
  private static final double LEAST_OVER_MEAN = 8;

  /** Fewer rows, of those that a list is meant to have, do not make it another list. */
  private static final double LEAST_SHARE_OF_LIST = 0.125;

  /** A list that was made for such rows has become too large. */
  private static final double MOST_OF_LIST = 1.5;

  /** Of what came, so much must have come where there were few rows: or it is not worth a model. */
  private static final double LEAST_SHARE_OF_ARRIVALS = 0.25;

  private static final int NEIGHBOUR_LISTS = 32;
  private static final int ITERATIONS = 10;
  private static final long SEED = 1;

  private final Model model;
  private final Survey survey;
  private final MaintenanceTask.AddLists task;
  private final SortedMap<Integer, Long> rows;
  private final double least;

  /**
   * @param survey of the segments that have come
   */
  Arrivals(Model model, Survey survey, MaintenanceTask.AddLists task) {
    this.model = model;
    this.survey = survey;
    this.task = task;
    Set<Integer> all = Arrays.stream(model.listIds()).boxed().collect(Collectors.toSet());
    this.rows = ListDivision.liveRows(survey, all);
    double mean = (double) sum(rows.values()) / model.listCount();
    this.least = Math.max(LEAST_OVER_MEAN * mean, LEAST_SHARE_OF_LIST * task.listRows());
  }

  private static long sum(Collection<Long> rows) {
    return rows.stream().mapToLong(Long::longValue).sum();
  }

  /** The lists to make; empty if rows have come as ever, or lie well in those made before. */
  Optional<ListChange> lists() throws IOException {
    long crowding = sum(where(this::crowds).values());
    if (crowding < task.listRows() || crowding < LEAST_SHARE_OF_ARRIVALS * task.cameRows()) {
      return Optional.empty();
    }
    SortedMap<Integer, Long> pooled = where((list, count) -> isMade(list) || count >= least);
    float[] centroids = train(pooled);
    Set<Integer> made = new TreeSet<>(rows.tailMap(task.firstList()).keySet());
    Set<Integer> neighbours = new TreeSet<>(pooled.keySet());
    NearestLists nearest = new NearestLists(model);
    for (int from = 0; from < centroids.length; from += model.dimension()) {
      float[] centroid = Arrays.copyOfRange(centroids, from, from + model.dimension());
      for (int place : nearest.of(centroid, NEIGHBOUR_LISTS)) {
        neighbours.add(model.listIds()[place]);
      }
    }
    return Optional.of(ListChange.adding(model, made, centroids, neighbours));
  }

  private boolean isMade(int list) {
    return list >= task.firstList();
  }

  private boolean crowds(int list, long count) {
    return isMade(list) ? count > MOST_OF_LIST * task.listRows() : count >= least;
  }

  private SortedMap<Integer, Long> where(BiPredicate<Integer, Long> condition) {
    SortedMap<Integer, Long> chosen = new TreeMap<>(rows);
    chosen.entrySet().removeIf(list -> !condition.test(list.getKey(), list.getValue()));
    return chosen;
  }

  /** All together, as one cluster lies in many lists. */
  private float[] train(SortedMap<Integer, Long> pooled) throws IOException {
    ListSampling sampling = ListSampling.toDivide(model.dimension(), pooled);
    float[] sample = ListSampling.joined(ListDivision.samples(survey, sampling).values());
    int lists = (int) Math.max(1, Math.round((double) sum(pooled.values()) / task.listRows()));
    return KMeans.train(model.metric(), model.dimension(), sample, lists, ITERATIONS, SEED, 1);
  }
}
