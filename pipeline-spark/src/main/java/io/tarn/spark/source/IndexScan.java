package io.tarn.spark.source;

import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.spark.live.LiveRowCursor;
import io.tarn.spark.live.LiveSegment;
import io.tarn.spark.live.RowContent;
import io.tarn.spark.live.SettledRows;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.connector.expressions.filter.Predicate;
import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.Statistics;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.connector.read.SupportsPushDownV2Filters;
import org.apache.spark.sql.connector.read.SupportsReportStatistics;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;

/**
 * The live rows of one snapshot, read by segment: an input partition is a part of a large segment
 * or some small ones. Columns that are not selected are not read, and conditions that the index can
 * look at are looked at before vectors are.
 */
final class IndexScan implements Scan, Batch, SupportsReportStatistics {
  private final SparkSession spark;
  private final IndexLocation location;
  private final Snapshot snapshot;
  private final StructType columns;
  private final List<Filter> filters;
  private final long maxPartitionBytes;
  private final long minPartitionBytes;

  private IndexScan(Builder builder) {
    this.spark = builder.spark;
    this.location = builder.location;
    this.snapshot = builder.snapshot;
    this.columns = builder.columns;
    this.filters = List.copyOf(builder.filters);
    // Those of the session that plans the query; later on it need not be the one of this thread.
    SQLConf conf = SQLConf.get();
    this.maxPartitionBytes = conf.filesMaxPartitionBytes();
    this.minPartitionBytes = conf.filesOpenCostInBytes();
  }

  /** Collects what Spark wants of the rows. */
  static final class Builder
      implements ScanBuilder, SupportsPushDownRequiredColumns, SupportsPushDownV2Filters {
    private final SparkSession spark;
    private final IndexLocation location;
    private final Snapshot snapshot;
    private final List<Filter> filters = new ArrayList<>();
    private StructType columns;
    private Predicate[] pushed = {};

    Builder(SparkSession spark, IndexLocation location, Snapshot snapshot) {
      this.spark = spark;
      this.location = location;
      this.snapshot = snapshot;
      this.columns = IndexColumns.type(snapshot.schema());
    }

    @Override
    public void pruneColumns(StructType required) {
      columns = required;
    }

    @Override
    public Predicate[] pushPredicates(Predicate[] predicates) {
      List<Predicate> taken = new ArrayList<>();
      List<Predicate> left = new ArrayList<>();
      for (Predicate predicate : predicates) {
        Optional<Filter> filter = PushedFilter.of(predicate, snapshot.schema());
        filter.ifPresent(filters::add);
        (filter.isPresent() ? taken : left).add(predicate);
      }
      pushed = taken.toArray(Predicate[]::new);
      return left.toArray(Predicate[]::new);
    }

    @Override
    public Predicate[] pushedPredicates() {
      return pushed;
    }

    @Override
    public Scan build() {
      return new IndexScan(this);
    }
  }

  @Override
  public StructType readSchema() {
    return columns;
  }

  @Override
  public String description() {
    return "tarn "
        + location
        + " version "
        + snapshot.version()
        + (filters.isEmpty() ? "" : ", where " + filters);
  }

  /** Otherwise Spark would ask for the partitions, and rows be settled, to explain a plan. */
  @Override
  public ColumnarSupportMode columnarSupportMode() {
    return ColumnarSupportMode.UNSUPPORTED;
  }

  @Override
  public Batch toBatch() {
    return this;
  }

  /** Bytes of the selected columns of a row. */
  private long rowBytes() {
    // Rows that are only counted are rows, too.
    long bytes = Math.max(1, columns.defaultSize());
    if (Arrays.asList(columns.fieldNames()).contains(IndexColumns.VECTOR)) {
      bytes += (long) Float.BYTES * snapshot.schema().dimension();
    }
    return bytes;
  }

