package io.tarn.spark.source;

import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.live.SnapshotChoice;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.CreatableRelationProvider;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The data source {@code tarn}: {@code spark.read().format("tarn").load(path)} gives the live rows
 * of the index at a path. The options {@code version} and {@code timestamp} read an older version.
 *
 * <p>{@code df.write().format("tarn").mode("append").save(path)} upserts rows into an index, as the
 * append job does; the other modes build one, as the build job does, {@code overwrite} in the place
 * of all rows of one that is there. Options are settings of these jobs.
 */
public final class TarnSource
    implements TableProvider, DataSourceRegister, CreatableRelationProvider {
  /** How Spark hands over what {@code partitionBy} was given. */
  private static final String PARTITION_COLUMNS = "__partition_columns";

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
    return table(options, Optional.empty()).type();
  }

  @Override
  public Table getTable(
      StructType schema, Transform[] partitioning, Map<String, String> properties) {
    return table(new CaseInsensitiveStringMap(properties), Optional.of(schema));
  }

  private static IndexTable table(CaseInsensitiveStringMap options, Optional<StructType> expected) {
    SparkSession spark = SparkSession.active();
    return new IndexTable(
        spark,
        path(options),
        () -> SnapshotChoice.parse(options, SnapshotChoice.timeZone(spark)),
        expected);
  }

  private static String path(CaseInsensitiveStringMap options) {
    if (options.containsKey(SEVERAL_PATHS)) {
      throw new UnusableInputException(
          "several paths are given, "
              + options.get(SEVERAL_PATHS)
              + ": an index is read by itself");
    }
    String path = options.get(SnapshotChoice.PATH);
    if (path == null || path.isBlank()) {
      throw new UnusableInputException("say where the index is: load(\"/path/of/index\")");
    }
    return path;
  }

  /**
   * Writes a table.
   *
   * @throws UnusableInputException if the table or the options cannot be used, or if there is an
   *     index, or none, where the mode needs the contrary
   */
  @Override
  public BaseRelation createRelation(
      SQLContext context,
      SaveMode mode,
      scala.collection.immutable.Map<String, String> options,
      Dataset<Row> table) {
    Map<String, String> settings = CollectionConverters.asJava(options);
    if (settings.containsKey(PARTITION_COLUMNS)) {
      throw new UnusableInputException(
          "an index is divided into lists, not by columns: leave out partitionBy");
    }
    String path = path(new CaseInsensitiveStringMap(settings));
    TableWrite write = new TableWrite(context.sparkSession(), path, settings, table);
    switch (mode) {
      case Append -> write.append();
      case Overwrite -> write.overwrite();
      case ErrorIfExists -> write.build();
      case Ignore -> {
        if (!write.indexExists()) {
          write.build();
        }
      }
    }
    return new Written(context, table.schema());
  }

  /** Spark asks for something to hold on to. */
  private static final class Written extends BaseRelation {
    private final SQLContext context;
    private final StructType schema;

    Written(SQLContext context, StructType schema) {
      this.context = context;
      this.schema = schema;
    }

    @Override
    public SQLContext sqlContext() {
      return context;
    }

    @Override
    public StructType schema() {
      return schema;
    }
  }
}
