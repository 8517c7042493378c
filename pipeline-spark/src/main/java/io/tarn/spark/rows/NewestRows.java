package io.tarn.spark.rows;

import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import scala.Tuple4;

/**
 * Of each id the row that wins: the one with the largest order, and of several of those the last
 * one of the input. Only rows that are not set aside take part.
 *
 * <p>All rows of an id meet in one task, sorted by Spark, which spills what does not fit.
 */
public final class NewestRows {
  /**
   * How much a task sorts, about. Spark needs a buffer for each part that it has spilled, so more
   * to sort would take more memory.
   */
  private static final long TASK_BYTES = 128L << 20;

  private NewestRows() {}

  /**
   * The winning rows, as they came in; those that are set aside are left out.
   *
   * @param totalBytes about how many bytes all rows take
   */
  public static JavaRDD<InputRow> of(
      SparkSession spark, JavaRDD<InputRow> rows, RowCodec codec, Schema schema, long totalBytes) {
    int tasks = Math.max(rows.getNumPartitions(), Math.toIntExact(1 + totalBytes / TASK_BYTES));
    JavaRDD<Tuple4<byte[], Long, Long, byte[]>> keyed =
        rows.filter(row -> isAccepted(row, schema))
            .map(row -> keyed((InputRow.Readable) row, codec));
    Dataset<Tuple4<byte[], Long, Long, byte[]>> sorted =
        spark
            .createDataset(
                keyed.rdd(),
                Encoders.tuple(
                    Encoders.BINARY(), Encoders.LONG(), Encoders.LONG(), Encoders.BINARY()))
            .repartition(tasks, functions.col("_1"))
            .sortWithinPartitions("_1", "_2", "_3");
    return sorted.toJavaRDD().mapPartitions(each -> new LastOfEachId(each, codec));
  }

  private static boolean isAccepted(InputRow row, Schema schema) {
    if (!(row instanceof InputRow.Readable readable)) {
      return false;
    }
    try {
      readable.toFeature(schema);
      return true;
    } catch (RejectedFeatureException e) {
      return false;
    }
  }

  private static Tuple4<byte[], Long, Long, byte[]> keyed(InputRow.Readable row, RowCodec codec) {
    byte[] id =
        row.id() instanceof FeatureId.Int64 number
            ? ByteBuffer.allocate(Long.BYTES).putLong(number.value()).array()
            : ((FeatureId.Text) row.id()).value().getBytes(StandardCharsets.UTF_8);
    return new Tuple4<>(id, row.order(), row.position(), codec.toBytes(row));
  }

  /** Of rows sorted by id the last one of each. */
  private static final class LastOfEachId implements Iterator<InputRow> {
    private final Iterator<Tuple4<byte[], Long, Long, byte[]>> sorted;
    private final RowCodec codec;
    private Tuple4<byte[], Long, Long, byte[]> pending;

    LastOfEachId(Iterator<Tuple4<byte[], Long, Long, byte[]>> sorted, RowCodec codec) {
      this.sorted = sorted;
      this.codec = codec;
      this.pending = sorted.hasNext() ? sorted.next() : null;
    }

    @Override
    public boolean hasNext() {
      return pending != null;
    }

    @Override
    public InputRow next() {
      if (pending == null) {
        throw new NoSuchElementException();
      }
      Tuple4<byte[], Long, Long, byte[]> last = pending;
      pending = null;
      while (sorted.hasNext() && pending == null) {
        Tuple4<byte[], Long, Long, byte[]> following = sorted.next();
        if (Arrays.equals(last._1(), following._1())) {
          last = following;
        } else {
          pending = following;
        }
      }
      return codec.read(last._4());
    }
  }
}
