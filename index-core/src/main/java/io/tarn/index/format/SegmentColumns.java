package io.tarn.index.format;

import static org.apache.parquet.schema.LogicalTypeAnnotation.stringType;
import static org.apache.parquet.schema.LogicalTypeAnnotation.timestampType;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BOOLEAN;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.DOUBLE;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FLOAT;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT32;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.INT64;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.quantize.Quantizer;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/** The columns of a segment. The numbers count the columns other than the vector. */
final class SegmentColumns {
  static final int LIST_ID = 0;
  static final int ID = 1;

  /** Columns of the codes, if there are any, follow; then these. */
  static final int EVENT_ORDER = 2;

  static final int POSITION = 3;
  static final int DELETED = 4;
  static final int FIRST_ATTRIBUTE = 5;

  private SegmentColumns() {}

  /** The columns of the codes, in order. */
  static List<Type> codes(Quantizer quantizer, int dimension) {
    List<Type> columns = new ArrayList<>();
    if (quantizer.codeBytes(dimension) > 0) {
      columns.add(bytes(quantizer.codeBytes(dimension)).named(Format.CODE));
      columns.add(Types.optional(FLOAT).named(Format.CODE_OFFSET));
      columns.add(Types.optional(FLOAT).named(Format.CODE_SCALE));
      columns.add(Types.optional(FLOAT).named(Format.CODE_ERROR));
    }
    if (quantizer.fullCodeBytes(dimension) > 0) {
      columns.add(bytes(quantizer.fullCodeBytes(dimension)).named(Format.CODE_FULL));
      columns.add(Types.optional(FLOAT).named(Format.CODE_FULL_SCALE));
      columns.add(Types.optional(FLOAT).named(Format.CODE_FULL_ERROR));
    }
    return columns;
  }

  private static Types.PrimitiveBuilder<PrimitiveType> bytes(int length) {
    return Types.optional(FIXED_LEN_BYTE_ARRAY).length(length);
  }

  /**
   * A schema as a segment has it that may have been written before attributes were added: those it
   * has columns for, in their order.
   *
   * @param columns the schema of the file, its root first
   */
  static Schema stored(Schema schema, List<SchemaElement> columns) {
    List<Attribute> attributes = new ArrayList<>();
    for (SchemaElement column : columns) {
      int attribute = schema.attributeIndex(column.getName());
      if (attribute >= 0 && !attributes.contains(schema.attributes().get(attribute))) {
        attributes.add(schema.attributes().get(attribute));
      }
    }
    return new Schema(schema.idType(), schema.dimension(), schema.metric(), attributes);
  }

  static MessageType parquetType(Schema schema, Quantizer quantizer) {
    List<Type> fields = new ArrayList<>();
    fields.add(Types.required(INT32).named(Format.LIST_ID));
    fields.add(idType(schema.idType()));
    fields.add(ParquetFile.vectorType());
    fields.addAll(codes(quantizer, schema.dimension()));
    fields.add(Types.required(INT64).named(Format.EVENT_ORDER));
    fields.add(Types.required(INT64).named(Format.POSITION));
    fields.add(Types.required(BOOLEAN).named(Format.DELETED));
    for (Attribute attribute : schema.attributes()) {
      fields.add(attributeType(attribute));
    }
    return new MessageType("segment", fields);
  }

  /** Some of the columns, in the order of all. */
  static MessageType only(MessageType type, List<String> names) {
    return new MessageType(
        type.getName(),
        type.getFields().stream().filter(field -> names.contains(field.getName())).toList());
  }

  /** The columns whose values {@link SegmentDecoder} can take a page at a time. */
  static List<String> bulkNames(MessageType type) {
    List<String> names = new ArrayList<>();
    for (Type field : type.getFields()) {
      String name = field.getName();
      switch (name) {
        case Format.LIST_ID,
            Format.ID,
            Format.CODE,
            Format.CODE_OFFSET,
            Format.CODE_SCALE,
            Format.CODE_ERROR,
            Format.CODE_FULL,
            Format.CODE_FULL_SCALE,
            Format.CODE_FULL_ERROR,
            Format.EVENT_ORDER,
            Format.POSITION ->
            names.add(name);
        default -> {}
      }
    }
    return names;
  }

  private static Type idType(IdType type) {
    return switch (type) {
      case STRING -> Types.required(BINARY).as(stringType()).named(Format.ID);
      case INT64 -> Types.required(INT64).named(Format.ID);
    };
  }

  private static Type attributeType(Attribute attribute) {
    return switch (attribute.type()) {
      case STRING -> Types.optional(BINARY).as(stringType()).named(attribute.name());
      case LONG -> Types.optional(INT64).named(attribute.name());
      case DOUBLE -> Types.optional(DOUBLE).named(attribute.name());
      case BOOLEAN -> Types.optional(BOOLEAN).named(attribute.name());
      case TIMESTAMP ->
          Types.optional(INT64).as(timestampType(true, TimeUnit.MICROS)).named(attribute.name());
    };
  }
}
