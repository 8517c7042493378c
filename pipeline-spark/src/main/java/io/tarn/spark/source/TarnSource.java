package io.tarn.spark.source;

import io.tarn.spark.input.UnusableInputException;
import java.time.ZoneId;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The data source {@code tarn}: {@code spark.read().format("tarn").load(path)} gives the live rows
 * of the index at a path. The options {@code version} and {@code timestamp} read an older version.
 */
public final class TarnSource implements TableProvider, DataSourceRegister {
  static final String NAME = "tarn";

  /** How Spark passes on several paths. */
  private static final String SEVERAL_PATHS = "paths";

  @Override
  public String shortName() {
    return NAME;
  }

  /** Writing begins with an index that may not be there yet: nothing is to be inferred then. */
  @Override
  public boolean supportsExternalMetadata() {
    return true;
  }

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return table(options, Optional.empty()).schema();
  }

  @Override
  public Table getTable(
      StructType schema, Transform[] partitioning, Map<String, String> properties) {
    return table(new CaseInsensitiveStringMap(properties), Optional.of(schema));
  }

  private static IndexTable table(
      CaseInsensitiveStringMap options, Optional<StructType> expected) {
    SparkSession spark = SparkSession.active();
    return new IndexTable(
        spark, path(options), () -> ReadOptions.parse(options, timeZone(spark)), expected);
  }

  private static String path(CaseInsensitiveStringMap options) {
    if (options.containsKey(SEVERAL_PATHS)) {
      throw new UnusableInputException(
          "several paths are given, " + options.get(SEVERAL_PATHS) + ": an index is read by itself");
    }
    String path = options.get(ReadOptions.PATH);
    if (path == null || path.isBlank()) {
      throw new UnusableInputException("say where the index is: load(\"/path/of/index\")");
    }
    return path;
  }

  /** The time zone of the session. */
  static ZoneId timeZone(SparkSession spark) {
    return ZoneId.of(spark.conf().get("spark.sql.session.timeZone"), ZoneId.SHORT_IDS);
  }
}
