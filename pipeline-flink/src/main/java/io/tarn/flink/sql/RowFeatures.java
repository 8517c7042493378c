package io.tarn.flink.sql;

import io.tarn.flink.PositionedFeature;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.Collector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes upserts and deletes of rows, and numbers them in the order in which they come: of two
 * versions of an id that are equal in order, the later one wins.
 */
final class RowFeatures extends ProcessFunction<RowData, PositionedFeature> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(RowFeatures.class);

  /** Never the name of a source in a snapshot. */
  private static final String SOURCE = "rows";

  private final SinkSettings settings;

  private transient Schema schema;
  private transient int subtask;
  private transient long position;

  /** When the last row was written, at least: clocks may go back, the order may not. */
  private transient long writtenMs;

  private transient Counter upserts;
  private transient Counter deletes;
  private transient Counter badRows;
  private transient Map<Reason, Counter> badRowsByReason;

  RowFeatures(SinkSettings settings) {
    this.settings = settings;
  }

  @Override
  public void open(OpenContext context) throws IOException {
    try (Storage storage = StorageLocation.open(settings.location())) {
      Snapshot newest = new SnapshotLog(storage).newest();
      schema = newest.schema();
      writtenMs = newest.timestampMs();
    }
    subtask = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    MetricGroup metrics = getRuntimeContext().getMetricGroup().addGroup("tarn");
    upserts = metrics.counter("upserts");
    deletes = metrics.counter("deletes");
    badRows = metrics.counter("badRecords");
    badRowsByReason = new EnumMap<>(Reason.class);
    for (Reason reason : Reason.values()) {
      badRowsByReason.put(reason, metrics.addGroup("reason", reason.name()).counter("badRecords"));
    }
  }

  @Override
  public void processElement(RowData row, Context context, Collector<PositionedFeature> out) {
    writtenMs = Math.max(writtenMs, System.currentTimeMillis());
    try {
      Feature feature = feature(row);
      checkSize(feature);
      (feature.deleted() ? deletes : upserts).inc();
      out.collect(new PositionedFeature(SOURCE, subtask, position, writtenMs, feature));
      position++;
    } catch (RejectedFeatureException e) {
      setAside(row, e);
    }
  }

  private Feature feature(RowData row) throws RejectedFeatureException {
    FeatureId id = settings.columns().id(row);
    return switch (row.getRowKind()) {
      case INSERT, UPDATE_AFTER ->
          new Feature(
              id,
              VectorRules.accept(schema, settings.columns().vector(row)),
              order(row),
              position,
              settings.columns().attributes(row, schema));
      case DELETE -> Feature.delete(id, order(row), position);
      case UPDATE_BEFORE ->
          throw new IllegalStateException(
              settings.table() + " takes upserts, and was given the row before an update");
    };
  }

  /** A character counts as one byte: to stop what is much too large, that is exact enough. */
  private void checkSize(Feature feature) throws RejectedFeatureException {
    long bytes = feature.id() instanceof FeatureId.Text id ? id.value().length() : Long.BYTES;
    bytes += feature.deleted() ? 0 : (long) Float.BYTES * feature.vector().length;
    for (Object attribute : feature.attributes()) {
      bytes += attribute instanceof String text ? text.length() : 0;
    }
    if (bytes > settings.maxRowBytes()) {
      throw new RejectedFeatureException(
          Reason.OVERSIZED,
          "it has " + bytes + " bytes, sink.max-row-size allows " + settings.maxRowBytes());
    }
  }

  private long order(RowData row) throws RejectedFeatureException {
    return settings.isOrdered()
        ? settings.columns().order(row, settings.orderColumn(), schema)
        : writtenMs;
  }

  private void setAside(RowData row, RejectedFeatureException e) {
    String message =
        settings.table()
            + " cannot take a row ("
            + row.getRowKind().shortString()
            + " "
            + idOf(row)
            + "): "
            + e.getMessage();
    switch (settings.badRows()) {
      case FAIL ->
          // Restarted, the query would bring the same row.
          throw new SuppressRestartsException(
              new IllegalArgumentException(
                  message
                      + "; leave such rows out by a WHERE, or have them left out and counted with"
                      + " 'sink.bad-rows' = 'skip'",
                  e));
      case SKIP -> {
        badRows.inc();
        badRowsByReason.get(e.reason()).inc();
        // The 1st, 2nd, 4th, 8th and so on: a log of them all would be as long as the table.
        if (Long.bitCount(badRows.getCount()) == 1) {
          LOG.warn("{}; {} such rows so far", message, badRows.getCount());
        }
      }
    }
  }

  private String idOf(RowData row) {
    try {
      return settings.columns().id(row).toString();
    } catch (RejectedFeatureException e) {
      return "without an id";
    }
  }
}
