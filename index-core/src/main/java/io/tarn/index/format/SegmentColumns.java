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
import java.util.Set;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
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

  /** The names of the columns of codes. */
  static final Set<String> CODES =
      Set.of(Format.CODE, Format.CODE_OFFSET, Format.CODE_SCALE, Format.CODE_ERROR);

  /** How many columns codes take. */
  static final int CODE_COLUMNS = 4;

  private SegmentColumns() {}

  /** Bytes of the code of one row. */
  static int codeBytes(int dimension) {
    return (dimension + Byte.SIZE - 1) / Byte.SIZE;
  }

  static MessageType parquetType(Schema schema, Quantizer quantizer) {
    List<Type> fields = new ArrayList<>();
    fields.add(Types.required(INT32).named(Format.LIST_ID));
    fields.add(idType(schema.idType()));
    fields.add(ParquetFile.vectorType());
    if (quantizer instanceof Quantizer.RaBitQ) {
      fields.add(
          Types.optional(FIXED_LEN_BYTE_ARRAY)
              .length(codeBytes(schema.dimension()))
              .named(Format.CODE));
      fields.add(Types.optional(FLOAT).named(Format.CODE_OFFSET));
      fields.add(Types.optional(FLOAT).named(Format.CODE_SCALE));
      fields.add(Types.optional(FLOAT).named(Format.CODE_ERROR));
    }
    fields.add(Types.required(INT64).named(Format.EVENT_ORDER));
    fields.add(Types.required(INT64).named(Format.POSITION));
    fields.add(Types.required(BOOLEAN).named(Format.DELETED));
    for (Attribute attribute : schema.attributes()) {
      fields.add(attributeType(attribute));
    }
    return new MessageType("segment", fields);
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
