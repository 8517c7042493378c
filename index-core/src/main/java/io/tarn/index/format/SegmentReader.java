package io.tarn.index.format;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.segment.CodeColumns;
import io.tarn.index.segment.LongColumn;
import io.tarn.index.segment.RowVectors;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.Storage;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Statistics;
import org.apache.parquet.schema.MessageType;

/**
 * Reads a segment. Opening one reads its footer, from which follows how much memory the rest takes;
 * then the rest is read, once, with the vectors or without.
 *
 * <p>With the vectors, every byte of the file is read and its checksum compared with the
 * snapshot's. Without them, length, footer and the checksum of every page that is read are checked,
 * and those of the vectors' pages when they are first looked at.
 */
public final class SegmentReader implements Closeable {
  /** What Parquet makes of a byte of a footer. */
  private static final int FOOTER_EXPANSION = 8;

  private final Storage storage;
  private final SegmentRef ref;
  private final Schema schema;

  /** The schema with which the segment was written: it may lack attributes of the other. */
  private final Schema stored;

  private final StorageInput input;
  private final ParquetPages pages;
  private final MessageType type;
  private final Set<String> bulk;
  private final Quantizer quantizer;

  private SegmentReader(
      Storage storage,
      SegmentRef ref,
      Schema schema,
      StorageInput input,
      ParquetPages pages,
      Quantizer quantizer)
      throws IOException {
    this.storage = storage;
    this.ref = ref;
    this.schema = schema;
    this.input = input;
    this.pages = pages;
    this.stored = SegmentColumns.stored(schema, pages.schema());
    this.type = SegmentColumns.parquetType(stored, quantizer);
    this.quantizer = quantizer;
    checkFooter();
    this.bulk = bulkColumns();
  }

  /**
   * Reads a segment into memory, all of it.
   *
   * @throws DamagedFileException if it is not, byte for byte, what the snapshot records, or does
   *     not fit the schema
   */
  public static Segment read(Storage storage, SegmentRef ref, Schema schema) throws IOException {
    try (SegmentReader reader = open(storage, ref, schema)) {
      return reader.read();
    }
  }

  /**
   * Reads lists, ids, orders and positions of a segment of which no snapshot tells: an orphan, say.
   * Its rows are all given as deletes; those that are have the list {@link Format#DELETES_LIST}.
   *
   * @param schema of the index
   * @throws DamagedFileException if it is no whole segment of such an index
   */
  public static Segment readUnrecorded(Storage storage, FileStat file, Schema schema)
      throws IOException {
    FileRef bytes = new FileRef(file.path(), file.bytes(), "unknown");
    StorageInput input = new StorageInput(storage, bytes);
    long rows;
    try {
      rows = new ParquetPages(input.footer(), input::bytes).rows();
    } catch (RuntimeException e) {
      throw new DamagedFileException(file.path(), "is no Parquet file: " + e.getMessage(), e);
    } finally {
      input.close();
    }
    // As if all were deletes: of features there would have to be as many vectors.
    SegmentRef ref =
        new SegmentRef(bytes, SegmentRef.UNCOMMITTED, 0, rows, Long.MIN_VALUE, Long.MAX_VALUE);
    try (SegmentReader reader = open(storage, ref, schema)) {
      return reader.readColumns(Set.of());
    }
  }

  /**
   * Opens a segment.
   *
   * @throws DamagedFileException if it is missing, or its footer is not that of such a segment
   */
  public static SegmentReader open(Storage storage, SegmentRef ref, Schema schema)
      throws IOException {
    StorageInput input = new StorageInput(storage, ref.file());
    return checked(
        ref,
        input,
        () -> {
          ParquetPages pages = new ParquetPages(input.footer(), input::bytes);
          Quantizer quantizer = Quantizer.of(pages.metadata().get(Format.KEY_QUANTIZER));
          return new SegmentReader(storage, ref, schema, input, pages, quantizer);
        });
  }

  private interface Step<T> {
    T run() throws IOException;
  }

