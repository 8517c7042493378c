package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.segment.RowVectors;

/**
 * Centroids in a byte a value, all on one grid: a quarter of what there is to read to tell which
 * lists are the nearest. How far the distances to them may be off is known well enough to estimate
 * the distances of rows from them.
 */
final class RoundedCentroids {
  private static final int STEPS = 255;

  /** Rounding errors are spread evenly over a step; this is their deviation, in steps. */
  private static final double DEVIATION = Math.sqrt(1 / 12.0);

  /**
   * The most that rounding may move centroids, squared, as a share of their squared distance to
   * their mean. Where it moves them farther, as where some dimensions are much larger than others,
   * it is not worth looking at them first.
   */
  private static final double MAX_MOVED_SHARE = 0.001;

  /** Of a query on the grid: beyond it, sums might overflow. */
  private static final float MAX_LENGTH = 1e15f;

  private final Metric metric;
  private final float least;
  private final float step;
  private final RowVectors rows;

  private RoundedCentroids(Metric metric, float least, float step, RowVectors rows) {
    this.metric = metric;
    this.least = least;
    this.step = step;
    this.rows = rows;
  }

  /**
   * @return null where rounding would move centroids too far
   */
  static RoundedCentroids of(Model model, float[] mean) {
    float[] centroids = model.centroids();
    int dimension = model.dimension();
    float least = Float.POSITIVE_INFINITY;
    float largest = Float.NEGATIVE_INFINITY;
    for (float value : centroids) {
      least = Math.min(least, value);
      largest = Math.max(largest, value);
    }
    float step = (largest - least) / STEPS;
    if (!(step >= Float.MIN_NORMAL && step < Float.POSITIVE_INFINITY)) {
      return null;
    }
    RowVectors.Builder rows = new RowVectors.Builder(dimension, model.listCount());
    float[] row = new float[dimension];
    double moved = 0;
    double spread = 0;
    for (int list = 0; list < model.listCount(); list++) {
      for (int i = 0; i < dimension; i++) {
        float value = centroids[list * dimension + i];
        row[i] = Math.min(STEPS, (int) ((value - least) / step + 0.5f));
        double error = least + (double) step * row[i] - value;
        double distance = (double) value - mean[i];
        moved += error * error;
        spread += distance * distance;
      }
      rows.add(row, 0, 1);
    }
    return moved <= MAX_MOVED_SHARE * spread
        ? new RoundedCentroids(model.metric(), least, step, rows.build())
        : null;
  }

  /** The most memory they take. */
  static long bytesFor(int dimension, int lists) {
    return (long) lists * dimension + RowVectors.LEAD_BYTES + CodeKernels.ROW_PADDING;
  }

  /**
   * Puts a query on the grid.
   *
   * @param queryNorm the length of the query
   * @return whether that can be done
   */
  boolean prepare(float[] query, float queryNorm, GridQuery grid) {
    float scale = 1 / step;
    float length = queryNorm + Math.abs(least) * (float) Math.sqrt(query.length);
    if (metric == Metric.L2) {
      for (int i = 0; i < query.length; i++) {
        grid.values[i] = (query[i] - least) * scale;
      }
      return length * scale < MAX_LENGTH;
    }
    float sum = 0;
    for (int i = 0; i < query.length; i++) {
      grid.values[i] = query[i];
      sum += query[i];
    }
    grid.constant = least * sum;
    return length < MAX_LENGTH;
  }

  /**
   * By how much distances by the metric are off: their standard error. Errors of values are
   * independent of each other and of the query, so that their products with it add up as random
   * numbers do.
   *
   * @param spread the Euclidean distance of query and centroid
   * @param queryNorm the length of the query
   */
  float standardError(float spread, float queryNorm) {
    double ofValue = step * DEVIATION;
    return (float)
        (metric == Metric.L2
            ? 2 * spread * ofValue + rows.dimension() * ofValue * ofValue
            : queryNorm * ofValue);
  }

  /** Asks memory for some of them; see {@link RowVectors#touch}. */
  int touch(int[] lists, int count) {
    return rows.touch(lists, 0, count);
  }

  /** About the distances by the metric of a query and some of them. */
  void distances(GridQuery query, int[] lists, int count, float[] distances) {
    if (metric == Metric.L2) {
      rows.squaredL2(query.values, lists, 0, count, distances);
      for (int i = 0; i < count; i++) {
        distances[i] *= step * step;
      }
      return;
    }
    rows.dot(query.values, lists, 0, count, distances);
    for (int i = 0; i < count; i++) {
      float product = query.constant + step * distances[i];
      distances[i] = metric == Metric.COSINE ? 1 - product : -product;
    }
  }

  /** A query as these are compared with. */
  static final class GridQuery {
    private final float[] values;
    private float constant;

    GridQuery(int dimension) {
      this.values = new float[dimension];
    }
  }
}
