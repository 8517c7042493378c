package io.tarn.flink.sql;

import io.tarn.index.search.VectorTier;
import java.time.Duration;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.table.factories.FactoryUtil;

/** The options of a table; docs/flink-sql.md tells what they do. */
final class TarnTableOptions {
  static final ConfigOption<String> INDEX =
      ConfigOptions.key("index")
          .stringType()
          .noDefaultValue()
          .withDescription("Where the index is: a directory, hdfs://… or s3a://….");

  static final ConfigOption<Integer> NPROBE =
      ConfigOptions.key("nprobe")
          .intType()
          .noDefaultValue()
          .withDescription("How many lists a search looks at.");

  static final ConfigOption<Double> RECALL =
      ConfigOptions.key("recall")
          .doubleType()
          .noDefaultValue()
          .withDescription("As many lists as it took for this recall when it was calibrated.");

  static final ConfigOption<Boolean> EXACT =
      ConfigOptions.key("exact")
          .booleanType()
          .noDefaultValue()
          .withDescription("Whether searches look at all lists.");

  static final ConfigOption<String> FILTER =
      ConfigOptions.key("filter")
          .stringType()
          .noDefaultValue()
          .withDescription("A condition on id and attributes that rows have to fulfil.");

  static final ConfigOption<Duration> REFRESH_INTERVAL =
      ConfigOptions.key("refresh-interval")
          .durationType()
          .defaultValue(Duration.ofSeconds(1))
          .withDescription("How often searches look for a newer version.");

  static final ConfigOption<Boolean> SKIP_BAD_QUERIES =
      ConfigOptions.key("skip-bad-queries")
          .booleanType()
          .defaultValue(false)
          .withDescription("Whether vectors that cannot be searched for have no result.");

  static final ConfigOption<Boolean> LOOKUP_ASYNC =
      ConfigOptions.key("lookup.async")
          .booleanType()
          .defaultValue(false)
          .withDescription("Whether several searches of a subtask run at a time.");

  static final ConfigOption<Integer> LOOKUP_ASYNC_THREADS =
      ConfigOptions.key("lookup.async-threads")
          .intType()
          .defaultValue(4)
          .withDescription("How many of them.");

  static final ConfigOption<VectorTier> TIER =
      ConfigOptions.key("tier")
          .enumType(VectorTier.class)
          .defaultValue(VectorTier.AUTO)
          .withDescription("Where vectors are while searches run.");

  static final ConfigOption<MemorySize> MEMORY_BUDGET =
      ConfigOptions.key("memory-budget")
          .memoryType()
          .noDefaultValue()
          .withDescription("The most heap that an open index takes.");

  static final ConfigOption<Long> VERSION =
      ConfigOptions.key("version")
          .longType()
          .noDefaultValue()
          .withDescription("The version of the index that is read and searched.");

  static final ConfigOption<String> TIMESTAMP =
      ConfigOptions.key("timestamp")
          .stringType()
          .noDefaultValue()
          .withDescription("The time whose newest version is read and searched.");

  static final ConfigOption<String> SINK_ORDER_COLUMN =
      ConfigOptions.key("sink.order-column")
          .stringType()
          .noDefaultValue()
          .withDescription("The column that says which version of an id is the newest.");

  static final ConfigOption<SinkSettings.BadRows> SINK_BAD_ROWS =
      ConfigOptions.key("sink.bad-rows")
          .enumType(SinkSettings.BadRows.class)
          .defaultValue(SinkSettings.BadRows.FAIL)
          .withDescription("What becomes of rows that the index cannot take.");

  static final ConfigOption<MemorySize> SINK_BUFFER_SIZE =
      ConfigOptions.key("sink.buffer-size")
          .memoryType()
          .defaultValue(MemorySize.ofMebiBytes(64))
          .withDescription("What a subtask holds in memory before it writes a segment.");

  static final ConfigOption<MemorySize> SINK_MAX_ROW_SIZE =
      ConfigOptions.key("sink.max-row-size")
          .memoryType()
          .defaultValue(MemorySize.ofMebiBytes(8))
          .withDescription("What the id, the vector and the texts of a row may have together.");

  static final ConfigOption<Integer> SINK_PARALLELISM = FactoryUtil.SINK_PARALLELISM;

  static final ConfigOption<Boolean> SINK_MAINTENANCE =
      ConfigOptions.key("sink.maintenance")
          .booleanType()
          .defaultValue(true)
          .withDescription("Whether a query that does not end keeps the index in shape.");

  static final Set<ConfigOption<?>> REQUIRED = Set.of(INDEX);

  static final Set<ConfigOption<?>> OPTIONAL =
      Set.of(
          NPROBE,
          RECALL,
          EXACT,
          FILTER,
          REFRESH_INTERVAL,
          SKIP_BAD_QUERIES,
          LOOKUP_ASYNC,
          LOOKUP_ASYNC_THREADS,
          TIER,
          MEMORY_BUDGET,
          VERSION,
          TIMESTAMP,
          SINK_ORDER_COLUMN,
          SINK_BAD_ROWS,
          SINK_BUFFER_SIZE,
          SINK_MAX_ROW_SIZE,
          SINK_PARALLELISM,
          SINK_MAINTENANCE);

  private TarnTableOptions() {}
}