  /** Runs a step; what Parquet makes of damage is named as such. */
  private static <T> T checked(SegmentRef ref, StorageInput input, Step<T> step)
      throws IOException {
    try {
      return step.run();
    } catch (DamagedFileException | UnsupportedFormatException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      input.rethrowFailure();
      // Bytes that are not those which were written explain more than what Parquet made of them.
      input.beginSum();
      input.checkSum();
      throw new DamagedFileException(
          ref.path(), "cannot be read as a segment: " + e.getMessage(), e);
    } catch (InternalError e) {
      throw input.unmappable(e);
    }
  }

  @Override
  public void close() throws IOException {
    input.close();
  }

  /** The segment. */
  public SegmentRef ref() {
    return ref;
  }

  /** How the segment's rows are coded. */
  public Quantizer quantizer() {
    return quantizer;
  }

  /** The most memory that all but vectors and codes take once they are read. */
  public long columnBytes() {
    int rows = rows();
    long bytes = LongColumn.bytesFor(ref.minOrder(), ref.maxOrder(), rows);
    bytes += LongColumn.bytesFor(positionRange()[0], positionRange()[1], rows);
    bytes +=
        schema.idType() == IdType.INT64
            ? (long) Long.BYTES * rows
            : (long) Integer.BYTES * rows + textBytes(Format.ID);
    for (Attribute attribute : stored.attributes()) {
      long nulls = (rows + Long.SIZE - 1L) / Long.SIZE * Long.BYTES;
      bytes +=
          nulls
              + switch (attribute.type()) {
                case LONG, DOUBLE, TIMESTAMP -> (long) Long.BYTES * rows;
                case BOOLEAN -> nulls;
                case STRING -> (long) Integer.BYTES * rows + textBytes(attribute.name());
              };
    }
    int absent = schema.attributes().size() - stored.attributes().size();
    bytes += (long) absent * ((rows + Long.SIZE - 1L) / Long.SIZE * Long.BYTES);
    return bytes;
  }

  /** The most memory that the vectors take if they are held in memory. */
  public long vectorBytes() {
    return (long) Float.BYTES * ref.rows() * schema.dimension();
  }

  /** The most memory that finding the vectors takes if they are not held in memory. */
  public long pageTableBytes() {
    long fullPages = vectorBytes() / VectorPages.MIN_PAGE_BYTES;
    return (fullPages + 2L * pages.rowGroups().size() + 1) * VectorLayout.BYTES_PER_PAGE;
  }

  /**
   * The most memory taken, beside what is kept, while the segment is read: the pages of a row
   * group, codes not yet laid out, texts collected.
   */
  public long openingBytes(boolean withVectors) {
    long largestGroup = 0;
    long largestChunk = 0;
    for (RowGroup group : pages.rowGroups()) {
      long bytes = (long) Long.BYTES * group.getNum_rows();
      for (ColumnChunk column : group.getColumns()) {
        String name = column.getMeta_data().getPath_in_schema().get(0);
        long size = column.getMeta_data().getTotal_uncompressed_size();
        if (bulk.contains(name)) {
          largestChunk = Math.max(largestChunk, size);
        } else if (!name.equals(Format.VECTOR)) {
          bytes += size + column.getMeta_data().getTotal_compressed_size();
        }
      }
      largestGroup = Math.max(largestGroup, bytes);
    }
    largestGroup += largestChunk + (withVectors ? largestPageBytes(schema.dimension()) : 0);
    long texts = schema.idType() == IdType.STRING ? textBytes(Format.ID) : 0;
    for (Attribute attribute : stored.attributes()) {
      if (attribute.type() == AttributeType.STRING) {
        texts += textBytes(attribute.name()) + 4L * Integer.BYTES * rows();
      }
    }
    long codeBytes = CodeColumns.unpackedBytesFor(quantizer, schema.dimension(), ref.rows());
    return largestGroup
        + 2 * texts
        + codeBytes
        + 2L * StorageInput.MAX_READ_BYTES
        + (long) FOOTER_EXPANSION * input.footerBytes();
  }

  /** The most memory a page of vectors takes while it is read into a cache. */
  public static long largestPageBytes(int dimension) {
    long rowBytes = (long) Float.BYTES * dimension;
    long floatBytes = Math.max(rowBytes, VectorPages.MAX_PAGE_BYTES);
    long levelBytes = (floatBytes / rowBytes + 1) * VectorPages.MAX_LEVEL_BYTES;
    return 2 * floatBytes
        + levelBytes
        + VectorLayout.MAX_HEADER_BYTES
        + PageCache.PAGE_OVERHEAD_BYTES;
  }

