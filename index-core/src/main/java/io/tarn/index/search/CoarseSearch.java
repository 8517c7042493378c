package io.tarn.index.search;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import io.tarn.index.quantize.RaBitQCoder;
import io.tarn.index.quantize.RowCode;
import io.tarn.index.segment.CodeColumns;

/**
 * Finds the lists nearest to a query, at a cost that grows with the square root of their number
 * where they are many.
 *
 * <p>The centroids are an index of their own: coded as rows are, with the same tables, and, where
 * they are many, put into about sqrt(lists) groups by k-means. A query looks at the codes, of all
 * or of those in the groups nearest to it until it has seen many times as many centroids as it
 * wants, and computes the distances of those it wants and of some to spare, the more so the fewer
 * dimensions a code has to average over: from {@link RoundedCentroids}, as long as that leaves them
 * certain enough.
 */
final class CoarseSearch {
  /** Up to so many lists, all distances are computed. */
  private static final int MAX_EXACT_LISTS = 64;

  /** Up to so many lists, there is one group: to look at all codes is no more work than groups. */
  private static final int MAX_FLAT_LISTS = 4096;

  private static final int GROUPING_ROUNDS = 8;

  /** Products; fewer take less time than compiling the fastest kernels. */
  private static final long MAX_PLAIN_WORK = 1L << 29;

  private static final long GROUPING_SEED = 1;

  /** Codes looked at for each list wanted, and for each group. */
  private static final int SEEN_PER_LIST = 24;

  private static final int SEEN_PER_GROUP = 16;

  /** So many lists more are compared without rounding, if any. */
  private static final int SPARE_ROUNDED = 8;

  /**
   * The most that distances of lists may be off, as a share of the squared distance of the nearest:
   * a fraction of what the distances of rows are that codes of one bit give.
   */
  private static final float MAX_ERROR_SHARE = 0.02f;

  /** Distances computed beyond those wanted: some, and some for each list wanted. */
  private static final int SPARE = 24;

  private static final double SPARE_PER_LIST = 1.5;

  /** Of how many dimensions this is true; errors of codes fall with the root of their number. */
  private static final double SPARE_DIMENSION = 128;

  private final Model model;
  private final float[] squaredNorms;
  private final double spareFactor;

  /** Row-major; the members of group g are {@code members[groupStarts[g]]} up to the next. */
  private final float[] groupCenters;

  private final int[] groupStarts;
  private final int[] members;
  private final CodeBlocks blocks;

  /** Null where they would not do, or where there are few. */
  private final RoundedCentroids rounded;

  CoarseSearch(Model model, float[] mean) {
    this.model = model;
    int lists = model.listCount();
    this.squaredNorms = new float[lists];
    for (int list = 0; list < lists; list++) {
      int at = list * model.dimension();
      squaredNorms[list] =
          Kernels.ready().dot(model.centroids(), at, model.centroids(), at, model.dimension());
    }
    this.spareFactor = Math.sqrt(SPARE_DIMENSION / model.dimension());
    this.groupCenters = groupCenters(model, mean);
    int[] groups = new int[lists];
    new Assigner(groupingMetric(model), model.dimension(), groupCenters, groupingKernels(model))
        .assign(model.centroids(), 0, lists, groups, 0);
    this.groupStarts = new int[groupCenters.length / model.dimension() + 1];
    for (int group : groups) {
      groupStarts[group + 1]++;
    }
    for (int group = 1; group < groupStarts.length; group++) {
      groupStarts[group] += groupStarts[group - 1];
    }
    this.members = new int[lists];
    int[] next = groupStarts.clone();
    for (int list = 0; list < lists; list++) {
      members[next[groups[list]]++] = list;
    }
    this.blocks =
        CodeBlocks.of(
            model.dimension(), codes(mean), groupStarts, (group, rows) -> (bits, at) -> 0);
    this.rounded = lists <= MAX_EXACT_LISTS ? null : RoundedCentroids.of(model, mean);
  }

  private static Metric groupingMetric(Model model) {
    return model.metric() == Metric.COSINE ? Metric.COSINE : Metric.L2;
  }

  private static float[] groupCenters(Model model, float[] mean) {
    if (model.listCount() <= MAX_FLAT_LISTS) {
      return mean.clone();
    }
    return KMeans.train(
        groupingMetric(model),
        model.dimension(),
        model.centroids(),
        groups(model),
        GROUPING_ROUNDS,
        GROUPING_SEED,
        1,
        groupingKernels(model));
  }

  private static int groups(Model model) {
    return (int) Math.round(Math.sqrt(model.listCount()));
  }

  private static VectorKernels groupingKernels(Model model) {
    long work = (long) model.centroids().length * groups(model) * (GROUPING_ROUNDS + 1);
    return work <= MAX_PLAIN_WORK ? Kernels.scalar() : Kernels.best();
  }

