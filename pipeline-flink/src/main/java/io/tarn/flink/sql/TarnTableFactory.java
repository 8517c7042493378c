package io.tarn.flink.sql;

import io.tarn.index.commit.AsOf;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.logical.RowType;

/** Makes tables of {@code 'connector' = 'tarn'}; Flink finds it by its name. */
public final class TarnTableFactory implements DynamicTableSourceFactory, DynamicTableSinkFactory {
  private static final String IDENTIFIER = "tarn";

  @Override
  public String factoryIdentifier() {
    return IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return TarnTableOptions.REQUIRED;
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return TarnTableOptions.OPTIONAL;
  }

  /**
   * {@inheritDoc}
   *
   * @throws ValidationException if there is no index, the columns are not its columns, or an option
   *     cannot be used
   */
  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    ReadableConfig options = helper.getOptions();
    String table = "table " + context.getObjectIdentifier().asSummaryString();
    Snapshot snapshot = snapshot(table, options);
    RowType declared = (RowType) context.getPhysicalRowDataType().getLogicalType();
    checkPrimaryKey(table, declared, context.getPrimaryKeyIndexes());
    TableColumns columns = TableColumns.of(table, declared, snapshot.schema());
    List<String> filters = options.getOptional(TarnTableOptions.FILTER).stream().toList();
    TarnTableSource.checkFilters(table, filters, snapshot.schema());
    Searches searches =
        new Searches(
            table,
            openedAs(table, options, snapshot),
            columns,
            ProbeChoice.of(table, options),
            filters,
            options.get(TarnTableOptions.SKIP_BAD_QUERIES));
    SnapshotSource scan =
        new SnapshotSource(
            options.get(TarnTableOptions.INDEX),
            snapshot.schema(),
            snapshot.segments(),
            columns,
            filters);
    return new TarnTableSource(
        searches, scan, asyncThreads(table, options), PlannedRecall.of(snapshot));
  }

  /**
   * {@inheritDoc}
   *
   * @throws ValidationException if there is no index, the columns are not its columns, or an option
   *     cannot be used
   */
  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    ReadableConfig options = helper.getOptions();
    String table = "table " + context.getObjectIdentifier().asSummaryString();
    if (isPinned(options)) {
      throw new ValidationException(
          table
              + " stays at a version or timestamp, and rows become a new version: write to a table"
              + " without these options");
    }
    Snapshot snapshot = snapshot(table, options);
    RowType declared = (RowType) context.getPhysicalRowDataType().getLogicalType();
    TableColumns columns = TableColumns.of(table, declared, snapshot.schema());
    checkPrimaryKey(table, declared, context.getPrimaryKeyIndexes());
    return new TarnTableSink(
        SinkSettings.of(table, columns, snapshot.schema(), options),
        context.getPrimaryKeyIndexes().length > 0);
  }

  private static boolean isPinned(ReadableConfig options) {
    return options.getOptional(TarnTableOptions.VERSION).isPresent()
        || options.getOptional(TarnTableOptions.TIMESTAMP).isPresent();
  }

  private static Snapshot snapshot(String table, ReadableConfig options) {
    String location = options.get(TarnTableOptions.INDEX);
    Optional<Long> version = options.getOptional(TarnTableOptions.VERSION);
    Optional<String> timestamp = options.getOptional(TarnTableOptions.TIMESTAMP);
    if (version.isPresent() && timestamp.isPresent()) {
      throw new ValidationException(
          table + ": the options version and timestamp are both given: give the one or the other");
    }
    try (Storage storage = StorageLocation.open(location)) {
      SnapshotLog log = new SnapshotLog(storage);
      if (version.isPresent()) {
        return log.readPinned(version.get());
      }
      return timestamp.isPresent() ? log.asOf(AsOf.parse(timestamp.get())) : log.newest();
    } catch (IOException | IllegalArgumentException e) {
      throw new ValidationException(table + ": " + e.getMessage(), e);
    }
  }

  private static OpenedAs openedAs(String table, ReadableConfig options, Snapshot snapshot) {
    long refreshMs = options.get(TarnTableOptions.REFRESH_INTERVAL).toMillis();
    if (refreshMs < 1) {
      throw new ValidationException(
          table + ": a refresh-interval of " + refreshMs + " ms: give 1 ms or more");
    }
    long budgetBytes =
        options
            .getOptional(TarnTableOptions.MEMORY_BUDGET)
            .map(MemorySize::getBytes)
            .orElse(OpenedAs.DEFAULT_BUDGET);
    if (budgetBytes == 0 && options.getOptional(TarnTableOptions.MEMORY_BUDGET).isPresent()) {
      throw new ValidationException(table + ": memory-budget is 0 bytes: give more");
    }
    return new OpenedAs(
        options.get(TarnTableOptions.INDEX),
        isPinned(options) ? snapshot.version() : OpenedAs.NEWEST,
        refreshMs,
        options.get(TarnTableOptions.TIER),
        budgetBytes);
  }

  private static int asyncThreads(String table, ReadableConfig options) {
    int threads = options.get(TarnTableOptions.LOOKUP_ASYNC_THREADS);
    if (threads < 1) {
      throw new ValidationException(
          table + ": lookup.async-threads is " + threads + ": give 1 or more");
    }
    return options.get(TarnTableOptions.LOOKUP_ASYNC) ? threads : 0;
  }

  private static void checkPrimaryKey(String table, RowType declared, int[] key) {
    boolean isId = key.length == 1 && declared.getFieldNames().get(key[0]).equals(TableColumns.ID);
    if (key.length > 0 && !isId) {
      throw new ValidationException(
          table + ": the primary key of an index is its id: PRIMARY KEY (id) NOT ENFORCED");
    }
  }
}
