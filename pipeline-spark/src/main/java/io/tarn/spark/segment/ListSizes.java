package io.tarn.spark.segment;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.Model;
import io.tarn.spark.train.Sample;

/**
 * What is left of a sample when its rows are not needed any more.
 *
 * @param sampled how many rows of the sample each list has, in the order of the model's lists
 * @param features how many features there were to draw from
 * @param deletes how many deletes were among the rows
 */
public record ListSizes(long[] sampled, long features, long deletes) {
  private static final int MAX_ROWS = 65_536;

  /** Assigns the rows of a sample, or enough of them, to lists. */
  public static ListSizes of(Sample sample, Model model) {
    int rows = Math.min(sample.rowCount(), MAX_ROWS);
    int[] lists = new int[rows];
    new Assigner(model).assign(sample.rows(), 0, rows, lists, 0);
    long[] sampled = new long[model.listCount()];
    for (int list : lists) {
      sampled[list]++;
    }
    return new ListSizes(sampled, sample.features(), sample.deletes());
  }
}
