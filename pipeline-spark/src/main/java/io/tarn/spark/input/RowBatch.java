package io.tarn.spark.input;

import io.tarn.spark.rows.Packed;
import io.tarn.spark.rows.RowCodec;
import io.tarn.spark.rows.Run;
import java.io.Serializable;

/**
 * Some rows of one run as bytes, which Spark moves and keeps more cheaply than objects. No record:
 * see {@link Packed}.
 */
final class RowBatch implements Serializable {
  private final String file;
  private final long block;
  private final byte[] rows;

  /**
   * @param rows the rows as {@link RowCodec} writes them, numbered within the run
   */
  RowBatch(Run run, byte[] rows) {
    this.file = run.file();
    this.block = run.block();
    this.rows = rows;
  }

  Run run() {
    return new Run(file, block);
  }

  byte[] rows() {
    return rows;
  }
}
