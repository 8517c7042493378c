package io.tarn.spark.neighbours;

import io.tarn.spark.reduce.PrincipalAxes;
import java.io.Serializable;

/**
 * The coordinates of vectors along few axes at right angles, those along which they differ most:
 * two vectors are never nearer to each other than their coordinates are. So hardly any pair of rows
 * needs more than these to be told apart.
 */
final class Projection implements Serializable {
  /** What the vector units of processors take at a time. */
  static final int AXES = 16;

  /** Shorter vectors are compared as quickly themselves. */
  static final int MIN_DIMENSION = 3 * AXES;

  private final PrincipalAxes axes;

  Projection(PrincipalAxes axes) {
    this.axes = axes;
  }

  /** The coordinates of rows, axis by axis. */
  float[] project(float[] vectors, int count) {
    float[] projected = new float[count * axes.count()];
    float[] one = new float[axes.count()];
    for (int i = 0; i < count; i++) {
      axes.project(vectors, i * axes.dimension(), one, 0);
      for (int axis = 0; axis < one.length; axis++) {
        projected[axis * count + i] = one[axis];
      }
    }
    return projected;
  }
}
