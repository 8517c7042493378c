package io.tarn.flink.sql;

import io.tarn.flink.StreamSettings;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Schema;
import io.tarn.settings.Settings;
import java.io.Serializable;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/**
 * How rows are written.
 *
 * @param table names the table in messages
 * @param location the index
 * @param columns what rows consist of
 * @param orderColumn the number of the column that says which version of an id is the newest, or
 *     {@link #BY_TIME_OF_WRITING}
 * @param badRows what becomes of rows that an index cannot take
 * @param bufferBytes what each subtask may hold in memory before it writes a segment
 * @param maxRowBytes what the id, the vector and the texts of a row may have together
 * @param parallelism how many subtasks write, or {@link #AS_THE_QUERY}
 * @param maintained whether an endless query keeps the index in shape
 */
record SinkSettings(
    String table,
    String location,
    TableColumns columns,
    int orderColumn,
    BadRows badRows,
    long bufferBytes,
    long maxRowBytes,
    int parallelism,
    boolean maintained)
    implements Serializable {
  static final int BY_TIME_OF_WRITING = -1;
  static final int AS_THE_QUERY = 0;

  private static final long MAX_BUFFER_BYTES = 1L << 30;

  /** What is to become of rows that an index cannot take. */
  enum BadRows {
    FAIL,
    SKIP
  }

  /**
   * @throws ValidationException if an option cannot be used
   */
  static SinkSettings of(
      String table, TableColumns columns, Schema schema, ReadableConfig options) {
    if (!columns.haveId() || !columns.haveVector()) {
      throw new ValidationException(
          table
              + " declares no column "
              + (columns.haveId() ? TableColumns.VECTOR : TableColumns.ID)
              + ", without which no row is written");
    }
    long bufferBytes = options.get(TarnTableOptions.SINK_BUFFER_SIZE).getBytes();
    if (bufferBytes < 1 || bufferBytes > MAX_BUFFER_BYTES) {
      throw new ValidationException(
          table
              + ": a sink.buffer-size of "
              + bufferBytes
              + " bytes: give 1 to "
              + MAX_BUFFER_BYTES);
    }
    int parallelism = options.getOptional(TarnTableOptions.SINK_PARALLELISM).orElse(AS_THE_QUERY);
    if (options.getOptional(TarnTableOptions.SINK_PARALLELISM).isPresent() && parallelism < 1) {
      throw new ValidationException(
          table + ": sink.parallelism is " + parallelism + ": give 1 or more");
    }
    return new SinkSettings(
        table,
        options.get(TarnTableOptions.INDEX),
        columns,
        options
            .getOptional(TarnTableOptions.SINK_ORDER_COLUMN)
            .map(name -> orderColumn(table, name, columns, schema))
            .orElse(BY_TIME_OF_WRITING),
        options.get(TarnTableOptions.SINK_BAD_ROWS),
        bufferBytes,
        options.get(TarnTableOptions.SINK_MAX_ROW_SIZE).getBytes(),
        parallelism,
        options.get(TarnTableOptions.SINK_MAINTENANCE));
  }

  private static int orderColumn(String table, String name, TableColumns columns, Schema schema) {
    Optional<AttributeType> type =
        columns.attributes().contains(name)
            ? Optional.of(schema.attributes().get(schema.attributeIndex(name)).type())
            : Optional.empty();
    if (type.isEmpty()
        || (type.get() != AttributeType.LONG && type.get() != AttributeType.TIMESTAMP)) {
      throw new ValidationException(
          table
              + ": sink.order-column is '"
              + name
              + "': name an attribute that the table declares as BIGINT or TIMESTAMP_LTZ(6)");
    }
    return columns.indexOf(name);
  }

  boolean isOrdered() {
    return orderColumn != BY_TIME_OF_WRITING;
  }

  /** Upkeep as the stream job does it by default, if at all. */
  StreamSettings.Maintenance maintenance(boolean bounded) {
    boolean enabled = maintained && !bounded;
    return Settings.load(
        StreamSettings.Maintenance.class,
        Map.of("enabled", Boolean.toString(enabled)),
        "in the options",
        Map.of());
  }
}