  private CodeColumns codes(float[] mean) {
    RaBitQCoder coder = new RaBitQCoder(model.metric(), model.dimension());
    RowCode code = new RowCode(model.dimension());
    int codeBytes = code.bits.length;
    CodeColumns codes =
        new CodeColumns(
            new byte[members.length * codeBytes],
            new float[members.length],
            new float[members.length],
            new float[members.length]);
    for (int i = 0; i < members.length; i++) {
      coder.encode(model.centroids(), members[i] * model.dimension(), mean, 0, code);
      System.arraycopy(code.bits, 0, codes.bits(), i * codeBytes, codeBytes);
      codes.offsets()[i] = code.offset;
      codes.scales()[i] = code.scale;
      codes.errors()[i] = code.error;
    }
    return codes;
  }

  /**
   * Finds the {@code wanted} lists nearest to the query, the nearest first, and leaves them in the
   * scratch's probes. Where the scratch says that their distances are rounded, they are off by
   * {@link #probeError} at most, for all that bounds promise. The scratch's tables are those of the
   * query.
   */
  void nearest(float[] query, float squaredQueryNorm, int wanted, SearchScratch scratch) {
    near(query, squaredQueryNorm, wanted, wanted, scratch);
    refine(query, wanted, scratch);
  }

  /**
   * As {@link #nearest}, with a few lists more, and nothing done yet about rounding.
   *
   * @param certain so many shall be found as surely as if no more were wanted
   */
  void near(float[] query, float squaredQueryNorm, int wanted, int certain, SearchScratch scratch) {
    int lists = model.listCount();
    int spare = (int) (spareFactor * (SPARE + SPARE_PER_LIST * certain));
    scratch.probes.clear();
    boolean few = lists <= MAX_EXACT_LISTS || wanted + spare >= lists;
    int found = few || !scratch.tables.isUsable() ? 0 : select(query, wanted, spare, scratch);
    if (found < wanted) {
      scratch.probesAreRounded = false;
      for (int list = 0; list < lists; list++) {
        scratch.probes.add(distance(query, list), list);
      }
    } else {
      float queryNorm = (float) Math.sqrt(squaredQueryNorm);
      scratch.probesAreRounded = rounded != null && rounded.prepare(query, queryNorm, scratch.grid);
      offerSelected(query, found, scratch);
    }
    scratch.probes.sort(wanted + SPARE_ROUNDED);
    if (scratch.probesAreRounded && !isCertain(squaredQueryNorm, scratch)) {
      scratch.probesAreRounded = false;
      scratch.probes.clear();
      offerSelected(query, found, scratch);
      scratch.probes.sort(wanted + SPARE_ROUNDED);
    }
  }

  /** Whether rounding leaves it certain enough how far the nearest list is. */
  private boolean isCertain(float squaredQueryNorm, SearchScratch scratch) {
    float distance = scratch.probes.distance(0);
    float spread = spread(scratch.probes.list(0), distance, squaredQueryNorm);
    return probeError(spread, squaredQueryNorm) <= MAX_ERROR_SHARE * spread * spread;
  }

  /**
   * Keeps the first {@code count} probes. If they are few, so that it matters which they are,
   * rounding is first undone.
   */
  void refine(float[] query, int count, SearchScratch scratch) {
    if (scratch.probesAreRounded && count <= SPARE_ROUNDED) {
      settle(query, count + SPARE_ROUNDED, scratch);
    }
    scratch.probes.keep(count);
  }

  /** By how much the distance of a probe that is rounded may be off, as certain as bounds are. */
  float probeError(float spread, float squaredQueryNorm) {
    float queryNorm = (float) Math.sqrt(squaredQueryNorm);
    return CodeBlocks.errors(model.dimension()) * rounded.standardError(spread, queryNorm);
  }

  /** Computes the distances of the first {@code count} probes, and forgets the others. */
  private void settle(float[] query, int count, SearchScratch scratch) {
    ListsByDistance probes = scratch.probes;
    int settled = Math.min(count, probes.size());
    for (int from = 0; from < settled; from += SearchScratch.ROWS) {
      int rows = Math.min(SearchScratch.ROWS, settled - from);
      int touched = 0;
      for (int i = 0; i < rows; i++) {
        scratch.rows[i] = probes.list(from + i);
        touched += touch(scratch.rows[i]);
      }
      scratch.touched = touched;
      distances(query, model.centroids(), scratch.rows, rows, scratch.distances);
      for (int i = 0; i < rows; i++) {
        probes.set(from + i, scratch.distances[i]);
      }
    }
    probes.keep(settled);
    probes.sort(settled);
    scratch.probesAreRounded = false;
  }

  /** Finds the lists that are near by their codes. */
  private int select(float[] query, int wanted, int spare, SearchScratch scratch) {
    scratch.near.clear();
    scanGroups(query, wanted, scratch);
    return scratch.near.select(wanted + spare, Kernels.ready());
  }

