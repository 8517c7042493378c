package io.tarn.spark.reduce;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
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
    double[] mean = new double[dimension];
    int rowCount = rows.length / dimension;
    for (int i = 0; i < rows.length; i++) {
      mean[i % dimension] += (double) rows[i] / rowCount;
    }
    List<Vector> vectors = new ArrayList<>();
    for (int row = 0; row < rowCount; row++) {
      double[] values = new double[dimension];
      for (int i = 0; i < dimension; i++) {
        values[i] = rows[row * dimension + i] - mean[i];
      }
      vectors.add(Vectors.dense(values));
    }
    // One partition: sums over several would depend on the order in which tasks end.
    Matrix components =
        new RowMatrix(
                JavaSparkContext.fromSparkContext(spark.sparkContext())
                    .parallelize(vectors, 1)
                    .rdd())
            .computePrincipalComponents(count);
    return new PrincipalAxes(dimension, components.toArray());
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
