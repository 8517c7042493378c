package io.tarn.spark.input;

import io.tarn.spark.rows.InputRow;
import java.io.Serializable;

/**
 * What is known of a run, or of a part of it, once it has been read.
 *
 * @param rows how many rows
 * @param firstVectorRow the first row that has a vector with any values; {@link Long#MAX_VALUE} if
 *     none has
 * @param firstVectorDimension how many values that vector has
 */
record RunSummary(long rows, long firstVectorRow, int firstVectorDimension)
    implements Serializable {
  static final RunSummary NONE = new RunSummary(0, Long.MAX_VALUE, 0);

  /** The summary of one row. */
  static RunSummary of(InputRow row) {
    boolean hasVector =
        row instanceof InputRow.Readable readable
            && readable.vector() != null
            && readable.vector().length > 0;
    return hasVector
        ? new RunSummary(1, row.position(), ((InputRow.Readable) row).vector().length)
        : new RunSummary(1, Long.MAX_VALUE, 0);
  }

  /** The summary of this part and another one. */
  RunSummary and(RunSummary other) {
    RunSummary first = other.firstVectorRow < firstVectorRow ? other : this;
    return new RunSummary(rows + other.rows, first.firstVectorRow, first.firstVectorDimension);
  }
}
