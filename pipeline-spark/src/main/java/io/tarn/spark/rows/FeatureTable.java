package io.tarn.spark.rows;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Features as a Parquet table: {@code id}, {@code vector} and the attributes. */
public final class FeatureTable {
  private FeatureTable() {}

  /** Writes the rows that have a vector and are not set aside. */
  public static void write(SparkSession spark, JavaRDD<InputRow> rows, Schema schema, String path)
      throws IOException {
    JavaRDD<Row> features = rows.flatMap(FeatureTable::tableRow);
    OutputTable.write(spark.createDataFrame(features, type(schema)), path);
  }

  private static Iterator<Row> tableRow(InputRow row) {
    if (!(row instanceof InputRow.Readable readable)) {
      return List.<Row>of().iterator();
    }
    Object[] values = new Object[2 + readable.attributes().length];
    values[0] = readable.id().toObject();
    values[1] = readable.vector();
    System.arraycopy(readable.attributes(), 0, values, 2, readable.attributes().length);
    return List.of(RowFactory.create(values)).iterator();
  }

  /** The columns of such a table. */
  public static StructType type(Schema schema) {
    StructType type =
        new StructType()
            .add(
                "id",
                schema.idType() == IdType.INT64 ? DataTypes.LongType : DataTypes.StringType,
                false)
            .add("vector", DataTypes.createArrayType(DataTypes.FloatType, false), false);
    for (Attribute attribute : schema.attributes()) {
      type = type.add(attribute.name(), type(attribute));
    }
    return type;
  }

  private static DataType type(Attribute attribute) {
    return switch (attribute.type()) {
      case STRING -> DataTypes.StringType;
      case LONG -> DataTypes.LongType;
      case DOUBLE -> DataTypes.DoubleType;
      case BOOLEAN -> DataTypes.BooleanType;
      case TIMESTAMP -> DataTypes.TimestampType;
    };
  }
}
