package io.tarn.spark.rows;

import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The rows that were set aside, as a Parquet table: {@code id} (text; null if it was missing),
 * {@code row} (its number in the input, from 0 on), {@code reason} and {@code message}.
 */
public final class RejectsTable {
  private static final StructType TYPE =
      new StructType()
          .add("id", DataTypes.StringType)
          .add("row", DataTypes.LongType, false)
          .add("reason", DataTypes.StringType, false)
          .add("message", DataTypes.StringType, false);

  private RejectsTable() {}

  /** Writes the rows of {@code rows} that an index of {@code schema} does not take. */
  public static void write(SparkSession spark, JavaRDD<InputRow> rows, Schema schema, String path)
      throws IOException {
    JavaRDD<Row> rejects = rows.flatMap(row -> rejectOf(row, schema));
    OutputTable.write(spark.createDataFrame(rejects, TYPE), path);
  }

  private static Iterator<Row> rejectOf(InputRow row, Schema schema) {
    // An if, as a switch over sealed types needs Java 21.
    if (row instanceof InputRow.Rejected rejected) {
      return List.of(tableRow(rejected)).iterator();
    }
    InputRow.Readable readable = (InputRow.Readable) row;
    try {
      readable.toFeature(schema);
      return List.<Row>of().iterator();
    } catch (RejectedFeatureException e) {
      return List.of(tableRow(readable.rejected(e.reason(), e.getMessage()))).iterator();
    }
  }

  private static Row tableRow(InputRow.Rejected row) {
    return RowFactory.create(row.id(), row.position(), row.reason().name(), row.message());
  }
}
