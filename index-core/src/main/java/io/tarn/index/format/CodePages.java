package io.tarn.index.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;
import org.apache.parquet.bytes.ByteBufferReleaser;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV2;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;

/**
 * Reads columns of codes a page at a time, where they are written as this writer does: PLAIN, in
 * pages of version 2. Deletes have none and come first, so the nulls of a page are its first rows.
 */
final class CodePages {
  private static final Set<Encoding> BULK = EnumSet.of(Encoding.PLAIN, Encoding.RLE);

  private CodePages() {}

  /** Whether a column chunk can be read so. */
  static boolean isBulk(ColumnChunkMetaData chunk) {
    return !chunk.hasDictionaryPage() && BULK.containsAll(chunk.getEncodings());
  }

  /** Takes the values of a page. */
  interface Receiver {
    /**
     * Takes values.
     *
     * @param first the row of the first one
     * @param values as many values as there are, little-endian
     */
    void accept(int first, ByteBuffer values);
  }

  /**
   * Reads a column chunk.
   *
   * @param firstRow the first row of the row group
   * @param deletes how many rows of the segment, from the first on, have no value
   * @param valueBytes bytes of a value
   */
  static void read(PageReader pages, int firstRow, int deletes, int valueBytes, Receiver receiver)
      throws IOException {
    int row = firstRow;
    for (DataPage page = pages.readPage(); page != null; page = pages.readPage()) {
      if (!(page instanceof DataPageV2 data)) {
        throw new IOException("codes in a page that is not of version 2");
      }
      int nulls = Math.max(0, Math.min(data.getRowCount(), deletes - row));
      int values = data.getRowCount() - nulls;
      if (data.getNullCount() != nulls || data.getData().size() != (long) values * valueBytes) {
        throw new IOException("a page of codes that does not fit its rows, from row " + row);
      }
      try (ByteBufferReleaser releaser = new ByteBufferReleaser(new HeapByteBufferAllocator())) {
        ByteBuffer bytes = data.getData().toByteBuffer(releaser).order(ByteOrder.LITTLE_ENDIAN);
        receiver.accept(row + nulls, bytes);
      }
      row += data.getRowCount();
    }
  }
}
