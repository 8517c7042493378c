package io.tarn.flink;

import static io.tarn.flink.JsonValues.describe;
import static io.tarn.flink.JsonValues.unparsable;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tarn.embedding.Content;
import io.tarn.flink.RecordFields.Op;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import java.io.IOException;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Reads changes of a table's rows as Debezium writes them, with or without their schema. Of a row
 * the columns {@code vector}, {@code text} and {@code image} are what they are called, and so is
 * {@code id} where there is no key; the others are attributes. The order is that of the log, which
 * the records' timestamps give: the database's own time is not known of the tombstone that follows
 * a delete.
 */
final class DebeziumRecordReader implements ValueReader {
  private final Schema schema;
  private final Map<String, Integer> attributeIndexes;
  private long ignoredFields;

  DebeziumRecordReader(Schema schema) {
    this.schema = schema;
    this.attributeIndexes = AttributeRules.indexes(schema);
  }

  @Override
  public long ignoredFields() {
    return ignoredFields;
  }

  /** What has been read so far of a change. */
  private static final class Envelope {
    private String op;
    private String oldId;
    private RecordFields row;
  }

  @Override
  public RecordFields read(byte[] value) throws RejectedFeatureException {
    Envelope envelope =
        JsonValues.readObject(
            value,
            json -> {
              Envelope read = new Envelope();
              readEnvelope(json, read, true);
              return read;
            });
    if (envelope.op == null) {
      throw unparsable("the value has no op: it is no change of a row as Debezium writes it");
    }
    return switch (envelope.op) {
      case "c", "r", "u" -> {
        if (envelope.row == null) {
          throw new RejectedFeatureException(
              Reason.MISSING_VECTOR,
              "the change is a '" + envelope.op + "' without a row after it");
        }
        yield envelope.row;
      }
      case "d" -> row(envelope.oldId, null, null, new Object[0], Op.DELETE);
      case "t" ->
          throw unparsable("the table was truncated: delete the rows, or build a new index");
      default -> throw unparsable("the op is " + JsonValues.quoted(envelope.op));
    };
  }

  private void readEnvelope(JsonParser json, Envelope envelope, boolean outermost)
      throws IOException, RejectedFeatureException {
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      json.nextToken();
      switch (name) {
        case "payload" -> {
          if (outermost && json.currentToken() == JsonToken.START_OBJECT) {
            readEnvelope(json, envelope, false);
          } else {
            json.skipChildren();
          }
        }
        case "op" -> envelope.op = JsonValues.readText(json, name);
        case "before" -> envelope.oldId = isRow(json, name) ? readId(json) : null;
        case "after" -> envelope.row = isRow(json, name) ? readRow(json) : null;
        default -> json.skipChildren();
      }
    }
  }

  private static boolean isRow(JsonParser json, String name)
      throws IOException, RejectedFeatureException {
    if (json.currentToken() != JsonToken.START_OBJECT
        && json.currentToken() != JsonToken.VALUE_NULL) {
      throw unparsable("the row '" + name + "' is " + describe(json));
    }
    return json.currentToken() == JsonToken.START_OBJECT;
  }

  /** Of a row that is gone nothing else is of interest, whatever is wrong with it. */
  private static String readId(JsonParser json) throws IOException {
    String id = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      boolean isId = json.currentName().equals("id");
      json.nextToken();
      if (isId && JsonValues.isId(json)) {
        id = json.getText();
      }
      json.skipChildren();
    }
    return id;
  }

  private RecordFields readRow(JsonParser json) throws IOException, RejectedFeatureException {
    String id = null;
    float[] vector = null;
    String text = null;
    byte[] image = null;
    Object[] attributes = new Object[schema.attributes().size()];
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String column = json.currentName();
      Integer attribute = attributeIndexes.get(column);
      json.nextToken();
      boolean isNull = json.currentToken() == JsonToken.VALUE_NULL;
      if (attribute != null) {
        attributes[attribute] = JsonValues.readAttribute(json, schema.attributes().get(attribute));
      } else if (column.equals("vector")) {
        vector = isNull ? null : JsonValues.readVector(json, schema.dimension());
      } else if (column.equals("text")) {
        text = isNull ? null : JsonValues.readText(json, column);
      } else if (column.equals("image")) {
        image = isNull ? null : JsonValues.readBytes(json, column);
      } else if (column.equals("id") && JsonValues.isId(json)) {
        id = json.getText();
      } else {
        ignoredFields++;
        json.skipChildren();
      }
    }
    return row(id, vector, RecordFields.content(text, image), attributes, Op.UPSERT);
  }

  private static RecordFields row(
      String id, float[] vector, Content content, Object[] attributes, Op op) {
    return new RecordFields(id, vector, content, attributes, OptionalLong.empty(), op, null);
  }
}
