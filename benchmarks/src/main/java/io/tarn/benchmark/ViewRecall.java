package io.tarn.benchmark;

import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.search.SearchResult;
import java.util.ArrayList;
import java.util.List;

/**
 * How much searches of a view find, and how many rows they scan for it. Ids are the numbers of
 * rows.
 */
public final class ViewRecall {
  private static final double ENOUGH_RECALL = 0.98;

  private final DataSet data;
  private final Truth truth;
  private final int k;

  ViewRecall(DataSet data, int k) {
    this.data = data;
    this.truth = Truth.of(data, k);
    this.k = k;
  }

  /**
   * What searches found.
   *
   * @param recall the mean share of the true k nearest
   * @param rowsScanned rows of the lists looked at, a query
   */
  public record Found(double recall, double rowsScanned) {}

  /** Searches with all queries. */
  public Found search(IndexView view, int nprobe) {
    double recall = 0;
    long scanned = 0;
    int[] rows = new int[k];
    for (int q = 0; q < data.queries().count(); q++) {
      SearchResult result;
      try {
        result = view.search(data.queries().row(q), k, Probe.nearest(nprobe));
      } catch (RejectedFeatureException e) {
        throw new BenchmarkException("a query is rejected: " + e.getMessage(), e);
      }
      int count = 0;
      for (Hit hit : result.hits()) {
        rows[count++] = TarnContender.row(hit);
      }
      recall += truth.recall(q, rows, count);
      scanned += result.effort().rowsScanned();
    }
    double queries = data.queries().count();
    return new Found(recall / queries, scanned / queries);
  }

  /** Searches with ever more lists, until nearly all is found. */
  public Curve curve(IndexView view) {
    List<Found> points = new ArrayList<>();
    for (int nprobe : Benchmark.ladder(1, view.model().listCount())) {
      points.add(search(view, nprobe));
      if (points.get(points.size() - 1).recall >= ENOUGH_RECALL) {
        break;
      }
    }
    return new Curve(points);
  }

  /**
   * What more lists bring.
   *
   * @param points the fewest lists first
   */
  public record Curve(List<Found> points) {
    public Curve {
      points = List.copyOf(points);
    }

    /** The recall at which so many rows are scanned; no number if more are for a single list. */
    public double recallAt(double rowsScanned) {
      return interpolate(rowsScanned, true);
    }

    /** The rows scanned for a recall; no number if it is not reached, or by a single list. */
    public double rowsAt(double recall) {
      return interpolate(recall, false);
    }

    private double interpolate(double at, boolean byRows) {
      for (int i = 1; i < points.size(); i++) {
        Found low = points.get(i - 1);
        Found high = points.get(i);
        double from = byRows ? low.rowsScanned : low.recall;
        double to = byRows ? high.rowsScanned : high.recall;
        if (from <= at && at <= to && from < to) {
          double share = (at - from) / (to - from);
          return byRows
              ? low.recall + share * (high.recall - low.recall)
              : low.rowsScanned + share * (high.rowsScanned - low.rowsScanned);
        }
      }
      return Double.NaN;
    }
  }
}
