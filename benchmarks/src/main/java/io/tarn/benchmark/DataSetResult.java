package io.tarn.benchmark;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What was measured on one data set.
 *
 * @param name the data set
 * @param rows how many vectors were indexed
 * @param dimension floats of a vector
 * @param queries how many queries were searched with
 * @param k how many neighbours were to be found
 * @param threads how many searches ran at once
 * @param rounds how often each point was timed
 * @param truthIsGiven whether the true neighbours came with the data, or from exact search
 * @param indexes what was built
 * @param points what was searched
 */
public record DataSetResult(
    String name,
    int rows,
    int dimension,
    int queries,
    int k,
    int threads,
    int rounds,
    boolean truthIsGiven,
    List<BuiltIndex> indexes,
    List<Point> points) {
  /** The front of each system, over all its indexes. */
  public Map<String, Front> fronts() {
    Map<String, List<Point>> bySystem =
        points.stream()
            .collect(Collectors.groupingBy(Point::system, LinkedHashMap::new, Collectors.toList()));
    Map<String, Front> fronts = new LinkedHashMap<>();
    bySystem.forEach((system, own) -> fronts.put(system, Front.of(own)));
    return fronts;
  }
}
