package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Where an index has more lists than its rows need, beside what they need elsewhere: lists that
 * were made when there were fewer rows, and have not grown since as others have. A search that
 * looks at so many lists looks at fewer rows there, and finds less.
 *
 * <p>A single small list tells nothing: k-means makes such. The mean of a list and those around it
 * does. In an index of sift1m that was just built it is 0.82 of the mean of all lists or more, but
 * for one list in a hundred; where clusters came one after the other, the oldest had 0.5.
 */
final class SparseRegions {
  /** A list and those nearest to it. */
  private static final int REGION_LISTS = 32;

  /** Regions whose lists have a smaller share of the rows that lists have elsewhere are sparse. */
  private static final double SPARSE_BELOW = 0.75;

  private final Model model;
  private final long[] live;
  private final long usual;

  private SparseRegions(Model model, long[] live, long usual) {
    this.model = model;
    this.live = live;
    this.usual = usual;
  }

  /**
   * @param live how many live rows each list has
   * @param targetListRows how many a list is meant to have; as many or more are never few
   */
  static SparseRegions of(Model model, long[] live, long targetListRows) {
    // Where all lists are smaller than they are meant to be, somebody wanted so many.
    long[] sorted = live.clone();
    Arrays.sort(sorted);
    long upperQuartile = sorted[sorted.length * 3 / 4];
    return new SparseRegions(model, live, Math.min(upperQuartile, targetListRows));
  }

  /**
   * The lists that can go, the smallest first, so that those left have as many rows as lists
   * elsewhere.
   *
   * @param needed lists that cannot
   * @return ascending
   */
  List<Integer> superfluous(Set<Integer> needed) {
    Map<Integer, Region> sparse = sparseRegions();
    List<Integer> superfluous = new ArrayList<>();
    for (int place : smallestFirst(sparse.keySet())) {
      int list = model.listIds()[place];
      Region own = sparse.get(place);
      if (!needed.contains(list) && own.canSpare(place, sparse)) {
        own.spare(place, sparse);
        superfluous.add(list);
      }
    }
    superfluous.sort(Comparator.naturalOrder());
    return superfluous;
  }

  /** By the place of a small list. */
  private Map<Integer, Region> sparseRegions() {
    NearestLists nearest = new NearestLists(model);
    Map<Integer, Region> sparse = new HashMap<>();
    for (int place = 0; place < live.length; place++) {
      if (live[place] < usual) {
        int[] around = nearest.around(place, REGION_LISTS - 1);
        long rows = live[place] + Arrays.stream(around).mapToLong(p -> live[p]).sum();
        int lists = around.length + 1;
        double share = (double) rows / (lists * usual);
        if (share < SPARSE_BELOW) {
          sparse.put(place, new Region(around, (int) ((1 - share) * lists)));
        }
      }
    }
    return sparse;
  }

  /** A list and those around it. */
  private static final class Region {
    private final int[] around;
    private int spare;

    /**
     * @param spare how many of its lists can go
     */
    Region(int[] around, int spare) {
      this.around = around;
      this.spare = spare;
    }

    /** Whether a list can go for all sparse regions that it is of. */
    boolean canSpare(int place, Map<Integer, Region> sparse) {
      return touched(place, sparse).allMatch(region -> region.spare > 0);
    }

    void spare(int place, Map<Integer, Region> sparse) {
      touched(place, sparse).forEach(region -> region.spare--);
    }

    /** Lists near to this one have it near to them, nearly always. */
    private Stream<Region> touched(int place, Map<Integer, Region> sparse) {
      return IntStream.concat(IntStream.of(place), Arrays.stream(around))
          .mapToObj(sparse::get)
          .filter(Objects::nonNull);
    }
  }

  private int[] smallestFirst(Set<Integer> places) {
    return places.stream()
        .sorted(
            Comparator.<Integer>comparingLong(place -> live[place])
                .thenComparing(Comparator.naturalOrder()))
        .mapToInt(place -> place)
        .toArray();
  }
}
