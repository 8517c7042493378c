package io.tarn.flink.sql;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import java.io.Serializable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.BooleanType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.FloatType;
import org.apache.flink.table.types.logical.LocalZonedTimestampType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;

/**
 * What the columns of a table are in the index.
 *
 * @param idType of the index
 * @param columns in the order of the table
 */
record TableColumns(IdType idType, List<Column> columns) implements Serializable {
  static final String ID = "id";
  static final String VECTOR = "vector";

  private static final int MICROS_PRECISION = 6;

  /** What a column is. */
  enum Role {
    ID,
    VECTOR,
    ATTRIBUTE
  }

  /**
   * One column.
   *
   * @param name in the table and in the index
   */
  record Column(Role role, String name) implements Serializable {}

  TableColumns {
    columns = List.copyOf(columns);
  }

  /**
   * Finds the declared columns in an index. A table may leave out columns of the index.
   *
   * @param table names the table in messages
   * @throws ValidationException if the index lacks one, or has it with another type
   */
  static TableColumns of(String table, RowType declared, Schema schema) {
    List<Column> columns = new ArrayList<>();
    for (RowType.RowField field : declared.getFields()) {
      String name = field.getName();
      Role role = role(name);
      Optional<LogicalType> type = type(role, name, schema);
      if (type.isEmpty()) {
        throw new ValidationException(
            table + " declares the column " + name + ", which the index lacks; " + has(schema));
      }
      check(table, role, field, type.get(), schema);
      columns.add(new Column(role, name));
    }
    return new TableColumns(schema.idType(), columns);
  }

  private static Role role(String name) {
    return switch (name) {
      case ID -> Role.ID;
      case VECTOR -> Role.VECTOR;
      default -> Role.ATTRIBUTE;
    };
  }

  private static void check(
      String table, Role role, RowType.RowField field, LogicalType type, Schema schema) {
    LogicalType declared = field.getType();
    if (!areAlike(declared, type)) {
      throw new ValidationException(
          table
              + " declares "
              + field.getName()
              + " as "
              + declared.asSummaryString()
              + ", which in the index is "
              + type.asSummaryString()
              + "; "
              + has(schema));
    }
    if (role == Role.ATTRIBUTE && !declared.isNullable()) {
      throw new ValidationException(
          table
              + " declares "
              + field.getName()
              + " as NOT NULL, but attributes can be missing: leave NOT NULL out");
    }
  }

  /** Whether two types are the same but for what may be null. */
  static boolean areAlike(LogicalType one, LogicalType other) {
    return withoutNulls(one).equals(withoutNulls(other));
  }

  /** No vector of an index holds nulls, whether that is declared or not. */
  private static LogicalType withoutNulls(LogicalType type) {
    return type instanceof ArrayType array
        ? new ArrayType(false, array.getElementType().copy(false))
        : type.copy(false);
  }

  private static Optional<LogicalType> type(Role role, String name, Schema schema) {
    return switch (role) {
      case ID -> Optional.of(idType(schema.idType()));
      case VECTOR -> Optional.of(new ArrayType(new FloatType()));
      case ATTRIBUTE -> {
        int index = schema.attributeIndex(name);
        yield index < 0
            ? Optional.empty()
            : Optional.of(attributeType(schema.attributes().get(index).type()));
      }
    };
  }

  private static LogicalType idType(IdType type) {
    return switch (type) {
      case STRING -> VarCharType.STRING_TYPE;
      case INT64 -> new BigIntType();
    };
  }

  private static LogicalType attributeType(AttributeType type) {
    return switch (type) {
      case STRING -> VarCharType.STRING_TYPE;
      case LONG -> new BigIntType();
      case DOUBLE -> new DoubleType();
      case BOOLEAN -> new BooleanType();
      case TIMESTAMP -> new LocalZonedTimestampType(MICROS_PRECISION);
    };
  }

  /** Such as "it has id BIGINT, vector {@code ARRAY<FLOAT>} (4 values), name STRING". */
  private static String has(Schema schema) {
    StringJoiner columns = new StringJoiner(", ", "it has ", "");
    columns.add(ID + " " + idType(schema.idType()).asSummaryString());
    columns.add(VECTOR + " ARRAY<FLOAT> (" + schema.dimension() + " values)");
    for (Attribute attribute : schema.attributes()) {
      columns.add(attribute.name() + " " + attributeType(attribute.type()).asSummaryString());
    }
    return columns.toString();
  }

