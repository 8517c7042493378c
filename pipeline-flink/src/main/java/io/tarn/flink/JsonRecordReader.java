package io.tarn.flink;

import static io.tarn.flink.JsonValues.describe;
import static io.tarn.flink.JsonValues.unparsable;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tarn.flink.RecordFields.Op;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/** Reads JSON values. Fields and attributes it does not know are passed over and counted. */
final class JsonRecordReader implements ValueReader {
  private enum Field {
    ID,
    VECTOR,
    TEXT,
    IMAGE,
    ATTRIBUTES,
    ORDER,
    OP,
    EMBEDDER
  }

  private static final Map<String, Field> FIELDS =
      Map.of(
          "id", Field.ID,
          "vector", Field.VECTOR,
          "text", Field.TEXT,
          "image", Field.IMAGE,
          "attributes", Field.ATTRIBUTES,
          "order", Field.ORDER,
          "op", Field.OP,
          "embedder", Field.EMBEDDER);

  private final Schema schema;
  private final Map<String, Integer> attributeIndexes;
  private long ignoredFields;

  JsonRecordReader(Schema schema) {
    this.schema = schema;
    this.attributeIndexes = AttributeRules.indexes(schema);
  }

  @Override
  public long ignoredFields() {
    return ignoredFields;
  }

  @Override
  public RecordFields read(byte[] value) throws RejectedFeatureException {
    return JsonValues.readObject(value, this::readObject);
  }

  private RecordFields readObject(JsonParser json) throws IOException, RejectedFeatureException {
    String id = null;
    float[] vector = null;
    String text = null;
    byte[] image = null;
    Object[] attributes = new Object[schema.attributes().size()];
    OptionalLong order = OptionalLong.empty();
    Op op = Op.UPSERT;
    String embedder = null;
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
        case ID -> id = JsonValues.readId(json);
        case VECTOR -> vector = JsonValues.readVector(json, schema.dimension());
        case TEXT -> text = JsonValues.readText(json, name);
        case IMAGE -> image = JsonValues.readBytes(json, name);
        case ATTRIBUTES -> readAttributes(json, attributes);
        case ORDER -> order = OptionalLong.of(readOrder(json));
        case OP -> op = readOp(json);
        case EMBEDDER -> embedder = JsonValues.readText(json, name);
      }
    }
    return new RecordFields(
        id, vector, RecordFields.content(text, image), attributes, order, op, embedder);
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
        values[index] = JsonValues.readAttribute(json, schema.attributes().get(index));
      }
    }
  }

  private static long readOrder(JsonParser json) throws IOException, RejectedFeatureException {
    if (!JsonValues.isLong(json)) {
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
}
