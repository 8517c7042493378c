package io.tarn.index.centroid;

import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Rounds of k-means in which a row is compared with no more than the lists nearest to its own: one
 * farther away hardly ever wins (Agustsson, Timofte and Van Gool, "k²-means for fast and accurate
 * large scale clustering", 2017). The neighbours of a list are found anew in every round, among the
 * lists of the nearest groups.
 */
final class NeighbourRounds {
  /**
   * The fewest lists a row is compared with. After five rounds on sift1m with 1,024 lists, 32 leave
   * the mean squared error 0.1% larger, 128 make it 0.03% smaller.
   */
  private static final int MIN_NEIGHBOURS = 64;

  /**
   * The more lists, the more of them a row is compared with, so that the rounds move as freely. On
   * sift1m with 4,096 lists, 64 instead of 128 leave recall in the nearest four 0.001 lower.
   */
  private static final int LISTS_PER_NEIGHBOUR = 32;

  /** The groups among whose lists neighbours are looked for, the list's own included. */
  private static final int NEIGHBOUR_GROUPS = 8;

  /** Rows that are copied, and then compared while they are in the second cache. */
  private static final int MEMBERS_AT_ONCE = 480;

  private final VectorKernels kernels = Kernels.best();
  private final int dimension;
  private final float[] centres;
  private final Workers workers;
  private TrainingRows rows;

  /**
   * Prepares rounds.
   *
   * @param centres of the groups, row-major
   */
  NeighbourRounds(TrainingRows rows, float[] centres, Workers workers) {
    this.rows = rows;
    this.dimension = rows.dimension();
    this.centres = centres;
    this.workers = workers;
  }

  /**
   * Trains on.
   *
   * @param groups the rows of each group
   * @param trained the centroids of each group, row-major
   * @param random what balancing draws from
   * @return all centroids, row-major
   */
  float[] run(Grouping groups, float[][] trained, int iterations, SplittableRandom random) {
    int[] assigned = assignWithin(groups, trained);
    float[] centroids = join(trained);
    if (iterations == 0) {
      return centroids;
    }
    assigned = sortByList(assigned, centroids.length / dimension);
    for (int i = 0; i < iterations; i++) {
      assigned = assignNear(assigned, centroids);
      Grouping lists = Grouping.of(assigned, centroids.length / dimension);
      centroids = Lloyd.means(rows, lists, centroids, workers);
    }
    return new Balance(rows, this::assignNear, random, workers).even(centroids, assigned);
  }

  /**
   * Lays the rows of a list side by side, in a copy, so that rounds read memory nearly from front
   * to back, although some rows move on, and not at random: that takes a fifth off all of training.
   *
   * @return the list of each row, in their new order
   */
  private int[] sortByList(int[] assigned, int lists) {
    int[] order = Grouping.of(assigned, lists).members();
    rows = rows.select(order, workers);
    int[] sorted = new int[order.length];
    Arrays.setAll(sorted, r -> assigned[order[r]]);
    return sorted;
  }

  /** The nearest list of every row, among those near the one it was in. */
  private int[] assignNear(int[] assigned, float[] centroids) {
    int[][] neighbours = neighbours(centroids);
    return assign(Grouping.of(assigned, neighbours.length), centroids, neighbours);
  }

  private static float[] join(float[][] parts) {
    float[] joined = new float[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
    int next = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, joined, next, part.length);
      next += part.length;
    }
    return joined;
  }

  /** The nearest list of each row's own group. */
  private int[] assignWithin(Grouping groups, float[][] trained) {
    int[] firstLists = new int[trained.length + 1];
    for (int g = 0; g < trained.length; g++) {
      firstLists[g + 1] = firstLists[g] + trained[g].length / dimension;
    }
    int[] assigned = new int[rows.count()];
    float[] centroids = join(trained);
    float[] squaredNorms = Assigner.squaredNorms(dimension, centroids);
    workers.forEach(
        trained.length,
        Members::new,
        (members, g) ->
            members.assign(
                groups,
                g,
                centroids,
                squaredNorms,
                IntStream.range(firstLists[g], firstLists[g + 1]).toArray(),
                assigned));
    return assigned;
  }

  private int[] assign(Grouping lists, float[] centroids, int[][] neighbours) {
    float[] squaredNorms = Assigner.squaredNorms(dimension, centroids);
    int[] assigned = new int[rows.count()];
    workers.forEach(
        neighbours.length,
        Members::new,
        (members, list) ->
            members.assign(lists, list, centroids, squaredNorms, neighbours[list], assigned));
    return assigned;
  }

  /** Members of a list side by side, some at a time, in memory that is used again. */
  private final class Members {
    private final float[] values = new float[MEMBERS_AT_ONCE * dimension];
    private final int[] nearest = new int[MEMBERS_AT_ONCE];

    void assign(
        Grouping lists,
        int list,
        float[] centroids,
        float[] squaredNorms,
        int[] candidates,
        int[] assigned) {
      Assigner assigner =
          new Assigner(
              rows.metric(), dimension, centroids, squaredNorms, candidates, rows.kernels());
      int end = lists.starts()[list + 1];
      for (int from = lists.starts()[list]; from < end; from += MEMBERS_AT_ONCE) {
        int count = Math.min(MEMBERS_AT_ONCE, end - from);
        rows.copy(lists.members(), from, from + count, values, 0);
        assigner.assign(values, 0, count, nearest, 0);
        for (int m = 0; m < count; m++) {
          assigned[lists.members()[from + m]] = candidates[nearest[m]];
        }
      }
    }
  }

  /** For each list the nearest ones, its own included. */
  private int[][] neighbours(float[] centroids) {
    TrainingRows points = new TrainingRows(rows.metric(), dimension, centroids, rows.kernels());
    Grouping groups =
        Grouping.of(Lloyd.assign(points, centres, workers), centres.length / dimension);
    int[][] neighbours = new int[points.count()][];
    int limit = Math.max(MIN_NEIGHBOURS, points.count() / LISTS_PER_NEIGHBOUR);
    workers.forEach(
        groups.lists(),
        g -> {
          int[] candidates = listsNear(g, groups);
          float[] vectors = points.select(candidates).values();
          for (int list : groups.membersOf(g)) {
            neighbours[list] =
                Arrays.stream(nearestFirst(centroids, list, vectors))
                    .limit(limit)
                    .map(n -> candidates[n])
                    .toArray();
          }
        });
    return neighbours;
  }

  /** The lists of the groups nearest to a group, its own included. */
  private int[] listsNear(int group, Grouping groups) {
    return Arrays.stream(nearestFirst(centres, group, centres))
        .limit(NEIGHBOUR_GROUPS)
        .flatMap(g -> Arrays.stream(groups.membersOf(g)))
        .sorted()
        .toArray();
  }

  /** The places of vectors by their distance from one row of {@code from}; equals in order. */
  private int[] nearestFirst(float[] from, int row, float[] vectors) {
    int count = vectors.length / dimension;
    float[] query = Arrays.copyOfRange(from, row * dimension, (row + 1) * dimension);
    float[] distances = new float[count];
    kernels.squaredL2(query, vectors, 0, count, dimension, distances);
    long[] keys = new long[count];
    for (int i = 0; i < count; i++) {
      // Distances are not negative, so their bits are in the same order.
      keys[i] = (long) Float.floatToIntBits(distances[i]) << Integer.SIZE | i;
    }
    Arrays.sort(keys);
    return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
  }
}
