package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.Arrays;

/** Finds the lists of a model whose centroids are nearest to a vector. Not thread-safe. */
final class NearestLists {
  private final VectorKernels kernels = Kernels.best();
  private final Model model;
  private final float[] distances;

  NearestLists(Model model) {
    this.model = model;
    this.distances = new float[model.listCount()];
  }

  /**
   * The nearest ones, by Euclidean distance, which gives the same order as cosine where all are of
   * unit length.
   *
   * @param count how many at most
   * @return places in {@link Model#listIds()}, the nearest first; equals in their order
   */
  int[] of(float[] vector, int count) {
    kernels.squaredL2(vector, model.centroids(), 0, distances.length, model.dimension(), distances);
    int[] nearest = new int[Math.min(count, distances.length)];
    int known = 0;
    for (int place = 0; place < distances.length && nearest.length > 0; place++) {
      float distance = distances[place];
      if (known == nearest.length && distance >= distances[nearest[known - 1]]) {
        continue;
      }
      int at = known < nearest.length ? known++ : known - 1;
      while (at > 0 && distances[nearest[at - 1]] > distance) {
        nearest[at] = nearest[at - 1];
        at--;
      }
      nearest[at] = place;
    }
    return nearest;
  }

  /** The nearest ones to a list of the model, itself not among them. */
  int[] around(int place, int count) {
    int dimension = model.dimension();
    float[] centroid =
        Arrays.copyOfRange(model.centroids(), place * dimension, (place + 1) * dimension);
    return Arrays.stream(of(centroid, count + 1)).filter(p -> p != place).limit(count).toArray();
  }
}
