package io.tarn.benchmark;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A mixture of Gaussians: centres spread normally, clusters whose weights differ by some two orders
 * of magnitude, and in each cluster a spread of its own that falls off from one direction to the
 * next, each cluster ranking the directions differently. So its neighbourhoods have fewer
 * dimensions than its vectors, as those of embeddings do.
 *
 * <p>Rows are drawn in chunks, each from a seed of its own: the first rows of a larger set are
 * those of a smaller one, whatever the number of threads.
 */
final class Mixture {
  private static final int CHUNK_ROWS = 4096;

  /** The standard deviation of the logarithm of a cluster's weight. */
  private static final double WEIGHT_SPREAD = 1;

  /** A cluster's standard deviation along its widest direction, where the centres' is 1. */
  private static final double MIN_WIDTH = 0.5;

  private static final double MAX_WIDTH = 1.5;

  /** How fast widths fall: the j-th widest direction has 1 / (1 + j)^this of the widest. */
  private static final double WIDTH_DECAY = 0.5;

  private static final long QUERY_STREAM = 0x5155_4552_59L;

  private final int dimension;
  private final long seed;
  private final double[] cumulativeWeights;
  private final float[] centres;
  private final float[] widths;

  private Mixture(int dimension, int clusters, long seed) {
    this.dimension = dimension;
    this.seed = seed;
    this.cumulativeWeights = new double[clusters];
    this.centres = new float[clusters * dimension];
    this.widths = new float[clusters * dimension];
    SplittableRandom random = new SplittableRandom(seed);
    double total = 0;
    for (int c = 0; c < clusters; c++) {
      total += Math.exp(random.nextGaussian(0, WEIGHT_SPREAD));
      cumulativeWeights[c] = total;
      double widest = random.nextDouble(MIN_WIDTH, MAX_WIDTH);
      int[] rank = shuffled(dimension, random);
      for (int i = 0; i < dimension; i++) {
        centres[c * dimension + i] = (float) random.nextGaussian();
        widths[c * dimension + i] = (float) (widest / Math.pow(1 + rank[i], WIDTH_DECAY));
      }
    }
  }

  static Mixture of(DataSource.Generated source) {
    return new Mixture(source.dimension(), source.clusters(), source.seed());
  }

  private static int[] shuffled(int count, SplittableRandom random) {
    int[] order = IntStream.range(0, count).toArray();
    for (int i = count - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[other];
      order[other] = swapped;
    }
    return order;
  }

  DataSet draw(String name, int rows, int queries) {
    return new DataSet(name, draw(rows, 0), draw(queries, QUERY_STREAM), List.of());
  }

  private Vectors draw(int rows, long stream) {
    float[] values = new float[rows * dimension];
    int chunks = (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
    IntStream.range(0, chunks)
        .parallel()
        .forEach(
            chunk -> {
              SplittableRandom random =
                  new SplittableRandom((seed + stream) * 1_000_003 + chunk).split();
              int from = chunk * CHUNK_ROWS;
              for (int row = from; row < Math.min(rows, from + CHUNK_ROWS); row++) {
                draw(random, values, row * dimension);
              }
            });
    return new Vectors(dimension, values);
  }

  private void draw(SplittableRandom random, float[] values, int offset) {
    double weight = random.nextDouble(cumulativeWeights[cumulativeWeights.length - 1]);
    int low = 0;
    int high = cumulativeWeights.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (cumulativeWeights[middle] > weight) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    int cluster = low * dimension;
    for (int i = 0; i < dimension; i++) {
      values[offset + i] =
          (float) (centres[cluster + i] + widths[cluster + i] * random.nextGaussian());
    }
  }
}
