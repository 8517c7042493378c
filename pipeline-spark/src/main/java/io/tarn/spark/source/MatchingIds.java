package io.tarn.spark.source;

import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.spark.live.LiveRowCursor;
import io.tarn.spark.live.LiveSegment;
import io.tarn.spark.live.RowContent;
import io.tarn.spark.live.SettledRows;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;

/** The ids of live rows that pass filters, each with its order, whatever attributes are called. */
final class MatchingIds {
  private MatchingIds() {}

  /** A table with the columns {@code id} and {@code order}. */
  static Dataset<Row> of(
      SparkSession spark, IndexLocation location, Snapshot snapshot, List<Filter> filters)
      throws IOException {
    Schema schema = snapshot.schema();
    RowContent content =
        new RowContent(schema, false, List.of(), filters.stream().map(Filter::toString).toList());
    List<Packed<LiveSegment>> segments = new ArrayList<>();
    for (LiveSegment segment : SettledRows.of(spark, location, snapshot)) {
      segments.add(Packed.of(segment));
    }
    JavaRDD<Row> rows =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(segments, Math.max(1, segments.size()))
            .mapPartitions(each -> rows(each, location, content));
    StructType type =
        new StructType()
            .add(
                IndexColumns.ID,
                schema.idType() == IdType.INT64 ? DataTypes.LongType : DataTypes.StringType,
                false)
            .add(IndexColumns.ORDER, DataTypes.LongType, false);
    return spark.createDataFrame(rows, type);
  }

  private static Iterator<Row> rows(
      Iterator<Packed<LiveSegment>> segments, IndexLocation location, RowContent content)
      throws IOException {
    List<LiveSegment> unpacked = new ArrayList<>();
    segments.forEachRemaining(segment -> unpacked.add(segment.get()));
    LiveRowCursor cursor = new LiveRowCursor(location, content, unpacked);
    TaskCompletionListener end = task -> close(cursor);
    TaskContext.get().addTaskCompletionListener(end);
    return new Rows(cursor);
  }

  private static void close(LiveRowCursor cursor) {
    try {
      cursor.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Rows implements Iterator<Row> {
    private final LiveRowCursor cursor;
    private boolean hasNext;

    Rows(LiveRowCursor cursor) {
      this.cursor = cursor;
      advance();
    }

    private void advance() {
      try {
        hasNext = cursor.next();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public boolean hasNext() {
      return hasNext;
    }

    @Override
    public Row next() {
      if (!hasNext) {
        throw new NoSuchElementException();
      }
      Row row =
          RowFactory.create(
              cursor.segment().ids().get(cursor.row()).toObject(),
              cursor.segment().orders().get(cursor.row()));
      advance();
      return row;
    }
  }
}
