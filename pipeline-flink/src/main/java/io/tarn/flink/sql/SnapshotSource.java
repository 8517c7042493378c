package io.tarn.flink.sql;

import io.tarn.index.feature.Schema;
import io.tarn.index.snapshot.SegmentRef;
import java.io.IOException;
import java.util.List;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/**
 * The live rows of one snapshot, read by parts of segments.
 *
 * @param location the index
 * @param schema of the snapshot
 * @param segments of the snapshot
 * @param columns what is read of a row
 * @param filters conditions that rows fulfil, all of them
 */
record SnapshotSource(
    String location,
    Schema schema,
    List<SegmentRef> segments,
    TableColumns columns,
    List<String> filters)
    implements Source<RowData, SegmentSplit, RemainingSplits> {
  SnapshotSource {
    segments = List.copyOf(segments);
    filters = List.copyOf(filters);
  }

  SnapshotSource reading(TableColumns other) {
    return new SnapshotSource(location, schema, segments, other, filters);
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.BOUNDED;
  }

  @Override
  public SplitEnumerator<SegmentSplit, RemainingSplits> createEnumerator(
      SplitEnumeratorContext<SegmentSplit> context) {
    return new SplitAssignment(this, context, new RemainingSplits(false, List.of()));
  }

  @Override
  public SplitEnumerator<SegmentSplit, RemainingSplits> restoreEnumerator(
      SplitEnumeratorContext<SegmentSplit> context, RemainingSplits remaining) {
    return new SplitAssignment(this, context, remaining);
  }

  @Override
  public SourceReader<RowData, SegmentSplit> createReader(SourceReaderContext context)
      throws IOException {
    return new SplitReader(this, context);
  }

  @Override
  public SimpleVersionedSerializer<SegmentSplit> getSplitSerializer() {
    return new SegmentSplit.Serializer();
  }

  @Override
  public SimpleVersionedSerializer<RemainingSplits> getEnumeratorCheckpointSerializer() {
    return new RemainingSplits.Serializer();
  }
}
