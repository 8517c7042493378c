package io.tarn.spark.input;

import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Run;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/** The rows of one partition, numbered within their run. */
public final class DecodedRows implements Iterator<InputRow> {
  private final RowDecoder decoder;
  private final Iterator<InternalRow> rows;
  private final int partition;
  private RowDecoder.CurrentRun current;
  private long indexInRun;

  DecodedRows(RowDecoder decoder, Iterator<InternalRow> rows, int partition) {
    this.decoder = decoder;
    this.rows = rows;
    this.partition = partition;
  }

  @Override
  public boolean hasNext() {
    return rows.hasNext();
  }

  @Override
  public InputRow next() {
    InternalRow row = rows.next();
    if (current != null && decoder.goesOn(row, current)) {
      indexInRun++;
    } else {
      current = decoder.beginningAt(row, partition);
      indexInRun = 0;
    }
    return decoder.decode(row, indexInRun);
  }

  /** The run of the row given last. */
  public Run run() {
    return current.run();
  }
}
