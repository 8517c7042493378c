package io.tarn.index.format;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.segment.AttributeColumn;
import io.tarn.index.segment.CodeColumns;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.RowVectors;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.FileMetaData;
import org.apache.parquet.schema.MessageType;

/** Reads whole segments into memory, checking their length and checksum first. */
public final class SegmentReader {
  private final String path;
  private final Schema schema;
  private final MessageType type;
  private final int deletes;
  private final int[] listIds;
  private final IdColumn.Builder ids;
  private final long[] orders;
  private final long[] positions;
  private final RowVectors.Builder vectors;
  private final CodeColumns codes;
  private final List<AttributeColumn.Builder> attributes;
  private int row;

  private SegmentReader(SegmentRef ref, Schema schema, MessageType type, boolean coded)
      throws IOException {
    this.path = ref.path();
    this.schema = schema;
    this.type = type;
    int rows = Math.toIntExact(ref.rows() + ref.deletes());
    long floats = Math.multiplyExact(ref.rows(), (long) schema.dimension());
    if (floats * Float.BYTES > ref.file().bytes()) {
      throw new DamagedFileException(
          path, "is too short for the " + ref.rows() + " rows that the snapshot records");
    }
    this.deletes = Math.toIntExact(ref.deletes());
    this.listIds = new int[rows];
    this.ids = new IdColumn.Builder(schema.idType(), rows);
    this.orders = new long[rows];
    this.positions = new long[rows];
    this.vectors = new RowVectors.Builder(schema.dimension(), Math.toIntExact(ref.rows()));
    this.codes = coded ? codeColumns(rows - deletes, schema.dimension()) : null;
    this.attributes = new ArrayList<>();
    for (Attribute attribute : schema.attributes()) {
      attributes.add(new AttributeColumn.Builder(attribute.type(), rows));
    }
  }

  /**
   * Reads a segment.
   *
   * @throws DamagedFileException if it is not, byte for byte, what the snapshot records, or does
   *     not fit the schema
   */
  public static Segment read(Storage storage, SegmentRef ref, Schema schema) throws IOException {
    byte[] bytes = ChecksummedFile.read(storage, ref.file());
    try (ParquetFileReader file = ParquetFile.open(bytes)) {
      Quantizer quantizer =
          Quantizer.of(file.getFileMetaData().getKeyValueMetaData().get(Format.KEY_QUANTIZER));
      MessageType type = SegmentColumns.parquetType(schema, quantizer);
      checkFooter(file.getFileMetaData(), file.getRecordCount(), ref, schema, type);
      SegmentReader reader =
          new SegmentReader(ref, schema, type, quantizer instanceof Quantizer.RaBitQ);
      reader.readRowGroups(file, ref);
      return reader.segment(ref);
    } catch (DamagedFileException | UnsupportedFormatException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new DamagedFileException(
          ref.path(), "cannot be read as a segment: " + e.getMessage(), e);
    }
  }

  /** Before anything is made as large as the snapshot says. */
  private static void checkFooter(
      FileMetaData footer, long records, SegmentRef ref, Schema schema, MessageType type)
      throws IOException {
    Map<String, String> metadata = footer.getKeyValueMetaData();
    ParquetFile.checkKind(ref.path(), metadata, SegmentWriter.KIND);
    if (!schema.metric().externalName().equals(metadata.get(Format.KEY_METRIC))) {
      throw new DamagedFileException(
          ref.path(),
          "is of metric "
              + metadata.get(Format.KEY_METRIC)
              + " where the schema has "
              + schema.metric().externalName());
    }
    if (!footer.getSchema().getFields().equals(type.getFields())) {
      throw new DamagedFileException(
          ref.path(),
          "has the columns " + footer.getSchema().getFields() + " where the schema has " + type);
    }
    if (records != ref.rows() + ref.deletes()) {
      throw new DamagedFileException(
          ref.path(),
          "has " + records + " rows where the snapshot records " + (ref.rows() + ref.deletes()));
    }
  }

  private Segment segment(SegmentRef ref) {
    List<AttributeColumn> columns = attributes.stream().map(a -> a.build()).toList();
    return new Segment(
        ref, deletes, listIds, ids.build(), orders, positions, vectors.build(), codes, columns);
  }

