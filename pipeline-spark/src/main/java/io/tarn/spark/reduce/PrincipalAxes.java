package io.tarn.spark.reduce;

import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.mllib.linalg.Matrix;
import org.apache.spark.mllib.linalg.Vector;
import org.apache.spark.mllib.linalg.Vectors;
import org.apache.spark.mllib.linalg.distributed.RowMatrix;
import org.apache.spark.sql.SparkSession;

/**
 * The axes, at right angles to each other, along which vectors differ most: principal component
 * analysis, by MLlib.
 */
public final class PrincipalAxes implements Serializable {
  private final int dimension;

  /** Axis by axis. */
  private final double[] axes;

  private PrincipalAxes(int dimension, double[] axes) {
    this.dimension = dimension;
    this.axes = axes;
  }

  /**
   * Finds axes. The same rows in the same order give the same axes.
   *
   * @param rows row-major, at least two
   * @param count how many axes, the most telling first
   */
  public static PrincipalAxes of(SparkSession spark, float[] rows, int dimension, int count) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    // What a task is started with is meant to be small.
    Broadcast<float[]> shared = context.broadcast(rows);
    double[] mean = mean(rows, dimension);
    // One partition: sums over several would depend on the order in which tasks end.
    JavaRDD<Vector> centred =
        context
            .parallelize(List.of(dimension), 1)
            .flatMap(each -> centred(shared.value(), mean).iterator());
    Matrix components = new RowMatrix(centred.rdd()).computePrincipalComponents(count);
    shared.destroy();
    return new PrincipalAxes(dimension, components.toArray());
  }

  private static double[] mean(float[] rows, int dimension) {
    double[] mean = new double[dimension];
    int rowCount = rows.length / dimension;
    for (int i = 0; i < rows.length; i++) {
      mean[i % dimension] += (double) rows[i] / rowCount;
    }
    return mean;
  }

  private static Stream<Vector> centred(float[] rows, double[] mean) {
    int dimension = mean.length;
    return IntStream.range(0, rows.length / dimension)
        .mapToObj(
            row -> {
              double[] values = new double[dimension];
              for (int i = 0; i < dimension; i++) {
                values[i] = rows[row * dimension + i] - mean[i];
              }
              return Vectors.dense(values);
            });
  }

  /** How many axes there are. */
  public int count() {
    return axes.length / dimension;
  }

  /** Values of a vector. */
  public int dimension() {
    return dimension;
  }

  /** The coordinates of a vector, as {@code org.apache.spark.ml.feature.PCAModel} gives them. */
  public void project(float[] vectors, int at, float[] out, int outAt) {
    for (int axis = 0; axis < count(); axis++) {
      double sum = 0;
      int axisAt = axis * dimension;
      for (int i = 0; i < dimension; i++) {
        sum += vectors[at + i] * axes[axisAt + i];
      }
      out[outAt + axis] = (float) sum;
    }
  }
}
