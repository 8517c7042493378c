package io.tarn.index.vectorfile;

import java.io.Serializable;

/**
 * How the rows of a vector file lie. Every row has the same length, so that a file which is not
 * compressed can be read from any row on; see {@link VectorFileReader#resume}.
 *
 * @param format the format of the file
 * @param idxType the type of the values of an IDX file, as its header has it; 0 in other formats
 * @param dimension values of a row
 * @param headerBytes bytes before the first row
 * @param rowBytes bytes of a row, its own header included
 * @param rows how many rows the file's header announces; {@link Long#MAX_VALUE} where it has none,
 *     and the file's length decides
 */
public record RowLayout(
    VectorFileFormat format, int idxType, int dimension, int headerBytes, int rowBytes, long rows)
    implements Serializable {

  /** Where a row begins. */
  public long offsetBytes(long row) {
    return headerBytes + row * rowBytes;
  }

  /**
   * How many rows a file of {@code fileBytes} holds, a torn last one included, so that reading them
   * all comes upon whatever is wrong with the file's length.
   */
  public long rowsIn(long fileBytes) {
    long present = (fileBytes - headerBytes + rowBytes - 1) / rowBytes;
    return rows == Long.MAX_VALUE ? present : rows;
  }
}
