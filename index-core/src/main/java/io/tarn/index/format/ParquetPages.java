package io.tarn.index.format;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.KeyValue;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.OffsetIndex;
import org.apache.parquet.format.PageEncodingStats;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Util;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;

/**
 * The structure of a Parquet file, and the pages of those of its columns that are written as Tarn
 * writes them: uncompressed, in pages of version 2, without a dictionary. They are taken from the
 * file in bulk. Parquet's own readers, which read everything else, take their time to be loaded and
 * compiled, and then look at each value by itself.
 */
final class ParquetPages {
  /** Encodings whose pages {@link PageValues} decodes. */
  private static final Set<Encoding> BULK =
      EnumSet.of(Encoding.PLAIN, Encoding.DELTA_BINARY_PACKED, Encoding.DELTA_LENGTH_BYTE_ARRAY);

  /** A header is some 100 bytes; statistics of long texts make it longer. */
  private static final int MAX_HEADER_BYTES = 64 * 1024;

  /** Where the bytes are. */
  interface Bytes {
    /** Bytes of the file; valid until the next call. */
    ByteBuffer get(long position, int length) throws IOException;
  }

  private final Bytes bytes;
  private final FileMetaData footer;

  /**
   * @param footer the footer, without its length and magic number
   * @param bytes gives all but the footer
   */
  ParquetPages(ByteBuffer footer, Bytes bytes) throws IOException {
    this.bytes = bytes;
    this.footer = Util.readFileMetaData(new BufferInput(footer));
    for (RowGroup group : this.footer.getRow_groups()) {
      for (ColumnChunk chunk : group.getColumns()) {
        checkChunk(chunk.getMeta_data());
      }
      if (group.getNum_rows() < 0) {
        throw new IOException("a row group of " + group.getNum_rows() + " rows");
      }
    }
  }

  private static void checkChunk(ColumnMetaData chunk) throws IOException {
    if (chunk == null || chunk.getPath_in_schema().isEmpty() || chunk.getCodec() == null) {
      throw new IOException("a footer that does not say what a column chunk is");
    }
    if (chunk.getTotal_compressed_size() < 0
        || chunk.getTotal_uncompressed_size() < 0
        || chunk.getTotal_compressed_size() > Format.MAX_FILE_BYTES
        || chunk.getTotal_uncompressed_size() > Format.MAX_FILE_BYTES) {
      throw new IOException("a footer with a column chunk larger than a file");
    }
  }

  long rows() {
    return footer.getNum_rows();
  }

  /** The schema as it is stored: the root, then the columns depth first. */
  List<SchemaElement> schema() {
    return footer.getSchema();
  }

  /** Whether the columns, in order and in all that the schema can say of them, are these. */
  boolean hasColumns(MessageType expected) {
    List<SchemaElement> elements = schema();
    if (elements.isEmpty() || elements.get(0).getNum_children() != expected.getFieldCount()) {
      return false;
    }
    int at = 1;
    for (Type field : expected.getFields()) {
      at = behind(elements, at, field);
      if (at < 0) {
        return false;
      }
    }
    return at == elements.size() && haveChunks(expected.getPaths());
  }

  /** Whether every row group has a chunk of each column, in their order. */
  private boolean haveChunks(List<String[]> paths) {
    for (RowGroup group : rowGroups()) {
      List<ColumnChunk> chunks = group.getColumns();
      boolean same = chunks.size() == paths.size();
      for (int i = 0; i < paths.size() && same; i++) {
        same = chunks.get(i).getMeta_data().getPath_in_schema().equals(List.of(paths.get(i)));
      }
      if (!same) {
        return false;
      }
    }
    return true;
  }

