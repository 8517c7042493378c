package io.tarn.index.format;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.OffsetIndex;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageLocation;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;

/**
 * Where in a segment's file its vectors lie: the pages of the column {@code vector} that are not
 * deletes. Known from the offset index alone; what a page holds is checked when it is first read.
 */
final class VectorLayout {
  /** What a page adds to the memory that finding vectors takes, in whatever tier. */
  static final int BYTES_PER_PAGE = 24;

  /** A header is some 100 bytes; statistics do not make it much longer. */
  static final int MAX_HEADER_BYTES = 1024;

  private final String path;
  private final int dimension;

  /** The first vector of each page, and behind them how many there are. */
  private int[] firstVectors = new int[16];

  private int[] offsets = new int[16];
  private int[] lengths = new int[16];
  private int pages;
  private int largestPageBytes;

  private VectorLayout(String path, int dimension) {
    this.path = path;
    this.dimension = dimension;
  }

  /**
   * Reads where the vectors lie.
   *
   * @param deletes how many rows, from the first on, have no vector
   * @throws DamagedFileException if pages leave gaps, or do not begin with the first feature
   */
  static VectorLayout read(String path, ParquetPages file, int dimension, int deletes)
      throws IOException {
    VectorLayout layout = new VectorLayout(path, dimension);
    long groupStart = -deletes;
    for (RowGroup group : file.rowGroups()) {
      layout.addGroup(file, group, groupStart);
      groupStart += group.getNum_rows();
    }
    layout.end(Math.toIntExact(groupStart));
    return layout;
  }

  private void addGroup(ParquetPages file, RowGroup group, long groupStart) throws IOException {
    ColumnChunk chunk = file.chunk(group, Format.VECTOR);
    ColumnMetaData column = chunk.getMeta_data();
    OffsetIndex index = file.offsetIndex(chunk);
    check(index != null, "has no offset index for its vectors");
    check(column.getCodec() == CompressionCodec.UNCOMPRESSED, "has compressed vectors");
    long start = ParquetPages.start(column);
    long expected = start;
    long lastFirst = -1;
    for (PageLocation page : index.getPage_locations()) {
      long offset = page.getOffset();
      int length = page.getCompressed_page_size();
      long first = page.getFirst_row_index();
      check(
          offset == expected && length > 0 && first > lastFirst && first < group.getNum_rows(),
          "has an offset index that does not fit its vectors");
      check(lastFirst >= 0 || first == 0, "has rows before its first page of vectors");
      expected += length;
      lastFirst = first;
      add(groupStart + first, Math.toIntExact(offset), length);
    }
    check(
        expected == start + column.getTotal_compressed_size(),
        "has an offset index that does not fit its vectors");
  }

  private void add(long firstVector, int offset, int length) {
    if (firstVector < 0) {
      return;
    }
    if (pages + 1 >= offsets.length) {
      firstVectors = Arrays.copyOf(firstVectors, 2 * offsets.length);
      lengths = Arrays.copyOf(lengths, 2 * offsets.length);
      offsets = Arrays.copyOf(offsets, 2 * offsets.length);
    }
    firstVectors[pages] = Math.toIntExact(firstVector);
    offsets[pages] = offset;
    lengths[pages++] = length;
    largestPageBytes = Math.max(largestPageBytes, length);
  }

  private void end(int vectors) throws DamagedFileException {
    check(vectors == 0 || (pages > 0 && firstVectors[0] == 0), "has no page for its first vector");
    firstVectors = Arrays.copyOf(firstVectors, pages + 1);
    firstVectors[pages] = vectors;
    offsets = Arrays.copyOf(offsets, pages);
    lengths = Arrays.copyOf(lengths, pages);
    for (int p = 0; p < pages; p++) {
      check(valueBytes(p) < lengths[p], "has a page too short for its vectors");
    }
  }

  String path() {
    return path;
  }

  int dimension() {
    return dimension;
  }

  int pages() {
    return pages;
  }

  /** Where a page, its header first, begins in the file. */
  int offset(int page) {
    return offsets[page];
  }

  /** Bytes of a page, its header included. */
  int length(int page) {
    return lengths[page];
  }

  /** The page that holds a vector. */
  int pageOf(int vector) {
    int page = Arrays.binarySearch(firstVectors, vector);
    return page >= 0 ? page : -page - 2;
  }

  int firstVector(int page) {
    return firstVectors[page];
  }

  /** How many floats a page holds. */
  int floats(int page) {
    return (firstVectors[page + 1] - firstVectors[page]) * dimension;
  }

  private long valueBytes(int page) {
    return (long) (firstVectors[page + 1] - firstVectors[page]) * dimension * Float.BYTES;
  }

  long memoryBytes() {
    return 3L * Integer.BYTES * (pages + 1);
  }

  int largestPageBytes() {
    return largestPageBytes;
  }

  /**
   * Checks a page against its header and its checksum.
   *
   * @param bytes the page, header first
   * @return where in {@code bytes} its first value is
   * @throws DamagedFileException if it is not what was written
   */
  int check(int page, ByteBuffer bytes) throws DamagedFileException {
    byte[] start = new byte[Math.min(MAX_HEADER_BYTES, bytes.remaining())];
    bytes.get(bytes.position(), start);
    ByteArrayInputStream in = new ByteArrayInputStream(start);
    PageHeader header;
    try {
      header = Util.readPageHeader(in);
    } catch (IOException | RuntimeException e) {
      throw new DamagedFileException(
          path, "has an unreadable page of vectors at byte " + offsets[page], e);
    }
    int headerBytes = start.length - in.available();
    checkHeader(page, header, headerBytes);
    CRC32 crc = new CRC32();
    crc.update(bytes.slice(bytes.position() + headerBytes, lengths[page] - headerBytes));
    if ((int) crc.getValue() != header.getCrc()) {
      throw new DamagedFileException(
          path, "has a page of vectors at byte " + offsets[page] + " whose checksum is wrong");
    }
    return Math.toIntExact(lengths[page] - valueBytes(page));
  }

  private void checkHeader(int page, PageHeader header, int headerBytes)
      throws DamagedFileException {
    DataPageHeaderV2 data = header.getData_page_header_v2();
    int vectors = firstVectors[page + 1] - firstVectors[page];
    boolean fits =
        header.getType() == PageType.DATA_PAGE_V2
            && header.isSetCrc()
            && header.getCompressed_page_size() == lengths[page] - headerBytes
            && data != null
            && data.getEncoding() == Encoding.PLAIN
            && data.getNum_rows() == vectors
            && data.getNum_nulls() == 0
            && data.getNum_values() == vectors * dimension
            && data.getRepetition_levels_byte_length() >= 0
            && data.getDefinition_levels_byte_length() >= 0
            && data.getRepetition_levels_byte_length()
                    + (long) data.getDefinition_levels_byte_length()
                    + valueBytes(page)
                == header.getCompressed_page_size();
    if (!fits) {
      throw new DamagedFileException(
          path, "has a page of vectors at byte " + offsets[page] + " that is not as indexed");
    }
  }

  private void check(boolean holds, String problem) throws DamagedFileException {
    if (!holds) {
      throw new DamagedFileException(path, problem);
    }
  }
}
