package io.tarn.spark.input;

import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.rows.RowBuffer;
import io.tarn.spark.rows.RowCodec;
import io.tarn.spark.rows.Run;
import java.io.Serializable;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import scala.Tuple2;

/**
 * Packs the rows of one task's input into batches, dealt out to partitions in turn, and ends with a
 * summary of the runs they came from. A batch holds rows of one run.
 */
final class Staging implements Iterator<Tuple2<Integer, Serializable>> {
  /** Large enough that a batch costs nothing, small enough to hold one for every core. */
  private static final int BATCH_BYTES = 256 * 1024;

  private final DecodedRows rows;
  private final RowCodec codec;
  private final int partitions;
  private final RowBuffer buffer = new RowBuffer();
  private final TreeMap<Run, RunSummary> summaries = new TreeMap<>();
  private int partition;
  private InputRow pending;
  private Run pendingRun;
  private boolean ended;

  /**
   * @param firstPartition where the first batch goes; tasks begin at different ones, so that many
   *     small tasks fill all partitions
   * @param partitions among how many the batches are dealt out; the summaries go to the one after
   */
  Staging(DecodedRows rows, RowCodec codec, int firstPartition, int partitions) {
    this.rows = rows;
    this.codec = codec;
    this.partition = firstPartition % partitions;
    this.partitions = partitions;
    advance();
  }

  @Override
  public boolean hasNext() {
    return !ended;
  }

  @Override
  public Tuple2<Integer, Serializable> next() {
    if (pending == null) {
      ended = true;
      return new Tuple2<>(partitions, Packed.of(summaries));
    }
    partition = (partition + 1) % partitions;
    return new Tuple2<>(partition, nextBatch());
  }

  private RowBatch nextBatch() {
    Run run = pendingRun;
    RunSummary summary = RunSummary.NONE;
    buffer.clear();
    while (pending != null && pendingRun.equals(run) && buffer.size() < BATCH_BYTES) {
      codec.write(pending, buffer);
      summary = summary.and(RunSummary.of(pending));
      advance();
    }
    summaries.merge(run, summary, RunSummary::and);
    return new RowBatch(run, buffer.toBytes());
  }

  private void advance() {
    pending = rows.hasNext() ? rows.next() : null;
    pendingRun = pending == null ? null : rows.run();
  }

  /** The runs of all tasks together, in input order. */
  static TreeMap<Run, RunSummary> merge(Iterable<? extends Map<Run, RunSummary>> byTask) {
    TreeMap<Run, RunSummary> merged = new TreeMap<>();
    byTask.forEach(
        runs -> runs.forEach((run, summary) -> merged.merge(run, summary, RunSummary::and)));
    return merged;
  }
}
