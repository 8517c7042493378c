package io.tarn.index.evaluate;

import io.tarn.index.feature.FeatureId;
import io.tarn.index.search.Hit;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The true nearest neighbours of one query, and which hits count as such. */
sealed interface TrueNeighbours {

  /** The share of the true neighbours that is among the hits of a search for as many. */
  double share(List<Hit> hits);

  /** Neighbours named by someone else: what counts is the id. */
  record Named(Set<FeatureId> ids) implements TrueNeighbours {
    static Named of(int[] truth, int k) {
      Set<FeatureId> ids = new HashSet<>();
      for (int i = 0; i < k; i++) {
        ids.add(FeatureId.of(truth[i]));
      }
      return new Named(ids);
    }

    @Override
    public double share(List<Hit> hits) {
      int right = 0;
      for (Hit hit : hits) {
        right += ids.contains(hit.id()) ? 1 : 0;
      }
      return (double) right / ids.size();
    }
  }

  /**
   * Neighbours found by exact search: what counts is the distance, so that of several features at
   * the same distance each is as good as the other.
   *
   * @param count how many there are: k, or all features of a smaller index
   * @param farthest the distance of the last of them
   */
  record Within(int count, float farthest) implements TrueNeighbours {
    static Within of(List<Hit> exact) {
      return new Within(exact.size(), exact.isEmpty() ? 0 : exact.get(exact.size() - 1).distance());
    }

    @Override
    public double share(List<Hit> hits) {
      int right = 0;
      for (Hit hit : hits) {
        right += hit.distance() <= farthest ? 1 : 0;
      }
      return count == 0 ? 1 : (double) right / count;
    }
  }
}
