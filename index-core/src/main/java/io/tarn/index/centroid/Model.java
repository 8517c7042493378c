package io.tarn.index.centroid;

import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import java.io.Serializable;

/**
 * What training made: the centroids of the lists, and how vectors are coded.
 *
 * @param metric the metric it was trained for
 * @param dimension floats of a centroid
 * @param listIds the id of each list, ascending; ids are never used again once a list is gone
 * @param centroids row-major: the centroid of list {@code listIds[i]} begins at {@code i *
 *     dimension}
 * @param quantizer the codes of the segments assigned with this model
 */
public record Model(
    Metric metric, int dimension, int[] listIds, float[] centroids, Quantizer quantizer)
    implements Serializable {
  public Model {
    if (listIds.length == 0 || centroids.length != listIds.length * dimension) {
      throw new IllegalArgumentException(
          listIds.length
              + " lists of dimension "
              + dimension
              + " with "
              + centroids.length
              + " centroid values");
    }
    for (int i = 1; i < listIds.length; i++) {
      if (listIds[i] <= listIds[i - 1]) {
        throw new IllegalArgumentException("list ids are not ascending at " + i);
      }
    }
  }

  /** A freshly trained model, its lists numbered from 0. */
  public static Model of(Metric metric, int dimension, float[] centroids, Quantizer quantizer) {
    int[] listIds = new int[centroids.length / dimension];
    for (int i = 0; i < listIds.length; i++) {
      listIds[i] = i;
    }
    return new Model(metric, dimension, listIds, centroids, quantizer);
  }

  /** The number of lists. */
  public int listCount() {
    return listIds.length;
  }
}
