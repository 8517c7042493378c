package io.tarn.flink;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import io.tarn.flink.JsonRecord.Op;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Reads JSON values token by token, straight into floats: no tree, no boxed numbers. Fields and
 * attributes it does not know are passed over and counted. Not thread-safe.
 */
final class JsonRecordReader {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          // Python writes NaN and Infinity. They are refused as such, not as broken JSON.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private enum Field {
    ID,
    VECTOR,
    TEXT,
    ATTRIBUTES,
    ORDER,
    OP
  }

  private static final Map<String, Field> FIELDS =
      Map.of(
          "id", Field.ID,
          "vector", Field.VECTOR,
          "text", Field.TEXT,
          "attributes", Field.ATTRIBUTES,
          "order", Field.ORDER,
          "op", Field.OP);

  private final Schema schema;
  private final Map<String, Integer> attributeIndexes = new HashMap<>();
  private long ignoredFields;

  JsonRecordReader(Schema schema) {
    this.schema = schema;
    for (Attribute attribute : schema.attributes()) {
      attributeIndexes.put(attribute.name(), attributeIndexes.size());
    }
  }

  /** How many fields and attributes unknown to the index were passed over so far. */
  long ignoredFields() {
    return ignoredFields;
  }

  JsonRecord read(byte[] value) throws RejectedFeatureException {
    try (JsonParser json = JSON.createParser(value)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw unparsable("the value is not a JSON object");
      }
      JsonRecord record = readObject(json);
      if (json.nextToken() != null) {
        throw unparsable("the JSON object is followed by something else");
      }
      return record;
    } catch (JsonProcessingException e) {
      throw unparsable("malformed JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      // The bytes are in memory, so it is their encoding that cannot be read.
      throw unparsable("malformed JSON: " + e.getMessage());
    }
  }

  private JsonRecord readObject(JsonParser json) throws IOException, RejectedFeatureException {
    String id = null;
    float[] vector = null;
    String text = null;
    Object[] attributes = new Object[schema.attributes().size()];
    OptionalLong order = OptionalLong.empty();
    Op op = Op.UPSERT;
    Set<Field> seen = EnumSet.noneOf(Field.class);
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      Field field = FIELDS.get(name);
      json.nextToken();
      if (field == null) {
        passOver(json);
        continue;
      }
      if (!seen.add(field)) {
        throw unparsable("the field '" + name + "' occurs twice");
      }
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        continue;
      }
      switch (field) {
        case ID -> id = readId(json);
        case VECTOR -> vector = readVector(json);
        case TEXT -> text = readText(json);
        case ATTRIBUTES -> readAttributes(json, attributes);
        case ORDER -> order = OptionalLong.of(readOrder(json));
        case OP -> op = readOp(json);
      }
    }
    return new JsonRecord(id, vector, text, attributes, order, op);
  }

  private static String readId(JsonParser json) throws IOException, RejectedFeatureException {
    if (json.currentToken() != JsonToken.VALUE_STRING
        && json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      throw new RejectedFeatureException(
          Reason.BAD_ID, "the id is " + describe(json) + ": give text or a whole number");
    }
    return json.getText();
  }

  private float[] readVector(JsonParser json) throws IOException, RejectedFeatureException {
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw unparsable("the vector is " + describe(json) + ": give an array of numbers");
    }
    float[] vector = new float[schema.dimension()];
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

  private static String readText(JsonParser json) throws IOException, RejectedFeatureException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw unparsable("the text is " + describe(json));
    }
    return json.getText();
  }

  private void readAttributes(JsonParser json, Object[] values)
      throws IOException, RejectedFeatureException {
    if (json.currentToken() != JsonToken.START_OBJECT) {
      throw new RejectedFeatureException(
          Reason.BAD_ATTRIBUTE, "the attributes are " + describe(json) + ": give an object");
    }
    while (json.nextToken() != JsonToken.END_OBJECT) {
      Integer index = attributeIndexes.get(json.currentName());
      json.nextToken();
      if (index == null) {
        passOver(json);
      } else {
        values[index] = JsonAttribute.read(json, schema.attributes().get(index));
      }
    }
  }

  private static long readOrder(JsonParser json) throws IOException, RejectedFeatureException {
    if (!isLong(json)) {
      throw unparsable("the order is " + describe(json) + ": give a 64-bit whole number");
    }
    return json.getLongValue();
  }

  private static Op readOp(JsonParser json) throws IOException, RejectedFeatureException {
    String op = json.currentToken() == JsonToken.VALUE_STRING ? json.getText() : "";
    return switch (op) {
      case "upsert" -> Op.UPSERT;
      case "delete" -> Op.DELETE;
      default ->
          throw unparsable("the op is " + describe(json) + ": give \"upsert\" or \"delete\"");
    };
  }

  private void passOver(JsonParser json) throws IOException {
    ignoredFields++;
    json.skipChildren();
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
      case VALUE_STRING -> "the text \"" + shortened(json.getText()) + "\"";
      default -> shortened(json.getText());
    };
  }

  private static String shortened(String text) {
    int limit = 40;
    return text.length() <= limit ? text : text.substring(0, limit) + "…";
  }

  private static RejectedFeatureException unparsable(String message) {
    return new RejectedFeatureException(Reason.UNPARSABLE, message);
  }
}
