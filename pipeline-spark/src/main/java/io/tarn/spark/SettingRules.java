package io.tarn.spark;

import io.tarn.index.quantize.Quantizer;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the settings of several jobs have to obey. */
final class SettingRules {
  private static final Pattern DURATION = Pattern.compile("(\\d{1,6})\\s*(d|h|min|s)");

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

  /** Reads a time such as {@code 7d}, {@code 36h}, {@code 10min} or {@code 0s}. */
  static Duration duration(String key, String text) {
    Matcher parts = DURATION.matcher(text.strip());
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          key + " '" + text + "' is no time such as 7d, 36h, 10min or 30s");
    }
    long number = Long.parseLong(parts.group(1));
    return switch (parts.group(2)) {
      case "d" -> Duration.ofDays(number);
      case "h" -> Duration.ofHours(number);
      case "min" -> Duration.ofMinutes(number);
      default -> Duration.ofSeconds(number);
    };
  }

  static void atLeastOne(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(key + " " + value + " is less than 1");
    }
  }
}
