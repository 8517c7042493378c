package io.tarn.flink.sql;

import io.tarn.flink.IndexSink;
import io.tarn.flink.PositionedFeature;
import io.tarn.flink.PositionedFeatureType;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.util.Optional;
import org.apache.flink.api.common.functions.Partitioner;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.transformations.SourceTransformation;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.sink.DataStreamSinkProvider;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.types.RowKind;

/** An index as a table into which rows are written: upserts and deletes by their ids. */
final class TarnTableSink implements DynamicTableSink {
  private final SinkSettings settings;
  private final boolean keyed;

  /**
   * @param keyed whether the table declares its primary key
   */
  TarnTableSink(SinkSettings settings, boolean keyed) {
    this.settings = settings;
    this.keyed = keyed;
  }

  /**
   * Without a primary key Flink does not know what rows of a table that changes to write; then it
   * is enough that they take each other's place. With one, a delete needs nothing but its id,
   * unless its order is in the row.
   */
  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    if (keyed) {
      return ChangelogMode.upsert(!settings.isOrdered());
    }
    if (!requested.containsOnly(RowKind.INSERT)) {
      throw new ValidationException(
          settings.table()
              + " has no primary key, which it needs to take rows that the query updates or"
              + " deletes: declare PRIMARY KEY (id) NOT ENFORCED");
    }
    return ChangelogMode.insertOnly();
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    return new Pipeline(settings);
  }

  @Override
  public DynamicTableSink copy() {
    return new TarnTableSink(settings, keyed);
  }

  @Override
  public String asSummaryString() {
    return "tarn " + settings.location();
  }

  /** Brings the rows of each id to one writer, whatever the query did with them before. */
  private record Pipeline(SinkSettings settings) implements DataStreamSinkProvider {
    @Override
    public DataStreamSink<?> consumeDataStream(ProviderContext context, DataStream<RowData> rows) {
      boolean bounded = isBounded(rows);
      if (!bounded
          && !rows.getExecutionEnvironment().getCheckpointConfig().isCheckpointingEnabled()) {
        throw new ValidationException(
            settings.table()
                + ": rows become part of the index with checkpoints, of which there are none: SET"
                + " 'execution.checkpointing.interval' = '5 s'");
      }
      // The key is a hash, which is enough here; and with keys of its own a batch would be sorted.
      SingleOutputStreamOperator<PositionedFeature> features =
          rows.partitionCustom(new ToWriters(), new IdHash(settings.columns()))
              .process(new RowFeatures(settings), new PositionedFeatureType())
              .name("rows for " + settings.location());
      Optional<String> uid = context.generateUid("index");
      String location = settings.location();
      DataStreamSink<?> sink =
          features
              .sinkTo(
                  IndexSink.ofRows(
                      () -> StorageLocation.open(location),
                      settings.bufferBytes(),
                      settings.maintenance(bounded),
                      uid.isPresent()))
              .name("index");
      context.generateUid("rows").ifPresent(features::uid);
      uid.ifPresent(sink::uid);
      int parallelism =
          settings.parallelism() == SinkSettings.AS_THE_QUERY
              ? rows.getParallelism()
              : settings.parallelism();
      if (parallelism > 0) {
        features.setParallelism(parallelism);
        sink.setParallelism(parallelism);
      }
      return sink;
    }
  }

  /**
   * Whether the rows come to an end. The planner says so of batches alone; and what it makes of
   * VALUES does not say so itself, in contrast to every source of a connector.
   */
  private static boolean isBounded(DataStream<RowData> rows) {
    return rows.getTransformation().getTransitivePredecessors().stream()
        .noneMatch(
            each ->
                each instanceof SourceTransformation<?, ?, ?> source
                    && source.getBoundedness() != Boundedness.BOUNDED);
  }

  private static final class ToWriters implements Partitioner<Integer> {
    private static final long serialVersionUID = 1L;

    @Override
    public int partition(Integer hash, int writers) {
      return Math.floorMod(hash, writers);
    }
  }

  private static final class IdHash implements KeySelector<RowData, Integer> {
    private static final long serialVersionUID = 1L;

    private final TableColumns columns;

    IdHash(TableColumns columns) {
      this.columns = columns;
    }

    /** Rows without an id go somewhere, where they are found to be bad. */
    @Override
    public Integer getKey(RowData row) {
      try {
        return columns.id(row).hashCode();
      } catch (RejectedFeatureException e) {
        return 0;
      }
    }
  }
}