  /** Where the elements of a field end; negative if they are other than expected. */
  private static int behind(List<SchemaElement> elements, int at, Type field) {
    if (at >= elements.size()) {
      return -1;
    }
    SchemaElement element = elements.get(at);
    boolean same =
        element.getName().equals(field.getName())
            && element.isSetRepetition_type()
            && element.getRepetition_type().name().equals(field.getRepetition().name())
            && !element.isSetField_id()
            && hasMeaning(element, field.getLogicalTypeAnnotation());
    if (!same) {
      return -1;
    }
    if (field.isPrimitive()) {
      PrimitiveType type = field.asPrimitiveType();
      boolean sameType =
          element.isSetType()
              && element.getType().name().equals(physicalName(type))
              && (type.getTypeLength() == 0 || element.getType_length() == type.getTypeLength());
      return sameType ? at + 1 : -1;
    }
    List<Type> children = field.asGroupType().getFields();
    int next = element.getNum_children() == children.size() ? at + 1 : -1;
    for (int i = 0; i < children.size() && next > 0; i++) {
      next = behind(elements, next, children.get(i));
    }
    return next;
  }

  /** Two types have other names on disk. */
  private static String physicalName(PrimitiveType type) {
    return switch (type.getPrimitiveTypeName()) {
      case BINARY -> "BYTE_ARRAY";
      case FIXED_LEN_BYTE_ARRAY -> "FIXED_LEN_BYTE_ARRAY";
      default -> type.getPrimitiveTypeName().name();
    };
  }

  /** Writers say what a type means in one way or in the other, older, or in both. */
  private static boolean hasMeaning(SchemaElement element, LogicalTypeAnnotation meaning) {
    LogicalType logical = element.getLogicalType();
    ConvertedType converted = element.isSetConverted_type() ? element.getConverted_type() : null;
    if (meaning == null) {
      return logical == null && converted == null;
    }
    if (meaning instanceof StringLogicalTypeAnnotation) {
      return logical == null ? converted == ConvertedType.UTF8 : logical.isSetSTRING();
    }
    if (meaning instanceof ListLogicalTypeAnnotation) {
      return logical == null ? converted == ConvertedType.LIST : logical.isSetLIST();
    }
    if (logical == null) {
      return converted == ConvertedType.TIMESTAMP_MICROS;
    }
    return logical.isSetTIMESTAMP()
        && logical.getTIMESTAMP().isIsAdjustedToUTC()
        && logical.getTIMESTAMP().getUnit().isSetMICROS();
  }

  Map<String, String> metadata() {
    Map<String, String> metadata = new HashMap<>();
    if (footer.isSetKey_value_metadata()) {
      for (KeyValue entry : footer.getKey_value_metadata()) {
        metadata.put(entry.getKey(), entry.getValue());
      }
    }
    return metadata;
  }

  List<RowGroup> rowGroups() {
    return footer.getRow_groups();
  }

  /** The chunk of a column, told by the first part of its path, in a row group. */
  ColumnChunk chunk(RowGroup group, String name) throws IOException {
    for (ColumnChunk chunk : group.getColumns()) {
      if (name(chunk).equals(name)) {
        return chunk;
      }
    }
    throw new IOException("a row group without the column " + name);
  }

  /** The chunks of a column in all row groups. */
  List<ColumnMetaData> chunks(String name) throws IOException {
    List<ColumnMetaData> chunks = new ArrayList<>();
    for (RowGroup group : rowGroups()) {
      chunks.add(chunk(group, name).getMeta_data());
    }
    return chunks;
  }

  private static String name(ColumnChunk chunk) {
    return chunk.getMeta_data().getPath_in_schema().get(0);
  }

  /** Whether all pages of a column can be read by {@link #read}. */
  boolean isBulk(String name) throws IOException {
    for (ColumnMetaData chunk : chunks(name)) {
      if (chunk.getCodec() != CompressionCodec.UNCOMPRESSED
          || chunk.isSetDictionary_page_offset()
          || !chunk.isSetEncoding_stats()) {
        return false;
      }
      for (PageEncodingStats pages : chunk.getEncoding_stats()) {
        if (pages.getPage_type() != PageType.DATA_PAGE_V2 || !BULK.contains(pages.getEncoding())) {
          return false;
        }
      }
    }
    return true;
  }