  private int rows() {
    return Math.toIntExact(ref.rows() + ref.deletes());
  }

  /**
   * Bytes of all texts of a column, where the writer did not say so as many as the file may hold.
   */
  private long textBytes(String name) {
    long bytes = 0;
    for (ColumnMetaData chunk : chunks(name)) {
      long size = 0;
      if (chunk.isSetSize_statistics()) {
        size = chunk.getSize_statistics().getUnencoded_byte_array_data_bytes();
      }
      bytes += Math.max(size, chunk.getTotal_uncompressed_size());
    }
    return bytes;
  }

  private List<ColumnMetaData> chunks(String name) {
    try {
      return pages.chunks(name);
    } catch (IOException e) {
      throw new IllegalStateException("columns were checked before", e);
    }
  }

  /** The smallest and the largest position, as far as the footer says. */
  private long[] positionRange() {
    long min = Long.MAX_VALUE;
    long max = Long.MIN_VALUE;
    for (ColumnMetaData chunk : chunks(Format.POSITION)) {
      Statistics range = chunk.getStatistics();
      if (range == null || !isNumber(range.getMin_value()) || !isNumber(range.getMax_value())) {
        return new long[] {Long.MIN_VALUE, Long.MAX_VALUE};
      }
      min = Math.min(min, number(range.getMin_value()));
      max = Math.max(max, number(range.getMax_value()));
    }
    return new long[] {min, max};
  }

  private static boolean isNumber(byte[] value) {
    return value != null && value.length == Long.BYTES;
  }