  /** Adds the lists that were found by their codes, with their distances, perhaps rounded. */
  private void offerSelected(float[] query, int found, SearchScratch scratch) {
    int touched = 0;
    for (int from = 0; from < found; from += SearchScratch.ROWS) {
      int rows = Math.min(SearchScratch.ROWS, found - from);
      for (int i = 0; i < rows; i++) {
        scratch.rows[i] = members[scratch.near.number(from + i)];
      }
      // Asked for together, centroids that lie apart in memory arrive in the time of one.
      if (scratch.probesAreRounded) {
        touched += rounded.touch(scratch.rows, rows);
        rounded.distances(scratch.grid, scratch.rows, rows, scratch.distances);
      } else {
        for (int i = 0; i < rows; i++) {
          touched += touch(scratch.rows[i]);
        }
        distances(query, model.centroids(), scratch.rows, rows, scratch.distances);
      }
      for (int i = 0; i < rows; i++) {
        scratch.probes.add(scratch.distances[i], scratch.rows[i]);
      }
    }
    scratch.touched = touched;
  }

  private int touch(int list) {
    int dimension = model.dimension();
    int at = list * dimension;
    float[] centroids = model.centroids();
    return Float.floatToRawIntBits(centroids[at])
        + Float.floatToRawIntBits(centroids[at + dimension / 4])
        + Float.floatToRawIntBits(centroids[at + dimension / 2])
        + Float.floatToRawIntBits(centroids[at + dimension - 1]);
  }

  private void scanGroups(float[] query, int wanted, SearchScratch scratch) {
    int groups = groupStarts.length - 1;
    if (groups == 1) {
      scanGroup(0, scratch);
      return;
    }
    ListsByDistance order = scratch.groups;
    order.clear();
    for (int from = 0; from < groups; from += SearchScratch.ROWS) {
      int count = Math.min(SearchScratch.ROWS, groups - from);
      for (int i = 0; i < count; i++) {
        scratch.rows[i] = from + i;
      }
      distances(query, groupCenters, scratch.rows, count, scratch.distances);
      for (int i = 0; i < count; i++) {
        order.add(scratch.distances[i], from + i);
      }
    }
    order.sort(groups);
    int enough = SEEN_PER_LIST * wanted + SEEN_PER_GROUP * groups;
    int seen = 0;
    for (int i = 0; i < groups && seen < enough; i++) {
      int group = order.list(i);
      scanGroup(group, scratch);
      seen += groupStarts[group + 1] - groupStarts[group];
    }
  }

  private void scanGroup(int group, SearchScratch scratch) {
    CodeKernels kernels = Kernels.readyCodes();
    int first = blocks.firstSlot(group);
    int end = first + groupStarts[group + 1] - groupStarts[group];
    for (int block = first >> 6; block << 6 < end; block++) {
      int slot = block << 6;
      int room = scratch.near.room();
      kernels.scanBlock(
          blocks.bytes(),
          blocks.at(block),
          blocks.pairs(),
          scratch.tables.tables(),
          blocks.parameters(),
          block * CodeKernels.BLOCK_PARAMETERS,
          0,
          scratch.tables.step(),
          scratch.tables.bias(),
          0,
          Float.NEGATIVE_INFINITY,
          scratch.near.values(),
          scratch.near.values(),
          room);
      scratch.near.add(
          Math.max(0, first - slot),
          Math.min(CodeKernels.BLOCK_ROWS, end - slot),
          groupStarts[group] + slot - first);
    }
  }

  /** By the metric, as between a query and features; {@code numbers} says which centers. */
  private void distances(
      float[] query, float[] centers, int[] numbers, int count, float[] distances) {
    VectorKernels vectors = Kernels.ready();
    if (model.metric() == Metric.L2) {
      vectors.squaredL2(query, centers, 0, numbers, 0, count, model.dimension(), distances);
      return;
    }
    vectors.dot(query, centers, 0, numbers, 0, count, model.dimension(), distances);
    for (int i = 0; i < count; i++) {
      distances[i] = model.metric() == Metric.COSINE ? 1 - distances[i] : -distances[i];
    }
  }

  /** The distance of a query and a list's centroid by the metric. */
  float distance(float[] query, int list) {
    return distance(query, model.centroids(), list);
  }

  private float distance(float[] query, float[] centers, int i) {
    VectorKernels vectors = Kernels.ready();
    int at = i * model.dimension();
    if (model.metric() == Metric.L2) {
      return vectors.squaredL2(query, 0, centers, at, model.dimension());
    }
    float product = vectors.dot(query, 0, centers, at, model.dimension());
    return model.metric() == Metric.COSINE ? 1 - product : -product;
  }

  /**
   * The Euclidean distance of query and centroid, whose distance by the metric is known; rather too
   * large where it is the small difference of large numbers.
   */
  float spread(int list, float distance, float squaredQueryNorm) {
    float squared =
        switch (model.metric()) {
          case L2 -> distance;
          case COSINE -> squaredNorms[list] + squaredQueryNorm + 2 * (distance - 1);
          case INNER_PRODUCT -> squaredNorms[list] + squaredQueryNorm + 2 * distance;
        };
    return (float) Math.sqrt(Math.max(0, squared) + rounding(list, distance, squaredQueryNorm));
  }

  /** More than the rounding of the distance by the metric of query and centroid. */
  float rounding(int list, float distance, float squaredQueryNorm) {
    return CodeBlocks.ROUNDING
        * (model.metric() == Metric.L2 ? distance : squaredNorms[list] + squaredQueryNorm);
  }
}
