package io.tarn.spark.input;

import io.tarn.index.feature.AttributeType;
import java.util.Optional;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;

/** Spark's types as those of attributes. */
public final class AttributeTypes {
  /** What can be an attribute, for messages. */
  public static final String SUPPORTED =
      "text, a whole number, float, double, boolean, date or timestamp";

  private AttributeTypes() {}

  /** The type of an attribute whose values come as these; empty if there is none. */
  public static Optional<AttributeType> of(DataType type) {
    if (type instanceof StringType) {
      return Optional.of(AttributeType.STRING);
    } else if (isWholeNumber(type)) {
      return Optional.of(AttributeType.LONG);
    } else if (type instanceof FloatType || type instanceof DoubleType) {
      return Optional.of(AttributeType.DOUBLE);
    } else if (type.equals(DataTypes.BooleanType)) {
      return Optional.of(AttributeType.BOOLEAN);
    } else if (type.equals(DataTypes.DateType)
        || type.equals(DataTypes.TimestampType)
        || type.equals(DataTypes.TimestampNTZType)) {
      return Optional.of(AttributeType.TIMESTAMP);
    }
    return Optional.empty();
  }

  static boolean isWholeNumber(DataType type) {
    return type instanceof ByteType
        || type instanceof ShortType
        || type instanceof IntegerType
        || type instanceof LongType;
  }
}
