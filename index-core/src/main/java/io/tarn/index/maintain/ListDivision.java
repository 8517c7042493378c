package io.tarn.index.maintain;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.segment.ListRuns;
import io.tarn.index.segment.Segment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** Finds centroids for the newest rows of each of some lists. */
final class ListDivision {
  /** With fewer rows the mean of a part means little. */
  private static final int MIN_SAMPLE_ROWS_PER_PART = 8;

  private final Model model;
  private final SplitSettings settings;

  ListDivision(Model model, SplitSettings settings) {
    this.model = model;
    this.settings = settings;
  }

  /** By list its centroids, row-major; without the lists whose rows do not fall into parts. */
  SortedMap<Integer, float[]> centroids(Survey survey, Set<Integer> lists) throws IOException {
    SortedMap<Integer, Long> live = liveRows(survey, lists);
    SortedMap<Integer, float[]> samples =
        samples(survey, ListSampling.toDivide(model.dimension(), live));
    SortedMap<Integer, float[]> centroids = new TreeMap<>();
    for (Map.Entry<Integer, float[]> list : samples.entrySet()) {
      float[] parts = divide(list.getValue(), live.get(list.getKey()));
      if (parts.length > 0) {
        centroids.put(list.getKey(), parts);
      }
    }
    return centroids;
  }

  /** The lists of which rows may move when these are divided. */
  Set<Integer> reach(Set<Integer> lists) {
    Set<Integer> divided = new TreeSet<>(lists);
    divided.addAll(MovingCentroids.around(model, lists, settings));
    Set<Integer> reach = new TreeSet<>(divided);
    for (int list : divided) {
      reach.addAll(ListMoves.neighbours(model, list, settings.neighbourLists()));
    }
    return reach;
  }

  /** Brings centroids to where the newest rows of their lists are. */
  MovingCentroids moved(Survey survey, MovingCentroids centroids) throws IOException {
    SortedMap<Integer, float[]> samples =
        samples(survey, centroids.sampling(liveRows(survey, centroids.lists())));
    MovingCentroids moving = centroids;
    for (int round = 0; round < settings.rounds(); round++) {
      MovingCentroids before = moving;
      Map<Integer, CentroidSum> sums = new HashMap<>();
      for (float[] rows : samples.values()) {
        before.sums(rows).forEach((place, sum) -> sums.merge(place, sum, CentroidSum::plus));
      }
      Map<Integer, float[]> moved = new HashMap<>();
      sums.forEach((place, sum) -> moved.put(place, before.moved(place, sum)));
      moving = before.after(moved);
    }
    return moving;
  }

  /**
   * The most even of several outcomes of k-means; empty if none is even enough.
   *
   * @param rows of the list, or a sample of them
   * @param live how many rows the list has
   */
  float[] divide(float[] rows, long live) {
    int dimension = model.dimension();
    int count = rows.length / dimension;
    int wanted = Math.min(settings.parts(live), Math.max(2, count / MIN_SAMPLE_ROWS_PER_PART));
    float[] best = {};
    int bestLargest = count;
    for (int trial = 0; trial < settings.trials() && count > 1; trial++) {
      long seed = settings.seed() + trial;
      float[] parts =
          KMeans.train(model.metric(), dimension, rows, wanted, settings.iterations(), seed, 1);
      if (parts.length >= 2 * dimension) {
        int largest = rowsOfLargestPart(parts, rows);
        if (largest < bestLargest) {
          bestLargest = largest;
          best = parts;
        }
      }
    }
    return count - bestLargest < settings.minPartShare() * count ? new float[0] : best;
  }

  private int rowsOfLargestPart(float[] centroids, float[] rows) {
    Model parts = Model.of(model.metric(), model.dimension(), centroids, model.quantizer());
    int[] part = new int[rows.length / model.dimension()];
    new Assigner(parts).assign(rows, 0, part.length, part, 0);
    int[] sizes = new int[parts.listCount()];
    for (int p : part) {
      sizes[p]++;
    }
    return Arrays.stream(sizes).max().orElse(0);
  }

  /** How many newest rows each list has. */
  static SortedMap<Integer, Long> liveRows(Survey survey, Set<Integer> lists) {
    SortedMap<Integer, Long> live = new TreeMap<>();
    lists.forEach(list -> live.put(list, 0L));
    for (int s = 0; s < survey.size(); s++) {
      ListRuns runs = survey.outline(s).lists();
      for (int run = 0; run < runs.count(); run++) {
        if (live.containsKey(runs.list(run))) {
          long newest = 0;
          for (int row = runs.start(run); row < runs.end(run); row++) {
            newest += survey.isNewest(s, row) ? 1 : 0;
          }
          live.merge(runs.list(run), newest, Long::sum);
        }
      }
    }
    return live;
  }

  /** By list the rows drawn of it, in the order of the segments, of which each is read once. */
  static SortedMap<Integer, float[]> samples(Survey survey, ListSampling sampling)
      throws IOException {
    SortedMap<Integer, List<float[]>> drawn = new TreeMap<>();
    for (int s = 0; s < survey.size(); s++) {
      if (!survey.holds(s, sampling.lists())) {
        continue;
      }
      int subject = s;
      int number = survey.number(s);
      Segment segment = survey.segment(s);
      for (int run = 0; run < segment.lists().count(); run++) {
        float[] rows = sampling.draw(segment, number, run, row -> survey.isNewest(subject, row));
        if (rows.length > 0) {
          drawn.computeIfAbsent(segment.lists().list(run), list -> new ArrayList<>()).add(rows);
        }
      }
    }
    SortedMap<Integer, float[]> samples = new TreeMap<>();
    while (!drawn.isEmpty()) {
      int list = drawn.firstKey();
      samples.put(list, ListSampling.joined(drawn.remove(list)));
    }
    return samples;
  }
}
