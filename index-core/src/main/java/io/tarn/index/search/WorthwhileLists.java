package io.tarn.index.search;

import io.tarn.index.feature.Metric;

/**
 * Where a search by {@link Probe.Adaptive} stops.
 *
 * <p>The nearest lists are the likeliest to hold neighbours, and the more of them have been seen,
 * the less the next one can add. Neither tells alone: by distance alone, a query far from all lists
 * looks at very many of them; by rows alone, one whose first list is much nearer than the second
 * looks at lists that hold nothing for it. Their product does: a list is looked at if
 *
 * <pre>
 * rows seen ÷ mean rows of a list × (d² ÷ d₀²)⁴ ≤ nprobe^1.5
 * </pre>
 *
 * where d is the Euclidean distance of query and centroid, and d₀² the mean of the two nearest. The
 * fourth power was found by counting rows on real data (decision 30): from the second to the sixth
 * there is little between them. The right side makes {@code nprobe} about the mean number of lists
 * that are looked at.
 *
 * <p>By inner product the nearest centroids are not those at the smallest Euclidean distance; there
 * rows alone are counted, up to {@code nprobe} mean lists.
 */
final class WorthwhileLists {
  private static final double EFFORT_POWER = 1.5;

  private final IndexView view;
  private final float[] query;
  private final float squaredQueryNorm;
  private final boolean byDistance;

  WorthwhileLists(IndexView view, float[] query, float squaredQueryNorm) {
    this.view = view;
    this.query = query;
    this.squaredQueryNorm = squaredQueryNorm;
    this.byDistance = view.snapshot().schema().metric() != Metric.INNER_PRODUCT;
  }

  /**
   * Finds the lists and leaves them in the scratch's probes, the nearest first.
   *
   * @return how many of them are worth looking at
   */
  int find(int nprobe, SearchScratch scratch) {
    CoarseSearch coarse = view.searchModel().coarse();
    int lists = view.model().listCount();
    if (nprobe >= lists) {
      coarse.nearest(query, squaredQueryNorm, lists, scratch);
      return lists;
    }
    // Most searches take fewer than half as many again. The last of them are rarely looked at, and
    // make up for some of what would be to spare for the others.
    int certain = nprobe - nprobe / 3;
    int known = Math.min(lists, nprobe + nprobe / 2 + 2);
    coarse.near(query, squaredQueryNorm, known, certain, scratch);
    int worthwhile = count(nprobe, known, scratch.probes);
    while (worthwhile == known && known < lists) {
      known = Math.min(lists, 2 * known);
      coarse.near(query, squaredQueryNorm, known, certain, scratch);
      worthwhile = count(nprobe, known, scratch.probes);
    }
    coarse.refine(query, worthwhile, scratch);
    return worthwhile;
  }

  private int count(int nprobe, int known, ListsByDistance nearest) {
    long[] listRows = view.listRows();
    double most = view.meanListRows() * (byDistance ? Math.pow(nprobe, EFFORT_POWER) : nprobe);
    double unit = byDistance ? 2 / (squared(nearest, 0) + squared(nearest, 1)) : 1;
    // Where centroids are the query itself, or too far for numbers, there is no ratio.
    boolean hasRatio = byDistance && unit > 0 && unit < Double.POSITIVE_INFINITY;
    long seen = 0;
    for (int i = 0; i < known; i++) {
      double ratio = hasRatio ? squared(nearest, i) * unit : 1;
      if (seen * (ratio * ratio) * (ratio * ratio) > most) {
        return i;
      }
      seen += listRows[nearest.list(i)];
    }
    return known;
  }

  private double squared(ListsByDistance nearest, int i) {
    double spread =
        view.searchModel().coarse().spread(nearest.list(i), nearest.distance(i), squaredQueryNorm);
    return spread * spread;
  }
}
