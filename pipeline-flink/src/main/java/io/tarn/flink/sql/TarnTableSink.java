package io.tarn.flink.sql;

import io.tarn.flink.IndexSink;
import io.tarn.flink.PositionedFeature;
import io.tarn.flink.PositionedFeatureType;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.util.Optional;
import org.apache.flink.api.common.functions.Partitioner;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.sink.DataStreamSinkProvider;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;

/** An index as a table into which rows are written: upserts and deletes by their ids. */
final class TarnTableSink implements DynamicTableSink {
  private final SinkSettings settings;

  TarnTableSink(SinkSettings settings) {
    this.settings = settings;
  }

  /** A delete needs nothing but its id, unless its order is in the row. */
  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    return ChangelogMode.upsert(!settings.isOrdered());
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    return new Pipeline(settings, context.isBounded());
  }

  @Override
  public DynamicTableSink copy() {
    return new TarnTableSink(settings);
  }

  @Override
  public String asSummaryString() {
    return "tarn " + settings.location();
  }

  /**
   * Brings the rows of each id to one writer, whatever the query did with them before.
   *
   * @param bounded whether the rows come to an end
   */
  private record Pipeline(SinkSettings settings, boolean bounded)
      implements DataStreamSinkProvider {
    @Override
    public DataStreamSink<?> consumeDataStream(ProviderContext context, DataStream<RowData> rows) {
      if (!bounded && !rows.getExecutionEnvironment().getCheckpointConfig().isCheckpointingEnabled()) {
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
