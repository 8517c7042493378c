package io.tarn.spark.input;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.IdType;
import io.tarn.spark.rows.BlockShuffle;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.rows.RowCodec;
import io.tarn.spark.rows.Run;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * The rows of an input, numbered in input order, ready to be gone through several times.
 *
 * <p>Rows that are costly to read (compressed, to be parsed, to be decoded) are read once and
 * shuffled, in batches, evenly over the cores; Spark keeps shuffled rows on the executors' disks,
 * where later passes find them. What is known of an input only at its end, its row counts, travels
 * in the same shuffle. Rows of plain vector files are numbered by their place and cheap to read:
 * every pass reads the files.
 */
public final class StagedRows {
  private final JavaRDD<InputRow> rows;
  private final InputColumns columns;
  private final OptionalInt dimension;
  private final long rowCount;

  private StagedRows(
      JavaRDD<InputRow> rows, long rowCount, InputColumns columns, OptionalInt dimension) {
    this.rows = rows;
    this.rowCount = rowCount;
    this.columns = columns;
    this.dimension = dimension;
  }

  /** Reads an input, as far as that is needed to number its rows. */
  public static StagedRows of(InputTable table, InputColumns columns) {
    JavaRDD<InternalRow> internalRows = internalRows(columns.rows());
    int parallelism = internalRows.context().defaultParallelism();
    boolean enoughTasks = internalRows.getNumPartitions() >= parallelism;
    if (columns.decoder().rowsAreNumbered() && enoughTasks) {
      RowDecoder decoder = columns.decoder();
      return new StagedRows(
          internalRows.mapPartitionsWithIndex((task, each) -> decoder.decode(each, task), true),
          0,
          columns,
          table.dimension());
    }
    return stage(internalRows, table, columns);
  }

  /** The rows; a new pass over them each time an action is run. */
  public JavaRDD<InputRow> rows() {
    return rows;
  }

  /** What turns these rows into bytes and back. */
  public RowCodec codec() {
    return new RowCodec(columns.attributes());
  }

  /** The type of the ids. */
  public IdType idType() {
    return columns.idType();
  }

  /** The attributes of the rows. */
  public List<Attribute> attributes() {
    return columns.attributes();
  }

  /** How many rows there are; 0 if no two can have the same id, as the ids are row numbers. */
  public long idsToCompare() {
    return columns.decoder().rowsAreNumbered() ? 0 : rowCount;
  }

  /** Whether there are no rows at all. */
  public boolean isEmpty() {
    return rows.map(row -> true).isEmpty();
  }

  /** The dimension of the first row, in input order, that has a vector with any values. */
  public OptionalInt dimension() {
    return dimension;
  }

  private static StagedRows stage(
      JavaRDD<InternalRow> internalRows, InputTable table, InputColumns columns) {
    RowDecoder decoder = columns.decoder();
    RowCodec codec = new RowCodec(columns.attributes());
    int partitions =
        Math.max(internalRows.context().defaultParallelism(), internalRows.getNumPartitions());
    JavaPairRDD<Integer, Serializable> staged =
        BlockShuffle.of(
            internalRows.mapPartitionsWithIndex(
                (task, each) -> new Staging(decoder.decode(each, task), codec, task, partitions),
                true),
            partitions + 1);
    TreeMap<Run, RunSummary> runs = summaries(staged, partitions);
    Broadcast<Packed<HashMap<Run, Long>>> firstRows =
        JavaSparkContext.fromSparkContext(internalRows.context())
            .broadcast(Packed.of(firstRows(runs)));
    JavaRDD<InputRow> rows =
        staged
            .values()
            .filter(RowBatch.class::isInstance)
            .map(RowBatch.class::cast)
            .flatMap(
                batch -> codec.readAll(batch.rows(), firstRows.value().get().get(batch.run())));
    return new StagedRows(
        rows,
        runs.values().stream().mapToLong(RunSummary::rows).sum(),
        columns,
        table.dimension().isPresent() ? table.dimension() : firstDimension(runs));
  }

  /** Has the whole input read and shuffled; fetched is only the partition of the summaries. */
  private static TreeMap<Run, RunSummary> summaries(
      JavaPairRDD<Integer, Serializable> staged, int partition) {
    List<TreeMap<Run, RunSummary>> byTask = new ArrayList<>();
    for (Tuple2<Integer, Serializable> pair : staged.collectPartitions(new int[] {partition})[0]) {
      @SuppressWarnings("unchecked") // That is what Staging sends to this partition.
      Packed<TreeMap<Run, RunSummary>> summaries = (Packed<TreeMap<Run, RunSummary>>) pair._2;
      byTask.add(summaries.get());
    }
    return Staging.merge(byTask);
  }

  /** The number of each run's first row. */
  private static HashMap<Run, Long> firstRows(TreeMap<Run, RunSummary> runs) {
    HashMap<Run, Long> firstRows = new HashMap<>();
    long next = 0;
    for (Map.Entry<Run, RunSummary> run : runs.entrySet()) {
      firstRows.put(run.getKey(), run.getKey().equals(Run.NUMBERED) ? 0 : next);
      next += run.getValue().rows();
    }
    return firstRows;
  }

  private static OptionalInt firstDimension(TreeMap<Run, RunSummary> runs) {
    return runs.values().stream()
        .mapToInt(RunSummary::firstVectorDimension)
        .filter(dimension -> dimension > 0)
        .findFirst();
  }

  private static JavaRDD<InternalRow> internalRows(Dataset<Row> rows) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) rows).queryExecution().toRdd().toJavaRDD();
  }
}
