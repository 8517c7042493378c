package io.tarn.index.maintain;

import io.tarn.index.centroid.ListCount;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.search.Query;
import io.tarn.index.search.SearchResult;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.DriftSample;
import java.util.List;
import java.util.Optional;

/**
 * Measures an open index: how uneven its lists are, and which share of the true neighbours of
 * recent rows searches find. The truth comes from exact searches, which look at all codes and at
 * those vectors that the codes do not rule out.
 */
final class DriftMeasurement {
  private DriftMeasurement() {}

  /**
   * Measures.
   *
   * @param queries how many recent rows are searched for
   * @param nprobe how many lists are looked at; 0: as many as by default
   * @return empty if there are too few rows for the lists, which were made for what is to come
   */
  static Optional<DriftSample> of(IndexView view, int queries, int nprobe) {
    int lists = view.model().listCount();
    if (!ListCount.isEnough(view.liveRowCount(), lists)) {
      return Optional.empty();
    }
    Probe probe = nprobe == 0 ? Probe.byDefault(lists) : Probe.nearest(nprobe);
    long version = view.snapshot().version();
    List<Feature> sample = view.sampleNewest(Drift.RECENT_ROWS, queries, version);
    return Optional.of(
        new DriftSample(
            version,
            imbalance(view.liveRowsByList()),
            recall(view, sample, probe),
            probe.listsWanted(view.snapshot(), DriftSample.K),
            sample.size()));
  }

  /** Faiss calls it the imbalance factor: 1 if all lists are of one size. */
  static double imbalance(long[] listRows) {
    double sum = 0;
    double squares = 0;
    for (long rows : listRows) {
      sum += rows;
      squares += (double) rows * rows;
    }
    return sum == 0 ? 1 : listRows.length * squares / (sum * sum);
  }

  private static double recall(IndexView view, List<Feature> sample, Probe probe) {
    List<SearchResult> exact = search(view, sample, Probe.exact());
    List<SearchResult> found = search(view, sample, probe);
    double sum = 0;
    for (int i = 0; i < sample.size(); i++) {
      FeatureId self = sample.get(i).id();
      List<Hit> truth = others(self, exact.get(i));
      // Of several rows at one distance, each is as good as the other.
      float farthest = truth.get(truth.size() - 1).distance();
      long right =
          others(self, found.get(i)).stream().filter(hit -> hit.distance() <= farthest).count();
      sum += (double) right / truth.size();
    }
    return sum / sample.size();
  }

  /** A row is its own neighbour, which is no achievement; so one more is asked for. */
  private static List<SearchResult> search(IndexView view, List<Feature> sample, Probe probe) {
    List<Query> queries =
        sample.stream()
            .map(row -> Query.nearest(row.vector(), DriftSample.K + 1).probing(probe))
            .toList();
    try {
      return view.search(queries);
    } catch (RejectedFeatureException e) {
      throw new IllegalStateException("a row of the index is refused as a query", e);
    }
  }

  private static List<Hit> others(FeatureId self, SearchResult result) {
    return result.hits().stream()
        .filter(hit -> !hit.id().equals(self))
        .limit(DriftSample.K)
        .toList();
  }
}