  int size() {
    return columns.size();
  }

  /** Whether one of them is the vector. */
  boolean haveVector() {
    return columns.stream().anyMatch(column -> column.role() == Role.VECTOR);
  }

  /** Whether one of them is the id. */
  boolean haveId() {
    return columns.stream().anyMatch(column -> column.role() == Role.ID);
  }

  /** The names of those that are attributes. */
  List<String> attributes() {
    return columns.stream().filter(c -> c.role() == Role.ATTRIBUTE).map(Column::name).toList();
  }

  /** The number of the one with a name that is known to be there. */
  int indexOf(String name) {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new IllegalArgumentException("there is no column " + name);
  }

  /** The id of a row, as the table has it. */
  FeatureId id(RowData row) throws RejectedFeatureException {
    int index = indexOf(ID);
    if (row.isNullAt(index)) {
      throw new RejectedFeatureException(Reason.MISSING_ID, "the id is NULL");
    }
    if (idType == IdType.INT64) {
      return FeatureId.of(row.getLong(index));
    }
    try {
      return FeatureId.of(row.getString(index).toString());
    } catch (IllegalArgumentException e) {
      throw new RejectedFeatureException(Reason.BAD_ID, e.getMessage());
    }
  }

  /** The vector of a row, or null. */
  float[] vector(RowData row) throws RejectedFeatureException {
    int index = indexOf(VECTOR);
    return row.isNullAt(index) ? null : vector(row.getArray(index));
  }

  /** The values of an array. */
  static float[] vector(ArrayData array) throws RejectedFeatureException {
    float[] vector = new float[array.size()];
    for (int i = 0; i < vector.length; i++) {
      if (array.isNullAt(i)) {
        throw new RejectedFeatureException(
            Reason.NOT_FINITE, "value " + i + " of the vector is NULL");
      }
      vector[i] = array.getFloat(i);
    }
    return vector;
  }

  /** What an index stores of a row's attributes; those the table leaves out are null. */
  Object[] attributes(RowData row, Schema schema) {
    Object[] values = new Object[schema.attributes().size()];
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).role() == Role.ATTRIBUTE && !row.isNullAt(i)) {
        int attribute = schema.attributeIndex(columns.get(i).name());
        values[attribute] = fromFlink(row, i, schema.attributes().get(attribute).type());
      }
    }
    return values;
  }

  /** The value of a column as an order: a number, or milliseconds. */
  long order(RowData row, int column, Schema schema) throws RejectedFeatureException {
    String name = columns.get(column).name();
    if (row.isNullAt(column)) {
      throw new RejectedFeatureException(
          Reason.UNPARSABLE, "its order, in the column " + name + ", is NULL");
    }
    Object value =
        fromFlink(row, column, schema.attributes().get(schema.attributeIndex(name)).type());
    return value instanceof Instant instant ? instant.toEpochMilli() : (Long) value;
  }

  private static Object fromFlink(RowData row, int column, AttributeType type) {
    return switch (type) {
      case STRING -> row.getString(column).toString();
      case LONG -> row.getLong(column);
      case DOUBLE -> row.getDouble(column);
      case BOOLEAN -> row.getBoolean(column);
      case TIMESTAMP -> row.getTimestamp(column, MICROS_PRECISION).toInstant();
    };
  }

  /** Some of them, in another order. */
  TableColumns project(int[] chosen) {
    List<Column> projected = new ArrayList<>();
    for (int column : chosen) {
      projected.add(columns.get(column));
    }
    return new TableColumns(idType, projected);
  }

  /** An id as Flink's tables hold it. */
  static Object toFlink(FeatureId id) {
    return id instanceof FeatureId.Text text
        ? StringData.fromString(text.value())
        : (Object) ((FeatureId.Int64) id).value();
  }

  /** A vector as Flink's tables hold it. */
  static Object toFlink(float[] vector) {
    return new GenericArrayData(vector);
  }

  /** The value of an attribute, or null, as Flink's tables hold it. */
  static Object toFlink(Object attribute) {
    if (attribute instanceof String text) {
      return StringData.fromString(text);
    }
    return attribute instanceof Instant instant ? TimestampData.fromInstant(instant) : attribute;
  }
}
