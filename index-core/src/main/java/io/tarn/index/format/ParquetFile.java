package io.tarn.index.format;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Set;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.impl.ColumnWriteStoreV2;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.values.ValuesWriter;
import org.apache.parquet.column.values.deltalengthbytearray.DeltaLengthByteArrayValuesWriter;
import org.apache.parquet.column.values.factory.DefaultV2ValuesWriterFactory;
import org.apache.parquet.column.values.factory.ValuesWriterFactory;
import org.apache.parquet.column.values.plain.FixedLenByteArrayPlainValuesWriter;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * A Parquet file whose column {@code vector} goes through {@link VectorPages} and whose other
 * columns, all flat, go through Parquet's own column writers and readers. Nothing is compressed.
 */
final class ParquetFile {
  /** The length of the footer in four bytes, and "PAR1". */
  static final int TRAILER_BYTES = 8;

  private static final int PAGE_BYTES = 1024 * 1024;

  private ParquetFile() {}

  /** The type of a vector column. */
  static Type vectorType() {
    return Types.optionalList()
        .requiredElement(PrimitiveType.PrimitiveTypeName.FLOAT)
        .named(Format.VECTOR);
  }

  private static ColumnDescriptor vectorColumn(MessageType schema) {
    return schema.getColumns().stream()
        .filter(column -> column.getPath()[0].equals(Format.VECTOR))
        .findFirst()
        .orElseThrow();
  }

  /** The columns but the vector. */
  static MessageType withoutVector(MessageType schema) {
    return new MessageType(
        schema.getName(),
        schema.getFields().stream().filter(f -> !f.getName().equals(Format.VECTOR)).toList());
  }

  /** Writes such a file, row group after row group. */
  static final class Writer {
    private final MessageType schema;
    private final int dimension;
    private final ParquetProperties properties;
    private final BytesInputCompressor uncompressed;
    private final ParquetFileWriter file;
    private ColumnChunkPageWriteStore pages;
    private ColumnWriteStoreV2 columns;
    private ColumnWriter[] writers;
    private VectorPages.Writer vectors;
    private int rows;

    Writer(MessageType schema, int dimension, OutputStream out) throws IOException {
      this.schema = schema;
      this.dimension = dimension;
      this.properties =
          ParquetProperties.builder()
              .withWriterVersion(ParquetProperties.WriterVersion.PARQUET_2_0)
              .withPageSize(PAGE_BYTES)
              .withDictionaryEncoding(Format.LIST_ID, false)
              .withDictionaryEncoding(Format.ID, false)
              .withDictionaryEncoding(Format.EVENT_ORDER, false)
              .withDictionaryEncoding(Format.POSITION, false)
              .withDictionaryEncoding(Format.CODE_OFFSET, false)
              .withDictionaryEncoding(Format.CODE_SCALE, false)
              .withDictionaryEncoding(Format.CODE_ERROR, false)
              .withDictionaryEncoding(Format.CODE_FULL_SCALE, false)
              .withDictionaryEncoding(Format.CODE_FULL_ERROR, false)
              .withValuesWriterFactory(new BulkValues())
              .build();
      this.uncompressed =
          new CodecFactory(new PlainParquetConfiguration(), PAGE_BYTES)
              .getCompressor(CompressionCodecName.UNCOMPRESSED);
      this.file =
          new ParquetFileWriter(
              MemoryParquet.output(out),
              schema,
              ParquetFileWriter.Mode.CREATE,
              Format.MAX_FILE_BYTES,
              0,
              null,
              properties);
      file.start();
      startRowGroup();
    }

    private void startRowGroup() {
      MessageType flat = withoutVector(schema);
      pages =
          ColumnChunkPageWriteStore.builder()
              .withCompressorProvider(column -> uncompressed)
              .withSchema(schema)
              .withAllocator(new HeapByteBufferAllocator())
              .withColumnIndexTruncateLength(properties.getColumnIndexTruncateLength())
              .withPageWriteChecksumEnabled(true)
              .build();
      columns = new ColumnWriteStoreV2(flat, pages, properties);
      writers =
          flat.getColumns().stream().map(columns::getColumnWriter).toArray(ColumnWriter[]::new);
      ColumnDescriptor vector = vectorColumn(schema);
      vectors = new VectorPages.Writer(dimension, vector, pages.getPageWriter(vector));
      rows = 0;
    }

    /** The writer of the i-th column that is not the vector. */
    ColumnWriter column(int i) {
      return writers[i];
    }

    VectorPages.Writer vectors() {
      return vectors;
    }