  /**
   * Live rows, or all if it has not been settled yet which are, whatever the filters; and the bytes
   * of the selected columns.
   */
  @Override
  public Statistics estimateStatistics() {
    long rows =
        SettledRows.ifKnown(location, snapshot).stream()
            .flatMap(List::stream)
            .mapToLong(LiveSegment::liveRows)
            .reduce(Long::sum)
            .orElseGet(() -> snapshot.segments().stream().mapToLong(SegmentRef::rows).sum());
    long bytes = Math.multiplyExact(rows, rowBytes());
    return new Statistics() {
      @Override
      public OptionalLong sizeInBytes() {
        return OptionalLong.of(bytes);
      }

      @Override
      public OptionalLong numRows() {
        return OptionalLong.of(rows);
      }
    };
  }

  @Override
  public InputPartition[] planInputPartitions() {
    try {
      List<LiveSegment> segments = SettledRows.of(spark, location, snapshot);
      long limit = partitionBytes(segments);
      List<InputPartition> partitions = new ArrayList<>();
      List<LiveSegment> together = new ArrayList<>();
      long bytes = 0;
      for (LiveSegment segment : segments) {
        int parts = (int) ((readBytes(segment) + limit - 1) / limit);
        for (LiveSegment part : segment.split(parts)) {
          long partBytes = readBytes(part);
          if (bytes > 0 && bytes + partBytes > limit) {
            partitions.add(new Segments(List.copyOf(together)));
            together.clear();
            bytes = 0;
          }
          if (partBytes > 0) {
            together.add(part);
            bytes += partBytes;
          }
        }
      }
      if (!together.isEmpty()) {
        partitions.add(new Segments(List.copyOf(together)));
      }
      return partitions.toArray(InputPartition[]::new);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /** As large as Spark makes the partitions of files, and as small where there are few. */
  private long partitionBytes(List<LiveSegment> segments) {
    long all = segments.stream().mapToLong(this::readBytes).sum();
    long perTask = all / spark.sparkContext().defaultParallelism() + 1;
    return Math.min(maxPartitionBytes, Math.max(minPartitionBytes, perTask));
  }

  /** About how much is read of a segment: the wanted columns of its live rows. */
  private long readBytes(LiveSegment segment) {
    return Math.multiplyExact(segment.liveRows(), rowBytes());
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    Schema schema = snapshot.schema();
    String[] names = columns.fieldNames();
    RowContent content =
        new RowContent(
            schema,
            Arrays.asList(names).contains(IndexColumns.VECTOR),
            IndexColumns.attributes(schema, names),
            filters.stream().map(Filter::toString).toList());
    return new Readers(location, content, names);
  }

  /** Segments that one task reads. */
  private record Segments(List<LiveSegment> segments) implements InputPartition {}

  private record Readers(IndexLocation location, RowContent content, String[] names)
      implements PartitionReaderFactory {
    @Override
    public PartitionReader<InternalRow> createReader(InputPartition partition) {
      try {
        return new Reader(
            new LiveRowCursor(location, content, ((Segments) partition).segments()),
            content.schema(),
            names);
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
      }
    }
  }

  private static final class Reader implements PartitionReader<InternalRow> {
    private final LiveRowCursor cursor;
    private final Schema schema;
    private final String[] names;
    private final Object[] row;
    private final InternalRow sparkRow;
    private IndexColumns.Values[] values;
    private Object segment;

    Reader(LiveRowCursor cursor, Schema schema, String[] names) {
      this.cursor = cursor;
      this.schema = schema;
      this.names = names;
      this.row = new Object[names.length];
      this.sparkRow = new GenericInternalRow(row);
    }

    @Override
    public boolean next() throws IOException {
      if (!cursor.next()) {
        return false;
      }
      if (cursor.segment() != segment) {
        segment = cursor.segment();
        values =
            Arrays.stream(names)
                .map(name -> IndexColumns.values(cursor.segment(), schema, name))
                .toArray(IndexColumns.Values[]::new);
      }
      for (int i = 0; i < row.length; i++) {
        row[i] = values[i].get(cursor.row());
      }
      return true;
    }

    @Override
    public InternalRow get() {
      return sparkRow;
    }

    @Override
    public void close() throws IOException {
      cursor.close();
    }
  }
}
