package io.tarn.cli.print;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Numbers, sizes and times as people read them. */
public final class Amounts {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);
  private static final String[] BYTE_UNITS = {"bytes", "KB", "MB", "GB", "TB"};
  private static final MathContext DISTANCE_DIGITS = new MathContext(6);
  private static final double SMALLEST_PLAIN = 1e-6;

  private Amounts() {}

  public static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** "1 row", "2,000 rows". */
  public static String count(long number, String noun) {
    return count(number) + " " + noun + (number == 1 ? "" : "s");
  }

  public static String bytes(long bytes) {
    double amount = bytes;
    int unit = 0;
    while (amount >= 1000 && unit < BYTE_UNITS.length - 1) {
      amount /= 1000;
      unit++;
    }
    return unit == 0
        ? count(bytes, "byte")
        : String.format(Locale.ROOT, "%.1f %s", amount, BYTE_UNITS[unit]);
  }

  public static String time(long epochMs) {
    return TIME.format(Instant.ofEpochMilli(epochMs));
  }

  /** How long ago a time was, in its two largest units. */
  public static String age(long epochMs) {
    long seconds = Math.max(0, System.currentTimeMillis() - epochMs) / 1000;
    long minutes = seconds / 60;
    long hours = minutes / 60;
    long days = hours / 24;
    if (days > 0) {
      return days + " d " + hours % 24 + " h ago";
    }
    if (hours > 0) {
      return hours + " h " + minutes % 60 + " min ago";
    }
    return minutes > 0 ? minutes + " min " + seconds % 60 + " s ago" : seconds + " s ago";
  }

  public static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
  }

  public static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
  }

  public static String distance(float distance) {
    if (!Float.isFinite(distance) || distance != 0 && Math.abs(distance) < SMALLEST_PLAIN) {
      return Float.toString(distance);
    }
    return new BigDecimal(distance).round(DISTANCE_DIGITS).stripTrailingZeros().toPlainString();
  }
}
