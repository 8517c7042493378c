package io.tarn.flink;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;

/** Which values attributes take, in whatever format: strictly of their type, nothing converted. */
final class AttributeRules {
  private static final long MICROS_A_SECOND = 1_000_000;

  /** An instant is stored as 64 bits of microseconds; the year is about 290,000 here. */
  private static final long MAX_EPOCH_SECOND = Long.MAX_VALUE / MICROS_A_SECOND - 1;

  private AttributeRules() {}

  /** The places of the attributes in the schema, by name. */
  static Map<String, Integer> indexes(Schema schema) {
    Map<String, Integer> indexes = new HashMap<>();
    for (Attribute attribute : schema.attributes()) {
      indexes.put(attribute.name(), indexes.size());
    }
    return indexes;
  }

  /** The value, or null if it is not finite. */
  static Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }

  /** The instant as it is stored, or null if it cannot be. */
  static Instant storable(Instant instant) {
    return Math.abs(instant.getEpochSecond()) > MAX_EPOCH_SECOND
        ? null
        : instant.truncatedTo(ChronoUnit.MICROS);
  }

  /** The instant as it is stored, or null if it cannot be. */
  static Instant fromMicros(long micros) {
    return storable(
        Instant.ofEpochSecond(
            Math.floorDiv(micros, MICROS_A_SECOND), Math.floorMod(micros, MICROS_A_SECOND) * 1000));
  }

  /** Such as 2026-11-21T10:00:00Z; null if the text is something else. */
  static Instant parseInstant(String text) {
    try {
      return storable(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeException e) {
      return null;
    }
  }

  /**
   * @param found the value as a message shows it
   */
  static RejectedFeatureException rejection(Attribute attribute, String found) {
    return new RejectedFeatureException(
        Reason.BAD_ATTRIBUTE,
        "attribute '" + attribute.name() + "' is " + found + ": give " + expected(attribute));
  }

  private static String expected(Attribute attribute) {
    return switch (attribute.type()) {
      case STRING -> "text";
      case LONG -> "a 64-bit whole number";
      case DOUBLE -> "a finite number";
      case BOOLEAN -> "true or false";
      case TIMESTAMP -> "a time such as \"2026-11-21T10:00:00Z\", or milliseconds since the epoch";
    };
  }
}
