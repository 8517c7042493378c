package io.tarn.benchmark;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A data set whose vectors come cluster by cluster, so that what the first of them look like says
 * little of what is to come.
 */
public final class MovingData {
  private static final int SAMPLE_ROWS_PER_CLUSTER = 1000;
  private static final int ITERATIONS = 10;
  private static final long SEED = 42;

  private final Vectors rows;
  private final Vectors queries;
  private final int k;

  private MovingData(Vectors rows, Vectors queries, int k) {
    this.rows = rows;
    this.queries = queries;
    this.k = k;
  }

  /**
   * Orders the first vectors of a data set by clusters, which k-means finds; those of one cluster
   * stay in their order.
   *
   * @param most how many vectors to take at most
   * @param k how many neighbours are to be found
   */
  public static MovingData of(DataSet data, int most, int clusters, int k) {
    Vectors base = data.base().first(most);
    int dimension = base.dimension();
    if (k > base.count()) {
      throw new BenchmarkException("k %d is more than %s has".formatted(k, data.name()));
    }
    int threads = Runtime.getRuntime().availableProcessors();
    float[] sample = base.spread(SAMPLE_ROWS_PER_CLUSTER * (long) clusters).values();
    float[] centres =
        KMeans.train(Metric.L2, dimension, sample, clusters, ITERATIONS, SEED, threads);
    Assigner assigner =
        new Assigner(Model.of(Metric.L2, dimension, centres, Quantizer.byDefault()));
    int[] cluster = new int[base.count()];
    Parallel.ranges(
        base.count(),
        threads,
        (from, to) -> assigner.assign(base.values(), from * dimension, to - from, cluster, from));
    int[] places = new int[centres.length / dimension + 1];
    for (int c : cluster) {
      places[c + 1]++;
    }
    Arrays.parallelPrefix(places, Integer::sum);
    float[] ordered = new float[base.values().length];
    for (int row = 0; row < cluster.length; row++) {
      int place = places[cluster[row]]++;
      System.arraycopy(base.values(), row * dimension, ordered, place * dimension, dimension);
    }
    return new MovingData(new Vectors(dimension, ordered), data.queries(), k);
  }

  /** The vectors in the order in which they come. */
  public Vectors rows() {
    return rows;
  }

  /** How many queries there are. */
  public int queries() {
    return queries.count();
  }

  /** Builds an index of the first rows, as a batch job would. */
  public void build(int count, int nlist, Path folder) throws IOException {
    Files.createDirectories(folder);
    new TarnContender(nlist)
        .build(rows.first(count), folder, Runtime.getRuntime().availableProcessors(), new Phases());
  }

  /** Searches exactly for what is near to the queries among the first rows. */
  public ViewRecall recallOf(int count) {
    Vectors first = rows.first(count);
    int threads = Runtime.getRuntime().availableProcessors();
    return new ViewRecall(
        new DataSet("moving", first, queries, ExactSearch.nearest(first, queries, k, threads)), k);
  }
}
