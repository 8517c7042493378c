package io.tarn.spark.advise;

import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import io.tarn.spark.reduce.PrincipalAxes;
import io.tarn.spark.rows.Packed;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * Measures settings on a sample of vectors: builds an index with each, in tasks, and searches it
 * with vectors of the sample that were kept out of it. The truth is found by comparing with every
 * row, by all values. The same sample and seed give the same advice.
 */
public final class Advisor {
  private final SparkSession spark;
  private final Metric metric;
  private final int dimension;
  private final int k;
  private final double wantedRecall;
  private final long seed;

  /** What tasks need. */
  private record Setup(
      Metric metric,
      int dimension,
      int k,
      double wantedRecall,
      long seed,
      long allRows,
      float[] rows,
      float[] queries,
      int[][] truth,
      PrincipalAxes axes)
      implements Serializable {}

  /** Candidates that have their lists in common. */
  private record Lists(ArrayList<Candidate> candidates) implements Serializable {}

  /** What came of them. */
  private record Measured(ArrayList<Advice> advice) implements Serializable {}

  public Advisor(
      SparkSession spark, Metric metric, int dimension, int k, double wantedRecall, long seed) {
    this.spark = spark;
    this.metric = metric;
    this.dimension = dimension;
    this.k = k;
    this.wantedRecall = wantedRecall;
    this.seed = seed;
  }

  /**
   * Measures candidates.
   *
   * @param sample vectors in stored form, row-major, in random order
   * @param queryCount how many of them are taken for queries: the first ones
   * @param allRows how many rows the sample stands for
   * @return the advice for each, in their order
   */
  public List<Advice> measure(
      List<Candidate> candidates, float[] sample, int queryCount, long allRows) {
    float[] queries = Arrays.copyOf(sample, queryCount * dimension);
    float[] rows = Arrays.copyOfRange(sample, queries.length, sample.length);
    int fewest = candidates.stream().mapToInt(Candidate::dimension).min().orElse(dimension);
    int most =
        candidates.stream()
            .mapToInt(Candidate::dimension)
            .filter(d -> d < dimension)
            .max()
            .orElse(0);
    PrincipalAxes axes = fewest < dimension ? PrincipalAxes.of(spark, rows, dimension, most) : null;
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Broadcast<Packed<Setup>> setup =
        context.broadcast(
            Packed.of(
                new Setup(
                    metric,
                    dimension,
                    k,
                    wantedRecall,
                    seed,
                    allRows,
                    rows,
                    queries,
                    truth(rows, queries),
                    axes)));
    List<Packed<Lists>> groups = groups(candidates);
    Map<Candidate, Advice> found = new LinkedHashMap<>();
    for (Packed<Measured> measured :
        context
            .parallelize(groups, groups.size())
            .map(group -> Packed.of(measure(group.get(), setup.value().get())))
            .collect()) {
      measured.get().advice().forEach(advice -> found.put(advice.candidate(), advice));
    }
    setup.destroy();
    return candidates.stream().map(found::get).toList();
  }

  private static List<Packed<Lists>> groups(List<Candidate> candidates) {
    Map<List<Integer>, ArrayList<Candidate>> groups = new LinkedHashMap<>();
    for (Candidate candidate : candidates) {
      groups
          .computeIfAbsent(
              List.of(candidate.nlist(), candidate.dimension()), key -> new ArrayList<>())
          .add(candidate);
    }
    Collection<ArrayList<Candidate>> each = groups.values();
    return each.stream().map(group -> Packed.of(new Lists(group))).toList();
  }

  private static Measured measure(Lists lists, Setup setup) throws IOException {
    int reduced = lists.candidates().get(0).dimension();
    float[] rows = reduced(setup.rows(), setup, reduced);
    float[] queries = reduced(setup.queries(), setup, reduced);
    return new Measured(
        new ArrayList<>(
            new Trial(setup.metric(), setup.k(), setup.wantedRecall(), setup.allRows())
                .run(lists.candidates(), rows, queries, setup.truth(), setup.seed())));
  }

  private static float[] reduced(float[] vectors, Setup setup, int to) {
    if (to == setup.dimension()) {
      return vectors;
    }
    int count = vectors.length / setup.dimension();
    float[] all = new float[setup.axes().count()];
    float[] reduced = new float[count * to];
    for (int i = 0; i < count; i++) {
      setup.axes().project(vectors, i * setup.dimension(), all, 0);
      System.arraycopy(all, 0, reduced, i * to, to);
    }
    return reduced;
  }

  /** The numbers of the k nearest rows of each query; of equals the first. */
  private int[][] truth(float[] rows, float[] queries) {
    VectorKernels kernels = Kernels.best();
    int count = rows.length / dimension;
    int[][] truth = new int[queries.length / dimension][];
    float[] distances = new float[count];
    for (int q = 0; q < truth.length; q++) {
      float[] query = Arrays.copyOfRange(queries, q * dimension, (q + 1) * dimension);
      if (metric == Metric.L2) {
        kernels.squaredL2(query, rows, 0, count, dimension, distances);
      } else {
        kernels.dot(query, rows, 0, count, dimension, distances);
        for (int i = 0; i < count; i++) {
          distances[i] = -distances[i];
        }
      }
      truth[q] = nearest(distances);
    }
    return truth;
  }

  private int[] nearest(float[] distances) {
    long[] keys = new long[distances.length];
    for (int i = 0; i < keys.length; i++) {
      int bits = Float.floatToIntBits(distances[i]);
      // In the order of the numbers, negative ones too.
      int ordered = bits < 0 ? ~bits ^ Integer.MIN_VALUE : bits;
      keys[i] = (long) ordered << Integer.SIZE | i;
    }
    Arrays.sort(keys);
    return Arrays.stream(keys).limit(k).mapToInt(key -> (int) key).toArray();
  }

  /**
   * The candidate that reaches the wanted recall at the least cost, and takes no more memory than
   * allowed; of equals the one that takes less memory, then the first.
   *
   * @param bytesPerRow the most memory a row may take, if there is a limit
   * @param mapped whether vectors stay in the files
   * @return empty if no candidate does
   */
  public Optional<Advice> best(List<Advice> advice, Optional<Double> bytesPerRow, boolean mapped) {
    return advice.stream()
        .filter(each -> each.recall() >= wantedRecall)
        .filter(
            each ->
                bytesPerRow.isEmpty()
                    || (mapped ? each.codeBytes() : each.memoryBytes()) <= bytesPerRow.get())
        .min(
            Comparator.comparingDouble(Advice::queryBytes)
                .thenComparingDouble(Advice::memoryBytes));
  }
}
