package io.tarn.spark;

import io.tarn.index.quantize.Quantizer;

/** What the settings of several jobs have to obey. */
final class SettingRules {
  private static final long MIN_SEGMENT_BYTES = 1L << 20;

  /** Half of what a file may have: estimates err, and a list is not cut lightly. */
  private static final long MAX_SEGMENT_BYTES = 512L << 20;

  private SettingRules() {}

  static void index(String index) {
    if (index.isBlank()) {
      throw new IllegalArgumentException("index must name a directory");
    }
  }

  static void output(String output) {
    if (output.isBlank()) {
      throw new IllegalArgumentException("output must name a directory");
    }
  }

  static void segmentBytes(long bytes) {
    if (bytes < MIN_SEGMENT_BYTES || bytes > MAX_SEGMENT_BYTES) {
      throw new IllegalArgumentException(
          "segment-bytes "
              + bytes
              + " is not between "
              + MIN_SEGMENT_BYTES
              + " and "
              + MAX_SEGMENT_BYTES);
    }
  }

  static void quantizer(String quantizer) {
    try {
      Quantizer.of(quantizer);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("quantizer: " + e.getMessage(), e);
    }
  }

  static void share(String key, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(key + " " + share + " is not between 0 and 1");
    }
  }

  static void atLeastOne(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(key + " " + value + " is less than 1");
    }
  }
}
