package io.tarn.spark.maintain;

import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.segment.Segment;
import io.tarn.index.storage.Storage;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.Collectors;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.TaskCompletionListener;

/** The rows and deletes that are kept of segments, as rows for writing: a task a segment. */
final class FateRows {
  private FateRows() {}

  static JavaRDD<InputRow> of(
      SparkSession spark,
      IndexLocation location,
      Schema schema,
      List<SegmentFate> fates,
      boolean forgetting) {
    List<Packed<SegmentFate>> packed = fates.stream().map(Packed::of).toList();
    return JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(packed, Math.max(1, packed.size()))
        .mapPartitions(each -> new Rows(location, schema, each, forgetting));
  }

  /** Columns but vectors of one segment are in memory; vectors are mapped, or read by page. */
  private static final class Rows implements Iterator<InputRow> {
    private final Schema schema;
    private final Iterator<Packed<SegmentFate>> fates;
    private final boolean forgetting;
    private final Storage storage;
    private SegmentReader reader;
    private Segment segment;
    private BitSet kept = new BitSet();
    private int next = -1;

    Rows(
        IndexLocation location,
        Schema schema,
        Iterator<Packed<SegmentFate>> fates,
        boolean forgetting)
        throws IOException {
      this.schema = schema;
      this.fates = fates;
      this.forgetting = forgetting;
      this.storage = location.open();
      TaskContext task = TaskContext.get();
      if (task != null) {
        task.addTaskCompletionListener((TaskCompletionListener) ended -> close());
      }
    }

    @Override
    public boolean hasNext() {
      while (next < 0 && fates.hasNext()) {
        open(fates.next().get());
      }
      return next >= 0;
    }

    private void open(SegmentFate fate) {
      try {
        closeReader();
        reader = SegmentReader.open(storage, fate.ref(), schema);
        segment =
            reader.readColumnsAndVectors(
                schema.attributes().stream()
                    .map(attribute -> attribute.name())
                    .collect(Collectors.toSet()));
        kept = fate.kept(forgetting);
        next = kept.nextSetBit(0);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public InputRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      InputRow row = InputRow.Readable.of(segment.feature(next));
      next = kept.nextSetBit(next + 1);
      return row;
    }

    private void closeReader() throws IOException {
      if (reader != null) {
        reader.close();
        reader = null;
      }
    }

    private void close() {
      try {
        closeReader();
        storage.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