  private void readRowGroups(ParquetFileReader file, SegmentRef ref) throws IOException {
    String createdBy = file.getFileMetaData().getCreatedBy();
    for (PageReadStore group = file.readNextRowGroup();
        group != null;
        group = file.readNextRowGroup()) {
      readRowGroup(group, createdBy);
    }
    if (vectors.size() != ref.rows()) {
      throw new DamagedFileException(
          path, "has " + vectors.size() + " vectors where the snapshot records " + ref.rows());
    }
  }

  private void readRowGroup(PageReadStore group, String createdBy) throws IOException {
    ColumnReadStoreImpl columns = ParquetFile.columns(group, type, createdBy);
    int count = Math.toIntExact(group.getRowCount());
    ColumnReader lists = column(columns, Format.LIST_ID);
    ColumnReader orderColumn = column(columns, Format.EVENT_ORDER);
    ColumnReader positionColumn = column(columns, Format.POSITION);
    for (int i = row; i < row + count; i++) {
      listIds[i] = lists.getInteger();
      lists.consume();
      orders[i] = orderColumn.getLong();
      orderColumn.consume();
      positions[i] = positionColumn.getLong();
      positionColumn.consume();
    }
    readIds(column(columns, Format.ID), count);
    for (int a = 0; a < attributes.size(); a++) {
      readAttribute(a, column(columns, schema.attributes().get(a).name()), count);
    }
    if (codes != null) {
      readCodes(columns, count);
    }
    row += count;
    ParquetFile.readVectors(
        path, group, type, schema.dimension(), (page, rows) -> vectors.add(page, 0, rows));
  }

  private static CodeColumns codeColumns(int rows, int dimension) {
    int codeBytes = SegmentColumns.codeBytes(dimension);
    return new CodeColumns(
        new byte[Math.multiplyExact(rows, codeBytes)],
        new float[rows],
        new float[rows],
        new float[rows]);
  }

  private void readCodes(ColumnReadStoreImpl columns, int count) {
    int codeBytes = SegmentColumns.codeBytes(schema.dimension());
    ColumnReader bits = column(columns, Format.CODE);
    for (int i = row; i < row + count; i++) {
      if (bits.getCurrentDefinitionLevel() > 0) {
        byte[] code = bits.getBinary().getBytesUnsafe();
        System.arraycopy(code, 0, codes.bits(), (i - deletes) * codeBytes, codeBytes);
      }
      bits.consume();
    }
    readFactor(column(columns, Format.CODE_OFFSET), codes.offsets(), count);
    readFactor(column(columns, Format.CODE_SCALE), codes.scales(), count);
    readFactor(column(columns, Format.CODE_ERROR), codes.errors(), count);
  }

  private void readFactor(ColumnReader column, float[] values, int count) {
    for (int i = row; i < row + count; i++) {
      if (column.getCurrentDefinitionLevel() > 0) {
        values[i - deletes] = column.getFloat();
      }
      column.consume();
    }
  }

  private ColumnReader column(ColumnReadStoreImpl columns, String name) {
    ColumnDescriptor descriptor = type.getColumnDescription(new String[] {name});
    return columns.getColumnReader(descriptor);
  }

  private void readIds(ColumnReader column, int count) {
    for (int i = 0; i < count; i++) {
      if (schema.idType() == IdType.INT64) {
        ids.add(column.getLong());
      } else {
        ids.add(column.getBinary().getBytesUnsafe());
      }
      column.consume();
    }
  }

  private void readAttribute(int attribute, ColumnReader column, int count) {
    AttributeType valueType = schema.attributes().get(attribute).type();
    AttributeColumn.Builder values = attributes.get(attribute);
    for (int i = 0; i < count; i++) {
      if (column.getCurrentDefinitionLevel() == 0) {
        values.addNull();
      } else {
        switch (valueType) {
          case STRING -> values.add(column.getBinary().getBytesUnsafe());
          case LONG, TIMESTAMP -> values.add(column.getLong());
          case DOUBLE -> values.add(column.getDouble());
          case BOOLEAN -> values.add(column.getBoolean());
        }
      }
      column.consume();
    }
  }
}
