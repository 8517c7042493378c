package io.tarn.index.centroid;

import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Set;

/**
 * What training made: the centroids of the lists, and how vectors are coded.
 *
 * @param metric the metric it was trained for
 * @param dimension floats of a centroid
 * @param listIds the id of each list, ascending; ids are never used again once a list is gone
 * @param nextListId the id of the next new list: larger than that of any list there ever was
 * @param centroids row-major: the centroid of list {@code listIds[i]} begins at {@code i *
 *     dimension}
 * @param quantizer the codes of the segments assigned with this model
 */
public record Model(
    Metric metric,
    int dimension,
    int[] listIds,
    int nextListId,
    float[] centroids,
    Quantizer quantizer)
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
    if (nextListId <= listIds[listIds.length - 1]) {
      throw new IllegalArgumentException(
          "the next list would be "
              + nextListId
              + " where there is a list "
              + listIds[listIds.length - 1]);
    }
  }

  /** A freshly trained model, its lists numbered from 0. */
  public static Model of(Metric metric, int dimension, float[] centroids, Quantizer quantizer) {
    return numberedFrom(0, metric, dimension, centroids, quantizer);
  }

  /**
   * A freshly trained model that takes the place of another in the same index.
   *
   * @param firstListId the {@link #nextListId} of the other
   */
  public static Model numberedFrom(
      int firstListId, Metric metric, int dimension, float[] centroids, Quantizer quantizer) {
    int[] listIds = new int[centroids.length / dimension];
    for (int i = 0; i < listIds.length; i++) {
      listIds[i] = Math.addExact(firstListId, i);
    }
    int next = Math.addExact(firstListId, listIds.length);
    return new Model(metric, dimension, listIds, next, centroids, quantizer);
  }

  /**
   * The model that follows when some lists go and others come; these get ids never used before.
   *
   * @param gone the ids of the lists that go
   * @param newCentroids row-major: the centroids of the lists that come; may be empty
   */
  public Model succeededBy(Set<Integer> gone, float[] newCentroids) {
    int coming = newCentroids.length / dimension;
    int[] ids = new int[listIds.length + coming];
    float[] values = new float[centroids.length + newCentroids.length];
    int count = 0;
    for (int i = 0; i < listIds.length; i++) {
      if (!gone.contains(listIds[i])) {
        System.arraycopy(centroids, i * dimension, values, count * dimension, dimension);
        ids[count++] = listIds[i];
      }
    }
    System.arraycopy(newCentroids, 0, values, count * dimension, newCentroids.length);
    for (int i = 0; i < coming; i++) {
      ids[count++] = Math.addExact(nextListId, i);
    }
    return new Model(
        metric,
        dimension,
        Arrays.copyOf(ids, count),
        Math.addExact(nextListId, coming),
        Arrays.copyOf(values, count * dimension),
        quantizer);
  }

  /**
   * A copy of the centroid of a list.
   *
   * @throws IllegalArgumentException if the model does not have the list
   */
  public float[] centroid(int listId) {
    int place = Arrays.binarySearch(listIds, listId);
    if (place < 0) {
      throw new IllegalArgumentException("the model does not have the list " + listId);
    }
    int from = place * dimension;
    return Arrays.copyOfRange(centroids, from, from + dimension);
  }

  /** The number of lists. */
  public int listCount() {
    return listIds.length;
  }
}
