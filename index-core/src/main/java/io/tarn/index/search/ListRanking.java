package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.kernel.Kernels;

/**
 * The lists of a model, ready to be ranked by their nearness to queries, just as searches rank
 * them. Thread-safe.
 */
public final class ListRanking {
  private final SearchModel searchModel;

  /** Prepares the lists of a model, which for thousands of lists takes a moment. */
  public ListRanking(Model model) {
    this.searchModel = new SearchModel(model);
  }

  /** The model. */
  public Model model() {
    return searchModel.model();
  }

  SearchModel searchModel() {
    return searchModel;
  }

  /**
   * The lists that a search looks at which probes so many.
   *
   * @param query in the form in which {@link io.tarn.index.feature.VectorRules#accept} gives it
   * @param wanted how many; all, if there are fewer
   * @return their places in {@link Model#listIds()}, the nearest first
   */
  public int[] nearest(float[] query, int wanted) {
    SearchScratch scratch = searchModel.takeScratch();
    try {
      scratch.tables.prepare(query);
      float squaredNorm = Kernels.ready().dot(query, 0, query, 0, query.length);
      int count = Math.min(wanted, model().listCount());
      searchModel.coarse().nearest(query, squaredNorm, count, scratch);
      int[] lists = new int[scratch.probes.size()];
      for (int i = 0; i < lists.length; i++) {
        lists[i] = scratch.probes.list(i);
      }
      return lists;
    } finally {
      searchModel.giveBack(scratch);
    }
  }
}
