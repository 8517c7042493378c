package io.tarn.index.centroid;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * k-means of k-means, for many lists. The rows are divided into about as many groups as the square
 * root of the lists wanted; each group gets its share of the lists, in proportion to its rows, and
 * trains them by itself; rounds over all rows then move the borders that the groups had drawn. So a
 * row meets some multiple of the square root of the lists instead of all of them, and lists are
 * more alike in size than those of flat k-means.
 */
final class Hierarchy {
  /** A group's centre is found well enough with a sample of its rows. */
  private static final int ROWS_PER_GROUP = 256;

  /**
   * Rounds over all rows for each iteration asked for: a round costs less than an iteration that
   * compares rows with all lists of their group, let alone with all. With one, recall in the
   * nearest list alone is 0.003 lower on sift1m with 1,024 lists than that of as many iterations of
   * plain k-means; with two it is the same, and 0.003 higher in the nearest four.
   */
  private static final int ROUNDS_PER_ITERATION = 2;

  private final TrainingRows rows;
  private final int lists;
  private final int iterations;
  private final SplittableRandom random;
  private final Workers workers;

  private Hierarchy(
      TrainingRows rows, int lists, int iterations, SplittableRandom random, Workers workers) {
    this.rows = rows;
    this.lists = lists;
    this.iterations = iterations;
    this.random = random;
    this.workers = workers;
  }

  /** Trains lists; fewer than wanted if there are fewer distinct rows. */
  static float[] train(TrainingRows rows, int lists, int iterations, long seed, Workers workers) {
    return new Hierarchy(rows, lists, iterations, new SplittableRandom(seed), workers).train();
  }

  private float[] train() {
    int wanted = (int) Math.ceil(Math.sqrt(lists));
    TrainingRows sample = rows.draw(wanted * ROWS_PER_GROUP, random.split());
    float[] centres = Lloyd.train(sample, wanted, iterations, random.nextLong(), workers);
    Grouping groups =
        Grouping.of(Lloyd.assign(rows, centres, workers), centres.length / rows.dimension());
    for (int g = 0; g < groups.lists(); g++) {
      if (groups.size(g) == rows.count()) {
        float[] flat = Lloyd.train(rows, lists, iterations, random.nextLong(), workers);
        return iterations == 0 ? flat : Lloyd.balance(rows, flat, random.nextLong(), workers);
      }
    }
    float[][] trained = trainGroups(groups, shares(groups));
    NeighbourRounds rounds = new NeighbourRounds(rows, centres, workers);
    return rounds.run(groups, trained, ROUNDS_PER_ITERATION * iterations, random);
  }

  private float[][] trainGroups(Grouping groups, int[] shares) {
    long[] seeds = random.longs(groups.lists()).toArray();
    float[][] trained = new float[groups.lists()][];
    int[] largestFirst = largestFirst(groups);
    workers.forEach(
        groups.lists(),
        task -> {
          int g = largestFirst[task];
          TrainingRows members = rows.select(groups.membersOf(g));
          trained[g] = KMeans.train(members, shares[g], iterations, seeds[g], Workers.none());
        });
    return trained;
  }

  /** An order in which no thread is left alone with a large group at the end. */
  private static int[] largestFirst(Grouping groups) {
    Integer[] order = new Integer[groups.lists()];
    Arrays.setAll(order, g -> g);
    Arrays.sort(order, Comparator.comparingInt(g -> -groups.size(g)));
    return Arrays.stream(order).mapToInt(g -> g).toArray();
  }

  /**
   * Each group's lists: in proportion to its rows, but no more than it has distinct ones, so that
   * as many lists come out as flat k-means would give.
   */
  private int[] shares(Grouping groups) {
    int[] limits = new int[groups.lists()];
    Arrays.setAll(limits, groups::size);
    int[] distinct = new int[groups.lists()];
    int[] shares;
    boolean limited;
    do {
      shares = allot(groups, limits, lists);
      limited = false;
      for (int g = 0; g < shares.length; g++) {
        if (shares[g] > distinct[g]) {
          distinct[g] = rows.countDistinct(groups.membersOf(g), shares[g]);
          if (distinct[g] < shares[g]) {
            limits[g] = distinct[g];
            limited = true;
          }
        }
      }
    } while (limited);
    return shares;
  }

  /** A group, and how many rows each of its lists would have with one list more. */
  private record Claim(int group, double rowsPerList) {}

  /**
   * Gives out lists one by one, each to the group whose lists would be the largest even with it
   * (the highest averages of D'Hondt); a first one to every group that has any rows.
   *
   * @param limits the most lists a group can use
   */
  static int[] allot(Grouping groups, int[] limits, int lists) {
    PriorityQueue<Claim> claims =
        new PriorityQueue<>(
            Comparator.comparingDouble(Claim::rowsPerList)
                .reversed()
                .thenComparingInt(Claim::group));
    for (int g = 0; g < groups.lists(); g++) {
      if (limits[g] > 0) {
        claims.add(new Claim(g, Double.POSITIVE_INFINITY));
      }
    }
    int[] shares = new int[groups.lists()];
    for (int given = 0; given < lists && !claims.isEmpty(); given++) {
      int g = claims.remove().group();
      shares[g]++;
      if (shares[g] < limits[g]) {
        claims.add(new Claim(g, (double) groups.size(g) / (shares[g] + 1)));
      }
    }
    return shares;
  }
}
