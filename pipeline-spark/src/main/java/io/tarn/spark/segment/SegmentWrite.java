package io.tarn.spark.segment;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Schema;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.Storage;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.rows.RowBuffer;
import io.tarn.spark.rows.RowCodec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import scala.Tuple4;

/**
 * Writes rows as segments, from the executors: assigns them to lists, shuffles them so that each
 * task has a range of lists, and writes these sorted. Spark's sort spills what does not fit into
 * memory.
 *
 * @param location the index
 * @param schema its schema
 * @param model its model
 * @param codec what carries the rows to the writing tasks
 * @param segmentBytes about how large a segment becomes
 */
public record SegmentWrite(
    IndexLocation location, Schema schema, Model model, RowCodec codec, long segmentBytes) {
  /** Less is not worth a task, nor a file, of its own. */
  private static final long MIN_TASK_BYTES = 8L << 20;

  /**
   * How much of a segment a task is meant to fill: estimates err, and a second segment with the
   * rest would be a small one.
   */
  private static final double SEGMENT_SHARE = 0.75;

  /**
   * Writes the rows that are not set aside.
   *
   * @param sizes of the lists, as far as they are known
   * @param totalBytes about how many bytes all rows take
   * @return the segments, which no snapshot knows yet
   */
  public List<SegmentRef> write(
      SparkSession spark, JavaRDD<InputRow> rows, ListSizes sizes, long totalBytes) {
    return write(spark, rows, sizes, totalBytes, false);
  }

  /** Writes rows as {@link #write} does, which are features of an index and stay as they are. */
  public List<SegmentRef> writeStored(
      SparkSession spark, JavaRDD<InputRow> rows, ListSizes sizes, long totalBytes) {
    return write(spark, rows, sizes, totalBytes, true);
  }

  private List<SegmentRef> write(
      SparkSession spark,
      JavaRDD<InputRow> rows,
      ListSizes sizes,
      long totalBytes,
      boolean stored) {
    int tasks = tasks(totalBytes, spark.sparkContext().defaultParallelism());
    ListRanges ranges = new ListRanges(sizes.sampled(), tasks);
    Broadcast<Packed<Model>> sharedModel =
        JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(Packed.of(model));
    // Closures keep what they name; this record would bring the model along.
    Schema rowSchema = schema;
    RowCodec rowCodec = codec;
    WriteOrder order = WriteOrder.of(model.listCount());
    JavaRDD<Tuple4<Integer, Long, Long, byte[]>> placed =
        rows.mapPartitions(
            each ->
                new PlacedRows(
                    new AssignedRows(each, rowSchema, sharedModel.value().get(), stored),
                    ranges,
                    order,
                    rowCodec));
    Dataset<Tuple4<Integer, Long, Long, byte[]>> sorted =
        spark
            .createDataset(
                placed.rdd(),
                Encoders.tuple(Encoders.INT(), Encoders.LONG(), Encoders.LONG(), Encoders.BINARY()))
            .repartitionById(tasks, functions.col("_1"))
            .sortWithinPartitions("_2", "_3");
    IndexLocation index = location;
    long targetBytes = segmentBytes;
    SegmentNames names = new SegmentNames();
    JavaRDD<Packed<ArrayList<SegmentRef>>> written =
        sorted
            .toJavaRDD()
            .mapPartitions(
                each -> {
                  ArrayList<SegmentRef> segments =
                      writeSorted(
                          each,
                          index,
                          rowSchema,
                          sharedModel.value().get(),
                          order,
                          rowCodec,
                          targetBytes,
                          names);
                  return List.of(Packed.of(segments)).iterator();
                });
    return WrittenSegments.of(
        spark.sparkContext(),
        location,
        names,
        () -> {
          List<SegmentRef> segments = new ArrayList<>();
          written.collect().forEach(part -> segments.addAll(part.get()));
          return segments;
        });
  }

  /**
   * Makes sure that nothing was lost or doubled on the way.
   *
   * @throws IllegalStateException if the segments hold other numbers of rows
   */
  public static void checkComplete(List<SegmentRef> segments, long features, long deletes) {
    long writtenFeatures = segments.stream().mapToLong(SegmentRef::rows).sum();
    long writtenDeletes = segments.stream().mapToLong(SegmentRef::deletes).sum();
    if (writtenFeatures != features || writtenDeletes != deletes) {
      throw new IllegalStateException(
          "the input had "
              + features
              + " features and "
              + deletes
              + " deletes when they were counted, but "
              + writtenFeatures
              + " and "
              + writtenDeletes
              + " when they were written: it must not change while the job runs. Nothing was"
              + " committed");
    }
  }

  private int tasks(long totalBytes, int cores) {
    long bySize = (long) Math.ceil(totalBytes / (segmentBytes * SEGMENT_SHARE));
    long byCores = Math.min(cores, totalBytes / MIN_TASK_BYTES);
    return Math.toIntExact(Math.max(1, Math.max(bySize, byCores)));
  }

  private static ArrayList<SegmentRef> writeSorted(
      Iterator<Tuple4<Integer, Long, Long, byte[]>> sorted,
      IndexLocation location,
      Schema schema,
      Model model,
      WriteOrder order,
      RowCodec codec,
      long segmentBytes,
      SegmentNames names)
      throws IOException {
    try (Storage storage = location.open();
        SegmentTask task = new SegmentTask(storage, schema, model, segmentBytes, names)) {
      while (sorted.hasNext()) {
        Tuple4<Integer, Long, Long, byte[]> row = sorted.next();
        InputRow.Readable readable = (InputRow.Readable) codec.read(row._4());
        int list = order.listOf(row._2());
        task.add(new AssignedRow(list, readable.storedFeature()), row._4().length);
      }
      return new ArrayList<>(task.finish());
    }
  }

  /** Rows on their way: the task that writes them, where they come there, their bytes. */
  private static final class PlacedRows implements Iterator<Tuple4<Integer, Long, Long, byte[]>> {
    private final AssignedRows rows;
    private final ListRanges ranges;
    private final WriteOrder order;
    private final RowCodec codec;
    private final RowBuffer buffer = new RowBuffer();

    PlacedRows(AssignedRows rows, ListRanges ranges, WriteOrder order, RowCodec codec) {
      this.rows = rows;
      this.ranges = ranges;
      this.order = order;
      this.codec = codec;
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public Tuple4<Integer, Long, Long, byte[]> next() {
      AssignedRow row = rows.next();
      long position = row.feature().position();
      buffer.clear();
      codec.write(InputRow.Readable.of(row.feature()), buffer);
      return new Tuple4<>(
          ranges.taskOf(row.list(), position),
          order.keyOf(row.list(), position),
          position,
          buffer.toBytes());
    }
  }
}
