package io.tarn.spark.neighbours;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.Kernels;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** DBSCAN by its definition, with all distances. */
public final class BruteDbscan {
  private final List<Feature> rows = new ArrayList<>();
  private final Metric metric;
  private final float eps;
  private final int minPts;

  /** What is known of a row; the cluster is null for noise. */
  public record Label(
      Integer cluster, String kind, int neighbours, Object nearestId, Float distance) {}

  public BruteDbscan(Metric metric, Collection<Feature> features, float eps, int minPts) {
    this.metric = metric;
    this.eps = eps;
    this.minPts = minPts;
    rows.addAll(features);
    rows.sort(Comparator.comparing(Feature::id));
  }

  private float distance(Feature a, Feature b) {
    int dimension = a.vector().length;
    return metric == Metric.L2
        ? Kernels.best().squaredL2(a.vector(), 0, b.vector(), 0, dimension)
        : Math.max(0, 1 - Kernels.best().dot(a.vector(), 0, b.vector(), 0, dimension));
  }

  private List<Integer> neighbours(int row) {
    List<Integer> near = new ArrayList<>();
    for (int other = 0; other < rows.size(); other++) {
      if (other == row || distance(rows.get(row), rows.get(other)) <= eps) {
        near.add(other);
      }
    }
    return near;
  }

  /** By id; clusters are numbered in the order of their smallest cores. */
  public Map<Object, Label> run() {
    List<List<Integer>> near = new ArrayList<>();
    for (int row = 0; row < rows.size(); row++) {
      near.add(neighbours(row));
    }
    Integer[] clusters = new Integer[rows.size()];
    int next = 0;
    for (int row = 0; row < rows.size(); row++) {
      if (clusters[row] == null && near.get(row).size() >= minPts) {
        spread(row, next++, near, clusters);
      }
    }
    Map<Object, Label> labels = new LinkedHashMap<>();
    for (int row = 0; row < rows.size(); row++) {
      Feature feature = rows.get(row);
      int self = row;
      Integer nearest =
          near.get(row).stream()
              .filter(other -> other != self && near.get(other).size() >= minPts)
              .min(
                  Comparator.<Integer>comparingDouble(other -> distance(feature, rows.get(other)))
                      .thenComparing(other -> rows.get(other).id()))
              .orElse(null);
      boolean core = near.get(row).size() >= minPts;
      FeatureId nearestId = nearest == null ? null : rows.get(nearest).id();
      labels.put(
          feature.id().toObject(),
          new Label(
              core ? clusters[row] : nearest == null ? null : clusters[nearest],
              core ? "core" : nearest == null ? "noise" : "border",
              near.get(row).size(),
              nearest == null ? null : nearestId.toObject(),
              nearest == null ? null : distance(feature, rows.get(nearest))));
    }
    return labels;
  }

  private void spread(int start, int cluster, List<List<Integer>> near, Integer[] clusters) {
    Deque<Integer> open = new ArrayDeque<>(List.of(start));
    clusters[start] = cluster;
    while (!open.isEmpty()) {
      for (int other : near.get(open.pop())) {
        if (clusters[other] == null && near.get(other).size() >= minPts) {
          clusters[other] = cluster;
          open.push(other);
        }
      }
    }
  }
}
