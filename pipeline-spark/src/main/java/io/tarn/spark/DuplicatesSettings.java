package io.tarn.spark;

import io.tarn.settings.Default;
import java.util.Optional;

/**
 * Which rows of an index count as duplicates.
 *
 * @param index the index; its metric is l2 or cosine
 * @param output where the groups go, as a Parquet table; it must not exist
 * @param maxDistance how far apart duplicates may be at most, as searches report distances: squared
 *     l2, or 1 - cosine; with 0 they are equal but for rounding
 * @param version the version of the index; the newest by default
 * @param timestamp in place of it: the time at which the version was the newest
 */
public record DuplicatesSettings(
    String index,
    String output,
    @Default("0") double maxDistance,
    Optional<String> version,
    Optional<String> timestamp) {
  public DuplicatesSettings {
    SettingRules.index(index);
    SettingRules.output(output);
    if (!(maxDistance >= 0 && (float) maxDistance <= Float.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "max-distance " + maxDistance + " is negative, or too large for a float");
    }
  }
}