  /** Where the pages of a chunk begin. */
  static long start(ColumnMetaData chunk) {
    return chunk.isSetDictionary_page_offset() && chunk.getDictionary_page_offset() > 0
        ? Math.min(chunk.getDictionary_page_offset(), chunk.getData_page_offset())
        : chunk.getData_page_offset();
  }

  /** The offset index of a chunk; null if it has none. */
  OffsetIndex offsetIndex(ColumnChunk chunk) throws IOException {
    if (!chunk.isSetOffset_index_offset() || !chunk.isSetOffset_index_length()) {
      return null;
    }
    return Util.readOffsetIndex(
        new BufferInput(bytes.get(chunk.getOffset_index_offset(), chunk.getOffset_index_length())));
  }

  /** Takes the pages of a column, in order. */
  interface Receiver {
    /**
     * Takes a page.
     *
     * @param values what follows the levels, little-endian; valid during the call
     */
    void accept(DataPageHeaderV2 header, ByteBuffer values) throws IOException;
  }

  /**
   * Reads the pages of a column in a row group.
   *
   * @param checked whether to compare their checksums, which is of no use where that of the whole
   *     file is compared
   * @throws IOException if they are not what the footer says, or a checksum is wrong
   */
  void read(RowGroup group, String name, boolean checked, Receiver receiver) throws IOException {
    ColumnMetaData chunk = chunk(group, name).getMeta_data();
    long position = start(chunk);
    long end = Math.addExact(position, chunk.getTotal_compressed_size());
    long rows = 0;
    while (position < end) {
      ByteBuffer start = bytes.get(position, (int) Math.min(MAX_HEADER_BYTES, end - position));
      int available = start.remaining();
      BufferInput in = new BufferInput(start);
      PageHeader header = Util.readPageHeader(in);
      position += available - in.available();
      DataPageHeaderV2 data = header.getData_page_header_v2();
      int length = header.getCompressed_page_size();
      if (header.getType() != PageType.DATA_PAGE_V2 || data == null) {
        throw new IOException("column " + name + " has a page that is not of version 2");
      }
      rows += data.getNum_rows();
      if (data.getNum_rows() < 0 || rows > group.getNum_rows()) {
        throw new IOException("column " + name + " has more rows than its row group");
      }
      if (length < 0 || length > end - position) {
        throw new IOException("column " + name + " has a page longer than what holds it");
      }
      ByteBuffer page = bytes.get(position, length).order(ByteOrder.LITTLE_ENDIAN);
      if (checked) {
        check(name, header, page);
      }
      int levels =
          Math.addExact(
              data.getRepetition_levels_byte_length(), data.getDefinition_levels_byte_length());
      if (levels < 0 || levels > length) {
        throw new IOException("column " + name + " has a page of levels only");
      }
      receiver.accept(data, page.slice(levels, length - levels).order(ByteOrder.LITTLE_ENDIAN));
      position += length;
    }
    if (rows != group.getNum_rows()) {
      throw new IOException(
          "column " + name + " has " + rows + " of " + group.getNum_rows() + " rows");
    }
  }

  private static void check(String name, PageHeader header, ByteBuffer page) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(page.duplicate());
    if (!header.isSetCrc() || (int) crc.getValue() != header.getCrc()) {
      throw new IOException("column " + name + " has a page whose checksum is missing or wrong");
    }
  }

  /** A buffer as a stream, which the footer's and the headers' decoder wants. */
  private static final class BufferInput extends InputStream {
    private final ByteBuffer buffer;

    BufferInput(ByteBuffer buffer) {
      this.buffer = buffer.duplicate();
    }

    @Override
    public int available() {
      return buffer.remaining();
    }

    @Override
    public int read() {
      return buffer.hasRemaining() ? buffer.get() & 0xFF : -1;
    }

    @Override
    public int read(byte[] out, int offset, int length) {
      if (!buffer.hasRemaining()) {
        return length == 0 ? 0 : -1;
      }
      int count = Math.min(length, buffer.remaining());
      buffer.get(out, offset, count);
      return count;
    }
  }
}