  private static long number(byte[] value) {
    return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  /**
   * Reads all of the segment into memory.
   *
   * @throws DamagedFileException if it is not, byte for byte, what the snapshot records
   */
  public Segment read() throws IOException {
    try {
      return checked(ref, input, this::decodeWithVectors);
    } catch (DamagedFileException e) {
      // Its checksum says more of a damaged file than what decoding stumbled over.
      try {
        input.checkSum();
      } catch (DamagedFileException wrongSum) {
        throw wrongSum;
      } catch (IOException unreadable) {
        e.addSuppressed(unreadable);
      }
      throw e;
    }
  }

  private Segment decodeWithVectors() throws IOException {
    checkSize();
    RowVectors.Builder vectors =
        new RowVectors.Builder(schema.dimension(), Math.toIntExact(ref.rows()));
    SegmentDecoder decoder = decoder(vectors);
    input.map();
    input.beginSum();
    decoder.read();
    if (vectors.size() != ref.rows()) {
      throw new DamagedFileException(
          ref.path(),
          "has " + vectors.size() + " vectors where the snapshot records " + ref.rows());
    }
    input.checkSum();
    return decoder.segment(ref, vectors.build());
  }

  /**
   * Reads all but the vectors, which are looked at through a mapping of the file.
   *
   * @throws DamagedFileException if what is read is damaged
   * @throws IOException if the storage cannot map files
   */
  public Segment readMapped() throws IOException {
    input.map();
    ByteBuffer mapped =
        input
            .mapping()
            .orElseThrow(() -> new IOException(storage.location() + " cannot map files"));
    return checked(ref, input, () -> decodeWithout(layout -> new MappedVectors(layout, mapped)));
  }

  /** Whether the storage can map the file. */
  public boolean isMappable() throws IOException {
    try {
      return storage.map(ref.path(), 0, 1).isPresent();
    } catch (NoSuchFileException | EOFException e) {
      throw new DamagedFileException(ref.path(), "vanished while it was read", e);
    }
  }

  /**
   * Reads all but the vectors, whose pages are read when they are needed, and kept in a cache.
   *
   * @throws DamagedFileException if what is read is damaged
   */
  public Segment readCached(PageCache cache) throws IOException {
    return checked(
        ref, input, () -> decodeWithout(layout -> new CachedVectors(storage, layout, cache)));
  }

  /**
   * Reads ids, lists, orders, positions and some attributes, and neither codes nor vectors. Columns
   * of other attributes are empty.
   *
   * @throws DamagedFileException if what is read is damaged
   */
  public Segment readColumns(Set<String> attributes) throws IOException {
    return checked(
        ref,
        input,
        () ->
            decodeColumns(attributes)
                .segment(ref, new RowVectors.Builder(schema.dimension(), 0).build()));
  }

  /**
   * Reads as {@link #readColumns} does; the vectors are there too, to be gone through once: they
   * are mapped if the storage can map, and otherwise read page by page through a small cache.
   *
   * @throws DamagedFileException if what is read is damaged
   */
  public Segment readColumnsAndVectors(Set<String> attributes) throws IOException {
    if (isMappable()) {
      input.map();
    }
    return checked(
        ref,
        input,
        () -> {
          VectorLayout layout = layout();
          RowVectors.Source vectors =
              input.mapping().isPresent()
                  ? new MappedVectors(layout, input.mapping().get())
                  : new CachedVectors(
                      storage, layout, new PageCache(2 * largestPageBytes(schema.dimension())));
          return decodeColumns(attributes).segment(ref, fetched(vectors));
        });
  }

  private SegmentDecoder decodeColumns(Set<String> attributes) throws IOException {
    checkSize();
    SegmentDecoder decoder = decoder(attributes, new Quantizer.None(), null);
    decoder.read();
    return decoder;
  }

  private interface Place {
    RowVectors.Source vectors(VectorLayout layout) throws IOException;
  }

  private Segment decodeWithout(Place place) throws IOException {
    checkSize();
    VectorLayout layout = layout();
    SegmentDecoder decoder = decoder(null);
    decoder.read();
    return decoder.segment(ref, fetched(place.vectors(layout)));
  }

  private VectorLayout layout() throws IOException {
    return VectorLayout.read(ref.path(), pages, schema.dimension(), Math.toIntExact(ref.deletes()));
  }

  private RowVectors fetched(RowVectors.Source vectors) {
    return RowVectors.fetched(schema.dimension(), Math.toIntExact(ref.rows()), vectors);
  }

  private SegmentDecoder decoder(RowVectors.Builder vectors) {
    Set<String> attributes = new HashSet<>();
    schema.attributes().forEach(attribute -> attributes.add(attribute.name()));
    return decoder(attributes, quantizer, vectors);
  }

  private SegmentDecoder decoder(
      Set<String> attributes, Quantizer codes, RowVectors.Builder vectors) {
    LongColumn.Builder positions =
        new LongColumn.Builder(positionRange()[0], positionRange()[1], rows());
    return new SegmentDecoder(
        ref, schema, type, input, pages, bulk, attributes, codes, positions, vectors);
  }

  /** The columns that need not go through Parquet's own readers. */
  private Set<String> bulkColumns() throws IOException {
    Set<String> names = new HashSet<>();
    for (String name : SegmentColumns.bulkNames(type)) {
      if (pages.isBulk(name)) {
        names.add(name);
      }
    }
    return names;
  }

  /** Before anything is made as large as the snapshot says. */
  private void checkSize() throws DamagedFileException {
    if (vectorBytes() > ref.file().bytes()) {
      throw new DamagedFileException(
          ref.path(), "is too short for the " + ref.rows() + " rows that the snapshot records");
    }
  }

  /** Before anything is made as large as the snapshot says. */
  private void checkFooter() throws IOException {
    Map<String, String> metadata = pages.metadata();
    ParquetFile.checkKind(ref.path(), metadata, SegmentWriter.KIND);
    if (!schema.metric().externalName().equals(metadata.get(Format.KEY_METRIC))) {
      throw new DamagedFileException(
          ref.path(),
          "is of metric "
              + metadata.get(Format.KEY_METRIC)
              + " where the schema has "
              + schema.metric().externalName());
    }
    if (!pages.hasColumns(type)) {
      throw new DamagedFileException(
          ref.path(),
          "has the columns "
              + pages.schema()
              + " where the schema has "
              + SegmentColumns.parquetType(schema, quantizer));
    }
    long records = 0;
    for (RowGroup group : pages.rowGroups()) {
      records += group.getNum_rows();
    }
    if (records != ref.rows() + ref.deletes() || records != pages.rows()) {
      throw new DamagedFileException(
          ref.path(),
          "has " + records + " rows where the snapshot records " + (ref.rows() + ref.deletes()));
    }
  }
}
