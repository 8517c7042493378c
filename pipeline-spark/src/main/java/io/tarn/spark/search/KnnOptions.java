package io.tarn.spark.search;

import io.tarn.index.filter.Filter;
import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.settings.Default;
import io.tarn.settings.Settings;
import io.tarn.settings.SettingsException;
import io.tarn.spark.input.UnusableInputException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How neighbours are looked for.
 *
 * @param nprobe how many lists a query looks at; by default a number that suits the index
 * @param recall in place of it: as many lists as found this share of the true neighbours when the
 *     index was calibrated
 * @param exact all lists
 * @param filter what neighbours must fulfil, as {@link Filter#parse} reads it
 * @param partBytes how much of the index, in bytes of its files, one task holds at most, unless a
 *     segment is larger; an index that is not larger is searched where the queries are. By default
 *     256 MB on a cluster, or less if there are many tasks, and in one JVM a quarter of its heap
 * @param version the version of the index; the newest by default
 * @param timestamp in place of it: the time at which the version was the newest
 */
public record KnnOptions(
    Optional<Integer> nprobe,
    Optional<Double> recall,
    @Default("false") boolean exact,
    Optional<String> filter,
    Optional<Long> partBytes,
    Optional<String> version,
    Optional<String> timestamp) {
  public KnnOptions {
    int ways = (nprobe.isPresent() ? 1 : 0) + (recall.isPresent() ? 1 : 0) + (exact ? 1 : 0);
    if (ways > 1) {
      throw new IllegalArgumentException(
          "of nprobe, recall and exact more than one is given: give at most one");
    }
    partBytes.ifPresent(
        bytes -> {
          if (bytes < 1) {
            throw new IllegalArgumentException("part-bytes " + bytes + " is less than 1");
          }
        });
    nprobe.ifPresent(Probe::nearest);
    recall.ifPresent(Probe::recall);
  }

  /**
   * Reads options.
   *
   * @throws UnusableInputException if one is unknown, or has a value that cannot be used
   */
  static KnnOptions parse(Map<String, String> options) {
    try {
      // A condition is not YAML: its quotes are its own.
      String condition = options.get("filter");
      Map<String, String> others = new HashMap<>(options);
      others.remove("filter");
      return Settings.load(
          KnnOptions.class,
          others,
          "in the options",
          condition == null ? Map.of() : Map.of("filter", condition));
    } catch (SettingsException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
  }

  /** Which lists of a snapshot a search looks at. */
  Probe probe(Snapshot snapshot, int k) {
    if (exact) {
      return Probe.exact();
    }
    Probe probe =
        nprobe
            .map(Probe::nearest)
            .or(() -> recall.map(Probe::recall))
            .orElseGet(() -> Probe.byDefault(snapshot.model().lists()));
    try {
      return Probe.nearest(probe.listsWanted(snapshot, k));
    } catch (IllegalArgumentException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
  }
}
