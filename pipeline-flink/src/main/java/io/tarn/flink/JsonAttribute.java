package io.tarn.flink;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;

/** Attribute values in JSON: strictly of the attribute's type, nothing is converted. */
final class JsonAttribute {
  /** An instant is stored as 64 bits of microseconds; the year is about 290,000 here. */
  private static final long MAX_EPOCH_SECOND = Long.MAX_VALUE / 1_000_000 - 1;

  private JsonAttribute() {}

  /** The current value, or null for JSON's null. */
  static Object read(JsonParser json, Attribute attribute)
      throws IOException, RejectedFeatureException {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    Object value =
        switch (attribute.type()) {
          case STRING -> json.currentToken() == JsonToken.VALUE_STRING ? json.getText() : null;
          case LONG -> JsonRecordReader.isLong(json) ? (Object) json.getLongValue() : null;
          case DOUBLE -> readDouble(json);
          case BOOLEAN -> json.currentToken().isBoolean() ? (Object) json.getBooleanValue() : null;
          case TIMESTAMP -> readTimestamp(json);
        };
    if (value == null) {
      throw new RejectedFeatureException(
          Reason.BAD_ATTRIBUTE,
          "attribute '"
              + attribute.name()
              + "' is "
              + JsonRecordReader.describe(json)
              + ": give "
              + expected(attribute));
    }
    return value;
  }

  private static Double readDouble(JsonParser json) throws IOException {
    if (!json.currentToken().isNumeric()) {
      return null;
    }
    double value = json.getDoubleValue();
    return Double.isFinite(value) ? value : null;
  }

  private static Instant readTimestamp(JsonParser json) throws IOException {
    Instant instant = null;
    if (JsonRecordReader.isLong(json)) {
      instant = Instant.ofEpochMilli(json.getLongValue());
    } else if (json.currentToken() == JsonToken.VALUE_STRING) {
      try {
        instant = OffsetDateTime.parse(json.getText()).toInstant();
      } catch (DateTimeException e) {
        return null;
      }
    }
    return instant == null || Math.abs(instant.getEpochSecond()) > MAX_EPOCH_SECOND
        ? null
        : instant.truncatedTo(ChronoUnit.MICROS);
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
