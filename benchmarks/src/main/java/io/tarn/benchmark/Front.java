package io.tarn.benchmark;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The points that no other point of their system beats in both recall and speed.
 *
 * @param points by ascending recall, and so by descending speed
 */
public record Front(List<Point> points) {
  public Front {
    points = List.copyOf(points);
  }

  /** The front of some points of one system. */
  public static Front of(List<Point> points) {
    List<Point> best = new ArrayList<>();
    double fastest = 0;
    List<Point> descending =
        points.stream()
            .sorted(
                Comparator.comparingDouble(Point::recall)
                    .thenComparingDouble(Point::queriesPerSecond)
                    .reversed())
            .toList();
    for (Point point : descending) {
      if (point.queriesPerSecond() > fastest) {
        best.add(0, point);
        fastest = point.queriesPerSecond();
      }
    }
    return new Front(best);
  }

  /**
   * The queries per second at a recall: between two points by their logarithms, which a curve of
   * recall and speed follows closely; below the first point what that one has, which finds no less.
   *
   * @return empty if no point reaches the recall
   */
  public OptionalDouble queriesPerSecondAt(double recall) {
    Point below = null;
    for (Point point : points) {
      if (point.recall() >= recall) {
        return OptionalDouble.of(
            below == null ? point.queriesPerSecond() : between(below, point, recall));
      }
      below = point;
    }
    return OptionalDouble.empty();
  }

  private static double between(Point below, Point above, double recall) {
    double share = (recall - below.recall()) / (above.recall() - below.recall());
    return Math.exp(
        (1 - share) * Math.log(below.queriesPerSecond())
            + share * Math.log(above.queriesPerSecond()));
  }
}
