package io.tarn.index.format;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import io.tarn.index.quantize.RowCode;
import io.tarn.index.quantize.RowCoder;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import java.util.zip.CheckedOutputStream;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.api.Binary;

/**
 * Writes one segment. Rows come sorted by list: deletes first, under list {@link
 * Format#DELETES_LIST}, then each list's features. A segment that is closed before {@link #finish}
 * leaves nothing behind.
 */
public final class SegmentWriter implements Closeable {
  /** How much of a row group is held in memory before it is written: what a writer costs. */
  private static final long ROW_GROUP_BYTES = 16L << 20;

  /** What the footer says that the file is. */
  static final String KIND = "segment";

  /** After how many bytes it is asked what they take once encoded, which may be far less. */
  private static final long CHECKED_BYTES = 1L << 20;

  /** What a row takes beside its vector, its codes, its attributes and its texts, at most. */
  private static final int FLAT_BYTES = 64;

  private final Schema schema;
  private final Model model;
  private final VectorKernels kernels = Kernels.best();
  private final RowCoder coder;
  private final RowCode code;
  private final int codeColumns;
  private final String path;
  private final PendingFile file;
  private final CheckedOutputStream checked;
  private final CountingStream counted;
  private final ParquetFile.Writer parquet;
  private final int vectorBytes;
  private long uncheckedBytes;
  private long rowGroupVectorBytes;
  private int lastList = Format.DELETES_LIST;

  /** Where the centroid of the last list begins. */
  private int centroid;

  private double squaredError;
  private long rows;
  private long deletes;
  private long minOrder = Long.MAX_VALUE;
  private long maxOrder = Long.MIN_VALUE;

  /**
   * @param model the model whose lists the rows are assigned to, and whose quantizer codes them
   */
  public SegmentWriter(Storage storage, Schema schema, Model model) throws IOException {
    this(storage, schema, model, UUID.randomUUID());
  }

  /**
   * @param model the model whose lists the rows are assigned to, and whose quantizer codes them
   * @param id names the segment, and no other ever
   */
  public SegmentWriter(Storage storage, Schema schema, Model model, UUID id) throws IOException {
    this.schema = schema;
    this.model = model;
    this.coder = model.quantizer().coder(schema.metric(), schema.dimension()).orElse(null);
    this.code = new RowCode(model.quantizer(), schema.dimension());
    this.codeColumns = SegmentColumns.codes(model.quantizer(), schema.dimension()).size();
    this.path = Format.SEGMENTS + id + Format.EXTENSION;
    this.file = storage.create(path);
    this.checked = new CheckedOutputStream(file, new CRC32C());
    this.counted = new CountingStream(checked);
    this.vectorBytes = schema.dimension() * Float.BYTES;
    try {
      this.parquet =
          new ParquetFile.Writer(
              SegmentColumns.parquetType(schema, model.quantizer()), schema.dimension(), counted);
    } catch (IOException | RuntimeException e) {
      // Who gets no writer cannot close it.
      file.close();
      throw e;
    }
  }

  /** Adds a delete; all deletes come before the first feature. */
  public void addDelete(Feature delete) throws IOException {
    if (!delete.deleted() || rows > 0) {
      throw new IllegalArgumentException("deletes come first and have no vector");
    }
    parquet.vectors().addNull();
    for (int i = 0; i < codeColumns; i++) {
      parquet.column(SegmentColumns.EVENT_ORDER + i).writeNull(0, 0);
    }
    addColumns(Format.DELETES_LIST, delete);
    deletes++;
  }

  /** Adds a feature of a list; lists come in ascending order. */
  public void add(int listId, Feature feature) throws IOException {
    if (listId < 0 || listId < lastList) {
      throw new IllegalArgumentException("list " + listId + " after list " + lastList);
    }
    if (feature.vector().length != schema.dimension()) {
      throw new IllegalArgumentException(
          feature.vector().length + " values where the schema has " + schema.dimension());
    }
    if (listId != lastList) {
      centroid = centroidOf(listId);
      lastList = listId;
    }
    squaredError +=
        kernels.squaredL2(feature.vector(), 0, model.centroids(), centroid, schema.dimension());
    parquet.vectors().add(listId, feature.vector(), 0);
    rowGroupVectorBytes += vectorBytes;
    uncheckedBytes += vectorBytes + code.bits.length + code.full.length;
    if (coder != null) {
      addCode(feature.vector());
    }
    addColumns(listId, feature);
    rows++;
  }

  private int centroidOf(int listId) {
    int list = Arrays.binarySearch(model.listIds(), listId);
    if (list < 0) {
      throw new IllegalArgumentException("list " + listId + " is not in the model");
    }
    return list * model.dimension();
  }

  private void addCode(float[] vector) {
    coder.encode(vector, 0, model.centroids(), centroid, code);
    int column = SegmentColumns.EVENT_ORDER;
    writeBytes(column++, code.bits);
    parquet.column(column++).write(code.offset, 0, 1);
    parquet.column(column++).write(code.scale, 0, 1);
    parquet.column(column++).write(code.error, 0, 1);
    if (code.full.length > 0) {
      writeBytes(column++, code.full);
      parquet.column(column++).write(code.fullScale, 0, 1);
      parquet.column(column).write(code.fullError, 0, 1);
    }
  }

