package io.tarn.spark.source;

import io.tarn.index.commit.IndexExistsException;
import io.tarn.index.commit.NotAnIndexException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Schema;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.settings.Settings;
import io.tarn.settings.SettingsException;
import io.tarn.spark.AppendJob;
import io.tarn.spark.AppendSettings;
import io.tarn.spark.BuildJob;
import io.tarn.spark.BuildSettings;
import io.tarn.spark.input.InputSettings;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.live.SnapshotChoice;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Writes tables to an index with the append job and the build job, whose settings come as options.
 *
 * <p>Where the options do not name attributes, all columns are attributes that serve no other
 * purpose. A column {@code order} tells which version of an id is the newest unless another is
 * named, so that what was read from an index can be written as it is; the lists it was in mean
 * nothing to another.
 */
final class TableWrite {
  private static final String ORIGIN = "in the options";
  private static final String INDEX = "index";
  private static final String INPUT_PATH = "input.path";
  private static final String OVERWRITE = "overwrite";
  private static final String METRIC = "metric";
  private static final String QUANTIZER = "quantizer";
  private static final String ATTRIBUTES = "input.attributes";
  private static final String ORDER_COLUMN = "input.order-column";

  /** Settings that say what Spark says itself. */
  private static final Set<String> NO_OPTIONS =
      Set.of(INDEX, INPUT_PATH, "input.format", OVERWRITE);

  private final SparkSession spark;
  private final String location;
  private final Map<String, String> options;
  private final Dataset<Row> table;

  /**
   * @param options settings of the job, by key
   */
  TableWrite(SparkSession spark, String location, Map<String, String> options, Dataset<Row> table) {
    this.spark = spark;
    this.location = location;
    this.options = new HashMap<>(options);
    this.options.keySet().removeIf(SnapshotChoice.PATH::equalsIgnoreCase);
    this.table = table;
  }

  /** What a job does. */
  private interface Work {
    void run() throws IOException;
  }

  private static void run(Work work) {
    try {
      work.run();
    } catch (NotAnIndexException | IndexExistsException e) {
      throw new UnusableInputException(e.getMessage(), e);
    } catch (SettingsException e) {
      throw new UnusableInputException(e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /**
   * Builds an index; there must be none.
   *
   * @throws UnusableInputException if the table or the options cannot be used
   */
  void build() {
    run(
        () -> {
          BuildSettings given = settings(BuildSettings.class, Map.of());
          Map<String, Object> columns = columns(given.input(), Optional.empty(), Optional.empty());
          BuildJob.run(spark, settings(BuildSettings.class, columns), table);
        });
  }

  /**
   * Puts the table in the place of all rows of an index, or builds one where there is none.
   *
   * @throws UnusableInputException if the table or the options cannot be used, or the index cannot
   *     be overwritten
   */
  void overwrite() {
    Optional<Snapshot> old = newest();
    if (old.isEmpty()) {
      build();
      return;
    }
    Schema schema = old.get().schema();
    run(
        () -> {
          Map<String, Object> fixed = new HashMap<>(Map.of(OVERWRITE, true));
          if (!options.containsKey(METRIC)) {
            fixed.put(METRIC, schema.metric().externalName());
          }
          if (!options.containsKey(QUANTIZER)) {
            fixed.put(QUANTIZER, old.get().model().quantizer());
          }
          BuildSettings given = settings(BuildSettings.class, fixed);
          fixed.putAll(columns(given.input(), Optional.empty(), Optional.of(schema)));
          BuildJob.run(spark, settings(BuildSettings.class, fixed), withDoublesOf(schema));
        });
  }

  /** Whether there is an index. */
  boolean indexExists() {
    return newest().isPresent();
  }

  private Optional<Snapshot> newest() {
    try (Storage storage = new IndexLocation(spark.sparkContext(), location).open()) {
      return new SnapshotLog(storage).findNewest();
    } catch (IOException | IllegalArgumentException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
  }

  /**
   * Upserts, or deletes where the options say so.
   *
   * @throws UnusableInputException if there is no index, or the table or the options cannot be used
   */
  void append() {
    run(
        () -> {
          Schema schema;
          try (Storage storage = new IndexLocation(spark.sparkContext(), location).open()) {
            schema = new SnapshotLog(storage).newest().schema();
          }
          checkMetric(schema);
          AppendSettings given = settings(AppendSettings.class, Map.of());
          Map<String, Object> columns =
              columns(given.input(), given.opColumn(), Optional.of(schema));
          AppendJob.run(spark, settings(AppendSettings.class, columns), withDoublesOf(schema));
        });
  }

  /** The metric is no setting of appends, and yet said by who takes it for one. */
  private void checkMetric(Schema index) {
    String given = options.remove(METRIC);
    if (given != null && !given.equals(index.metric().externalName())) {
      throw new UnusableInputException(
          "the index at "
              + location
              + " has metric "
              + index.metric().externalName()
              + ", and metric is "
              + given
              + ": it is settled when an index is built");
    }
  }

  /** Decimals, such as SQL's literals with a point, as the doubles that the index has for them. */
  private Dataset<Row> withDoublesOf(Schema index) {
    Dataset<Row> converted = table;
    for (Attribute attribute : index.attributes()) {
      boolean isDouble = attribute.type() == AttributeType.DOUBLE;
      for (StructField field : table.schema().fields()) {
        if (isDouble
            && field.name().equals(attribute.name())
            && field.dataType() instanceof DecimalType) {
          converted =
              converted.withColumn(
                  field.name(), converted.col("`" + field.name() + "`").cast(DataTypes.DoubleType));
        }
      }
    }
    return converted;
  }

  private <T extends Record> T settings(Class<T> type, Map<String, Object> columns) {
    for (String key : options.keySet()) {
      if (NO_OPTIONS.contains(key)) {
        throw new UnusableInputException(
            "'"
                + key
                + "' is no option: "
                + (key.equals(OVERWRITE)
                    ? "the mode of the write says it"
                    : "the rows are those that are written"));
      }
    }
    Map<String, Object> fixed = new HashMap<>(columns);
    fixed.put(INDEX, location);
    fixed.put(INPUT_PATH, "the table");
    return Settings.load(type, options, ORIGIN, fixed);
  }

  /** What the options leave open of the meaning of columns. */
  private Map<String, Object> columns(
      InputSettings input, Optional<String> opColumn, Optional<Schema> index) {
    StructType type = table.schema();
    Set<String> taken = new HashSet<>(Set.of(input.idColumn(), input.vectorColumn()));
    taken.add(input.contentColumn());
    input.orderColumn().ifPresent(taken::add);
    opColumn.ifPresent(taken::add);
    Map<String, Object> columns = new HashMap<>();
    List<String> attributes = new ArrayList<>();
    for (StructField field : type.fields()) {
      String name = field.name();
      boolean isAttribute = index.isPresent() && index.get().attributeIndex(name) >= 0;
      if (taken.contains(name)) {
        continue;
      }
      if (name.equals(IndexColumns.ORDER) && !isAttribute && input.orderColumn().isEmpty()) {
        columns.put(ORDER_COLUMN, name);
      } else if (isAttribute
          || !name.equals(IndexColumns.LIST)
          || !(field.dataType() instanceof IntegerType)) {
        attributes.add(name);
      }
    }
    if (input.attributes().isEmpty()) {
      columns.put(ATTRIBUTES, attributes);
    }
    return columns;
  }
}