    /** What the row group holds in memory; the vectors are counted by whoever adds them. */
    long bufferedBytesBesideVectors() {
      return columns.getBufferedSize();
    }

    void endRow() {
      columns.endRecord();
      rows++;
    }

    void endRowGroup() throws IOException {
      writeRowGroup();
      startRowGroup();
    }

    private void writeRowGroup() throws IOException {
      if (rows > 0) {
        vectors.end();
        columns.flush();
        file.startBlock(rows);
        pages.flushToFileWriter(file);
        file.endBlock();
      }
      columns.close();
      pages.close();
    }

    void end(Map<String, String> metadata) throws IOException {
      writeRowGroup();
      file.end(metadata);
    }
  }

  /**
   * Codes PLAIN and text ids as their lengths and then all texts, so that they are read in bulk;
   * all else as Parquet encodes it by itself.
   */
  private static final class BulkValues implements ValuesWriterFactory {
    private static final int INITIAL_BYTES = 64 * 1024;
    private static final Set<String> CODES = Set.of(Format.CODE, Format.CODE_FULL);

    private final ValuesWriterFactory byDefault = new DefaultV2ValuesWriterFactory();
    private ParquetProperties properties;

    @Override
    public void initialize(ParquetProperties parquetProperties) {
      properties = parquetProperties;
      byDefault.initialize(parquetProperties);
    }

    @Override
    public ValuesWriter newValuesWriter(ColumnDescriptor column) {
      String name = column.getPath()[0];
      if (CODES.contains(name)) {
        return new FixedLenByteArrayPlainValuesWriter(
            column.getPrimitiveType().getTypeLength(),
            INITIAL_BYTES,
            properties.getPageSizeThreshold(),
            properties.getAllocator());
      }
      if (name.equals(Format.ID)
          && column.getPrimitiveType().getPrimitiveTypeName()
              == PrimitiveType.PrimitiveTypeName.BINARY) {
        return new DeltaLengthByteArrayValuesWriter(
            INITIAL_BYTES, properties.getPageSizeThreshold(), properties.getAllocator());
      }
      return byDefault.newValuesWriter(column);
    }
  }

  /** Opens a file held in memory. */
  static ParquetFileReader open(byte[] bytes) throws IOException {
    return open(MemoryParquet.input(bytes));
  }

  /** The pages of a file held in memory. */
  static ParquetPages pages(byte[] file) throws IOException {
    int footerEnd = file.length - TRAILER_BYTES;
    int footerBytes =
        footerEnd < 0 ? -1 : ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(footerEnd);
    if (footerBytes < 0 || footerBytes > footerEnd) {
      throw new IOException("a footer of " + footerBytes + " in " + file.length + " bytes");
    }
    return new ParquetPages(
        ByteBuffer.wrap(file, footerEnd - footerBytes, footerBytes).slice(),
        (position, length) -> ByteBuffer.wrap(file, Math.toIntExact(position), length).slice());
  }

  /** Opens a file; pages are checked as they are read. */
  static ParquetFileReader open(InputFile input) throws IOException {
    return ParquetFileReader.open(
        input,
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .usePageChecksumVerification()
            .withAllocator(new HeapByteBufferAllocator())
            .build());
  }

  /**
   * Checks what the footer says of the file.
   *
   * @throws DamagedFileException if it is another kind of file
   * @throws UnsupportedFormatException if it is of a newer format
   */
  static void checkKind(String path, Map<String, String> metadata, String kind) throws IOException {
    if (!kind.equals(metadata.get(Format.KEY_KIND))) {
      throw new DamagedFileException(
          path, "says that it is a " + metadata.get(Format.KEY_KIND) + ", not a " + kind);
    }
    int version = Integer.parseInt(metadata.get(Format.KEY_FORMAT_VERSION));
    if (version > Format.VERSION) {
      throw new UnsupportedFormatException(path, version, Format.VERSION);
    }
    if (version < 1) {
      throw new DamagedFileException(path, "says that it is of format version " + version);
    }
  }

  /** The readers of the columns of a row group that are not the vector. */
  static ColumnReadStoreImpl columns(PageReadStore rowGroup, MessageType schema, String createdBy) {
    MessageType flat = withoutVector(schema);
    return new ColumnReadStoreImpl(rowGroup, new Unconverted(), flat, createdBy);
  }

  /** Values are taken from the column readers directly, so the record converters do nothing. */
  private static final class Unconverted extends GroupConverter {
    @Override
    public Converter getConverter(int fieldIndex) {
      return new PrimitiveConverter() {
        @Override
        public void addBinary(Binary value) {}
      };
    }

    @Override
    public void start() {}

    @Override
    public void end() {}
  }
}