  /** The next row writes over the array; Parquet holds pages back. */
  private void writeBytes(int column, byte[] bytes) {
    parquet.column(column).write(Binary.fromConstantByteArray(bytes.clone()), 0, 1);
  }

  /** Bytes that have left memory so far; the last row group comes on top. */
  public long writtenBytes() {
    return counted.bytes;
  }

  /** Completes the segment: from now on it exists, though no snapshot knows it yet. */
  public SegmentRef finish() throws IOException {
    if (rows + deletes == 0) {
      throw new IllegalStateException("a segment has at least one row");
    }
    parquet.end(
        Map.of(
            Format.KEY_KIND,
            KIND,
            Format.KEY_FORMAT_VERSION,
            Integer.toString(Format.VERSION),
            Format.KEY_METRIC,
            schema.metric().externalName(),
            Format.KEY_QUANTIZER,
            model.quantizer().type()));
    if (counted.bytes > Format.MAX_FILE_BYTES) {
      throw new IOException(
          path + " has " + counted.bytes + " bytes, a segment at most " + Format.MAX_FILE_BYTES);
    }
    counted.flush();
    file.publish();
    String crc32c = ChecksummedFile.hex((CRC32C) checked.getChecksum());
    return new SegmentRef(
        new FileRef(path, counted.bytes, crc32c),
        SegmentRef.UNCOMMITTED,
        rows,
        deletes,
        minOrder,
        maxOrder,
        squaredError);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private void addColumns(int listId, Feature feature) throws IOException {
    uncheckedBytes += FLAT_BYTES + (long) schema.attributes().size() * Long.BYTES;
    parquet.column(SegmentColumns.LIST_ID).write(listId, 0, 0);
    writeId(parquet.column(SegmentColumns.ID), feature.id());
    parquet.column(SegmentColumns.EVENT_ORDER + codeColumns).write(feature.order(), 0, 0);
    parquet.column(SegmentColumns.POSITION + codeColumns).write(feature.position(), 0, 0);
    parquet.column(SegmentColumns.DELETED + codeColumns).write(feature.deleted(), 0, 0);
    for (int i = 0; i < schema.attributes().size(); i++) {
      ColumnWriter column = parquet.column(SegmentColumns.FIRST_ATTRIBUTE + codeColumns + i);
      // A writer that goes on under a schema that has grown has features from before.
      boolean isKnown = !feature.deleted() && i < feature.attributes().length;
      Object value = isKnown ? feature.attributes()[i] : null;
      if (value == null) {
        column.writeNull(0, 0);
      } else {
        writeAttribute(column, schema.attributes().get(i), value);
      }
    }
    parquet.endRow();
    minOrder = Math.min(minOrder, feature.order());
    maxOrder = Math.max(maxOrder, feature.order());
    if (uncheckedBytes >= CHECKED_BYTES) {
      uncheckedBytes = 0;
      if (rowGroupVectorBytes + parquet.bufferedBytesBesideVectors() >= ROW_GROUP_BYTES) {
        parquet.endRowGroup();
        rowGroupVectorBytes = 0;
      }
    }
  }

  private void writeId(ColumnWriter column, FeatureId id) {
    if (id.type() != schema.idType()) {
      throw new IllegalArgumentException("id '" + id + "' is no " + schema.idType().externalName());
    }
    if (schema.idType() == IdType.INT64) {
      column.write(((FeatureId.Int64) id).value(), 0, 0);
    } else {
      writeText(column, ((FeatureId.Text) id).value(), 0);
    }
  }

  /** Texts may be of any length. */
  private void writeText(ColumnWriter column, String text, int definitionLevel) {
    Binary bytes = Binary.fromString(text);
    uncheckedBytes += bytes.length();
    column.write(bytes, 0, definitionLevel);
  }

  private void writeAttribute(ColumnWriter column, Attribute attribute, Object value) {
    switch (attribute.type()) {
      case STRING -> writeText(column, (String) value, 1);
      case LONG -> column.write((long) (Long) value, 0, 1);
      case DOUBLE -> column.write((double) (Double) value, 0, 1);
      case BOOLEAN -> column.write((boolean) (Boolean) value, 0, 1);
      case TIMESTAMP -> column.write(toMicros((Instant) value), 0, 1);
    }
  }

  private static long toMicros(Instant instant) {
    long second = instant.getEpochSecond();
    long micros = TimeUnit.NANOSECONDS.toMicros(instant.getNano());
    if (second < 0) {
      // Towards zero first: the earliest second begins below what 64 bits of microseconds hold.
      second++;
      micros -= TimeUnit.SECONDS.toMicros(1);
    }
    return Math.addExact(Math.multiplyExact(second, TimeUnit.SECONDS.toMicros(1)), micros);
  }

  private static final class CountingStream extends OutputStream {
    private final OutputStream out;
    private long bytes;

    CountingStream(OutputStream out) {
      this.out = out;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      bytes++;
    }

    @Override
    public void write(byte[] data, int offset, int length) throws IOException {
      out.write(data, offset, length);
      bytes += length;
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }
  }
}
