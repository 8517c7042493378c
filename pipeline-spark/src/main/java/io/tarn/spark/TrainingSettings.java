package io.tarn.spark;

import io.tarn.settings.Default;

/**
 * How lists are trained: k-means on a sample, on the driver.
 *
 * @param iterations rounds of k-means
 * @param seed where chance begins
 * @param sampleRowsPerList how many rows are drawn for each list
 * @param maxSampleBytes the sample is no larger, however many lists there are
 */
public record TrainingSettings(
    @Default("10") int iterations,
    @Default("42") long seed,
    @Default("256") int sampleRowsPerList,
    @Default(DEFAULT_MAX_SAMPLE_BYTES) long maxSampleBytes) {
  private static final String DEFAULT_MAX_SAMPLE_BYTES = "268435456";

  /** A sample is one array of floats. */
  private static final long MAX_SAMPLE_BYTES = 4L << 30;

  public TrainingSettings {
    SettingRules.atLeastOne("iterations", iterations);
    SettingRules.atLeastOne("sample-rows-per-list", sampleRowsPerList);
    if (maxSampleBytes < 1 || maxSampleBytes > MAX_SAMPLE_BYTES) {
      throw new IllegalArgumentException(
          "max-sample-bytes " + maxSampleBytes + " is not between 1 and " + MAX_SAMPLE_BYTES);
    }
  }

  /** How many rows are drawn for so many lists. */
  int sampleRows(int lists, int dimension) {
    long wanted = (long) lists * sampleRowsPerList;
    return (int) Math.max(1, Math.min(wanted, maxSampleRows(dimension)));
  }

  /** How many rows a sample may have at most. */
  long maxSampleRows(int dimension) {
    return maxSampleBytes / ((long) dimension * Float.BYTES);
  }

  /** How many rows a sample may have at most, if the settings do not say. */
  static long defaultMaxSampleRows(int dimension) {
    return Long.parseLong(DEFAULT_MAX_SAMPLE_BYTES) / ((long) dimension * Float.BYTES);
  }
}
