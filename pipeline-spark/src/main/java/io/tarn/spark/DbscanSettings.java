package io.tarn.spark;

import io.tarn.settings.Default;
import java.util.Optional;

/**
 * How to group an index by density.
 *
 * @param index the index; its metric is l2 or cosine
 * @param output where the clusters go, as a Parquet table; it must not exist
 * @param eps how far apart neighbours may be at most, as searches report distances: squared l2, or
 *     1 - cosine
 * @param minPts how many rows must be within eps of a row, itself counted, to make it core
 * @param version the version of the index; the newest by default
 * @param timestamp in place of it: the time at which the version was the newest
 */
public record DbscanSettings(
    String index,
    String output,
    double eps,
    @Default("5") int minPts,
    Optional<String> version,
    Optional<String> timestamp) {
  public DbscanSettings {
    SettingRules.index(index);
    SettingRules.output(output);
    if (!((float) eps > 0 && (float) eps <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "eps " + eps + " is not larger than 0, or too large for a float");
    }
    SettingRules.atLeastOne("min-pts", minPts);
  }
}
