package io.tarn.flink;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;

/** What records in JSON are made of, read token by token: no tree, no boxed numbers. */
final class JsonValues {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          // Python writes NaN and Infinity. They are refused as such, not as broken JSON.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private static final int MAX_QUOTED_CHARS = 40;

  private JsonValues() {}

  /** Reads the object that a document consists of. */
  @FunctionalInterface
  interface ObjectReader<T> {
    /**
     * @param json at the start of the object; afterwards at its end
     */
    T read(JsonParser json) throws IOException, RejectedFeatureException;
  }

  static <T> T readObject(byte[] bytes, ObjectReader<T> reader) throws RejectedFeatureException {
    try (JsonParser json = JSON.createParser(bytes)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw unparsable("the value is not a JSON object");
      }
      T result = reader.read(json);
      if (json.nextToken() != null) {
        throw unparsable("the JSON object is followed by something else");
      }
      return result;
    } catch (JsonProcessingException e) {
      throw unparsable("malformed JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      // The bytes are in memory, so it is their encoding that cannot be read.
      throw unparsable("malformed JSON: " + e.getMessage());
    }
  }

  /**
   * The id that a key in JSON is, or consists of. Kafka's converters put a schema beside it if they
   * are told to.
   *
   * @return null if the key is JSON's null
   */
  static String readKey(byte[] key) throws RejectedFeatureException {
    try (JsonParser json = JSON.createParser(key)) {
      json.nextToken();
      String id = readKey(json);
      if (json.nextToken() != null) {
        throw badKey("is followed by something else");
      }
      return id;
    } catch (IOException e) {
      throw badKey("is malformed JSON: " + messageOf(e));
    }
  }

  private static String readKey(JsonParser json) throws IOException, RejectedFeatureException {
    if (json.currentToken() == null) {
      throw badKey("is empty");
    }
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    if (json.currentToken() != JsonToken.START_OBJECT) {
      return readId(json);
    }
    String id = null;
    int fields = 0;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      json.nextToken();
      if (name.equals("schema")
          && (json.currentToken() == JsonToken.START_OBJECT
              || json.currentToken() == JsonToken.VALUE_NULL)) {
        json.skipChildren();
      } else if (name.equals("payload") && json.currentToken() == JsonToken.START_OBJECT) {
        id = readColumns(json);
        fields++;
      } else if (json.currentToken().isStructStart()) {
        throw badKey("has " + describe(json) + " as '" + name + "': an id is a single value");
      } else {
        id = json.currentToken() == JsonToken.VALUE_NULL ? null : readId(json);
        fields++;
      }
    }
    if (fields != 1) {
      throw badKey("has " + fields + " fields: an id is the only one");
    }
    return id;
  }

  private static String readColumns(JsonParser json) throws IOException, RejectedFeatureException {
    String id = null;
    int columns = 0;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      json.nextToken();
      id = readId(json);
      columns++;
    }
    if (columns != 1) {
      throw badKey("has " + columns + " columns: an id is the only one");
    }
    return id;
  }

  private static RejectedFeatureException badKey(String problem) {
    return new RejectedFeatureException(Reason.BAD_ID, "the key " + problem);
  }

  private static String messageOf(IOException e) {
    return e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
  }

  static String readId(JsonParser json) throws IOException, RejectedFeatureException {
    if (!isId(json)) {
      throw new RejectedFeatureException(
          Reason.BAD_ID, "the id is " + describe(json) + ": give text or a whole number");
    }
    return json.getText();
  }

  static boolean isId(JsonParser json) {
    return json.currentToken() == JsonToken.VALUE_STRING
        || json.currentToken() == JsonToken.VALUE_NUMBER_INT;
  }

  /**
   * @param dimension how many values are expected
   */
  static float[] readVector(JsonParser json, int dimension)
      throws IOException, RejectedFeatureException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw unparsable("the vector is " + describe(json) + ": give an array of numbers");
    }
    float[] vector = new float[dimension];
    int count = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (!json.currentToken().isNumeric()) {
        throw unparsable("value " + count + " of the vector is " + describe(json));
      }
      if (count == vector.length) {
        vector = Arrays.copyOf(vector, Math.multiplyExact(count, 2));
      }
      vector[count] = json.getFloatValue();
      count++;
    }
    return count == vector.length ? vector : Arrays.copyOf(vector, count);
  }

  /**
   * @param name the field's, for the message
   */
  static String readText(JsonParser json, String name)
      throws IOException, RejectedFeatureException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw unparsable("the " + name + " is " + describe(json));
    }
    return json.getText();
  }

  /**
   * Bytes, in Base64.
   *
   * @param name the field's, for the message
   */
  static byte[] readBytes(JsonParser json, String name)
      throws IOException, RejectedFeatureException {
    try {
      return Base64.getDecoder().decode(readText(json, name));
    } catch (IllegalArgumentException e) {
      throw unparsable("the " + name + " is no Base64: " + e.getMessage());
    }
  }

  /** The current value, or null for JSON's null. */
  static Object readAttribute(JsonParser json, Attribute attribute)
      throws IOException, RejectedFeatureException {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    Object value =
        switch (attribute.type()) {
          case STRING -> json.currentToken() == JsonToken.VALUE_STRING ? json.getText() : null;
          case LONG -> isLong(json) ? (Object) json.getLongValue() : null;
          case DOUBLE ->
              json.currentToken().isNumeric() ? AttributeRules.finite(json.getDoubleValue()) : null;
          case BOOLEAN -> json.currentToken().isBoolean() ? (Object) json.getBooleanValue() : null;
          case TIMESTAMP -> readTimestamp(json);
        };
    if (value == null) {
      throw AttributeRules.rejection(attribute, describe(json));
    }
    return value;
  }

  private static Instant readTimestamp(JsonParser json) throws IOException {
    if (isLong(json)) {
      return AttributeRules.storable(Instant.ofEpochMilli(json.getLongValue()));
    }
    return json.currentToken() == JsonToken.VALUE_STRING
        ? AttributeRules.parseInstant(json.getText())
        : null;
  }

  /** Whether the current value is a whole number that fits 64 bits. */
  static boolean isLong(JsonParser json) throws IOException {
    return json.currentToken() == JsonToken.VALUE_NUMBER_INT
        && json.getNumberType() != NumberType.BIG_INTEGER;
  }

  /** The current value as a message shows it. */
  static String describe(JsonParser json) throws IOException {
    return switch (json.currentToken()) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> quoted(json.getText());
      default -> shortened(json.getText());
    };
  }

  /** A text as a message shows it. */
  static String quoted(String text) {
    return "the text \"" + shortened(text) + "\"";
  }

  /** A text cut to a length that a message bears. */
  static String shortened(String text) {
    return text.length() <= MAX_QUOTED_CHARS ? text : text.substring(0, MAX_QUOTED_CHARS) + "…";
  }

  static RejectedFeatureException unparsable(String message) {
    return new RejectedFeatureException(Reason.UNPARSABLE, message);
  }
}
