package io.tarn.index.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.statistics.FloatStatistics;
import org.apache.parquet.column.statistics.SizeStatistics;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.statistics.geospatial.GeospatialStatistics;
import org.apache.parquet.format.RowGroup;

/**
 * The column {@code vector list<float>}, written and read a page at a time. Every vector has the
 * same dimension, so the levels of a page are known beforehand and its values are one run of
 * little-endian floats: row r of a page begins r · dimension · 4 bytes after its first value.
 *
 * <p>A page holds vectors or nulls (deletes), never both.
 */
final class VectorPages {
  /** A list that fills a page of this size begins on a page of its own. */
  static final int MIN_PAGE_BYTES = 16 * 1024;

  static final int MAX_PAGE_BYTES = 1024 * 1024;

  private static final int MAX_VARINT_BYTES = 5;

  /** Repetition levels of a row are two runs; definition levels one for all rows of a page. */
  static final int MAX_LEVEL_BYTES = 3 * (MAX_VARINT_BYTES + 1);

  private static final int PRESENT = 2;
  private static final int NULL_LIST = 0;
  private static final int NEW_ROW = 0;
  private static final int SAME_ROW = 1;
  private static final GeospatialStatistics NO_GEOSPATIAL_STATISTICS = null;

  private VectorPages() {}

  /** Writes the column chunk of one row group. */
  static final class Writer {
    private final int dimension;
    private final ColumnDescriptor column;
    private final PageWriter pages;
    private final ByteBuffer floats;
    private int vectors;
    private int nulls;
    private int currentList = Format.DELETES_LIST;
    private float min = Float.POSITIVE_INFINITY;
    private float max = Float.NEGATIVE_INFINITY;

    Writer(int dimension, ColumnDescriptor column, PageWriter pages) {
      this.dimension = dimension;
      this.column = column;
      this.pages = pages;
      int rowBytes = dimension * Float.BYTES;
      int rowsPerPage = Math.max(1, MAX_PAGE_BYTES / rowBytes);
      this.floats = ByteBuffer.allocate(rowsPerPage * rowBytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    void addNull() throws IOException {
      endVectors();
      nulls++;
    }

    void add(int listId, float[] vector, int offset) throws IOException {
      endNulls();
      boolean newList = listId != currentList;
      if (!floats.hasRemaining() || (newList && floats.position() >= MIN_PAGE_BYTES)) {
        endVectors();
      }
      currentList = listId;
      floats.asFloatBuffer().put(vector, offset, dimension);
      floats.position(floats.position() + dimension * Float.BYTES);
      vectors++;
      for (int i = offset; i < offset + dimension; i++) {
        min = Math.min(min, vector[i]);
        max = Math.max(max, vector[i]);
      }
    }

    void end() throws IOException {
      endNulls();
      endVectors();
    }

    private void endVectors() throws IOException {
      if (vectors == 0) {
        return;
      }
      int values = vectors * dimension;
      FloatStatistics statistics = (FloatStatistics) emptyStatistics();
      statistics.setMinMax(min, max);
      pages.writePageV2(
          vectors,
          0,
          values,
          rowStarts(vectors),
          run(values, PRESENT),
          Encoding.PLAIN,
          BytesInput.from(floats.array(), 0, floats.position()),
          statistics,
          levelHistogram(vectors, values, PRESENT),
          NO_GEOSPATIAL_STATISTICS);
      floats.clear();
      vectors = 0;
      min = Float.POSITIVE_INFINITY;
      max = Float.NEGATIVE_INFINITY;
    }

    private void endNulls() throws IOException {
      if (nulls == 0) {
        return;
      }
      Statistics<?> statistics = emptyStatistics();
      statistics.incrementNumNulls(nulls);
      pages.writePageV2(
          nulls,
          nulls,
          nulls,
          run(nulls, NEW_ROW),
          run(nulls, NULL_LIST),
          Encoding.PLAIN,
          BytesInput.empty(),
          statistics,
          levelHistogram(nulls, nulls, NULL_LIST),
          NO_GEOSPATIAL_STATISTICS);
      nulls = 0;
    }

    private Statistics<?> emptyStatistics() {
      return Statistics.createStats(column.getPrimitiveType());
    }

    private SizeStatistics levelHistogram(int rows, int values, int definitionLevel) {
      Long[] definitions = {0L, 0L, 0L};
      definitions[definitionLevel] = (long) values;
      return new SizeStatistics(
          column.getPrimitiveType(),
          0,
          List.of((long) rows, (long) values - rows),
          List.of(definitions));
    }

    /** Repetition levels of whole vectors: 0 where a row begins, 1 on the rest of it. */
    private BytesInput rowStarts(int rows) {
      if (dimension == 1) {
        return run(rows, NEW_ROW);
      }
      ByteBuffer row = ByteBuffer.allocate(2 * (MAX_VARINT_BYTES + 1));
      putRun(row, 1, NEW_ROW);
      putRun(row, dimension - 1, SAME_ROW);
      int rowLevelBytes = row.position();
      byte[] levels = new byte[rows * rowLevelBytes];
      for (int r = 0; r < rows; r++) {
        System.arraycopy(row.array(), 0, levels, r * rowLevelBytes, rowLevelBytes);
      }
      return BytesInput.from(levels);
    }

    private static BytesInput run(int count, int level) {
      ByteBuffer run = ByteBuffer.allocate(MAX_VARINT_BYTES + 1);
      putRun(run, count, level);
      return BytesInput.from(Arrays.copyOf(run.array(), run.position()));
    }

    /** One RLE run of Parquet's hybrid encoding: varint(count · 2), then the value in one byte. */
    private static void putRun(ByteBuffer out, int count, int level) {
      long header = (long) count << 1;
      while (header > 0x7f) {
        out.put((byte) ((header & 0x7f) | 0x80));
        header >>>= 7;
      }
      out.put((byte) header);
      out.put((byte) level);
    }
  }

  /** Takes the vectors of a page. */
  interface Receiver {
    /**
     * Takes vectors, which it must not keep.
     *
     * @param vectors row-major, from 0 on
     */
    void accept(float[] vectors, int count);
  }

  /** Reads column chunks. */
  static final class Reader {
    private final int dimension;
    private float[] vectors = {};

    Reader(int dimension) {
      this.dimension = dimension;
    }

    /**
     * Reads the vectors of a row group.
     *
     * @param checked whether to compare the checksums of pages
     * @param receiver is given the vectors, a page at a time
     */
    void read(ParquetPages file, RowGroup group, boolean checked, Receiver receiver)
        throws IOException {
      file.read(
          group,
          Format.VECTOR,
          checked,
          (page, values) -> {
            ByteBuffer floats =
                PageValues.fixed(page, values, page.getNum_nulls(), dimension, Float.BYTES);
            int count = floats.remaining() / Float.BYTES;
            if (vectors.length < count) {
              vectors = new float[count];
            }
            floats.asFloatBuffer().get(vectors, 0, count);
            receiver.accept(vectors, page.getNum_rows() - page.getNum_nulls());
          });
    }
  }
}
