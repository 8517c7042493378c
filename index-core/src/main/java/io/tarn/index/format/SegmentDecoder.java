package io.tarn.index.format;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.segment.AttributeColumn;
import io.tarn.index.segment.CodeColumns;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.ListRuns;
import io.tarn.index.segment.LongColumn;
import io.tarn.index.segment.RowVectors;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.schema.MessageType;

/** Decodes the columns of a segment, row group after row group. */
final class SegmentDecoder {
  private final String path;
  private final Schema schema;
  private final MessageType type;
  private final int deletes;
  private final ListRuns.Builder lists = new ListRuns.Builder();
  private final IdColumn.Builder ids;
  private final LongColumn.Builder orders;
  private final LongColumn.Builder positions;
  private final RowVectors.Builder vectors;
  private final CodeColumns codes;
  private final List<AttributeColumn.Builder> attributes;
  private int row;

  /**
   * @param type all columns of the segment
   * @param positions room for the source positions
   * @param vectors takes the vectors; null if they are left where they are
   */
  SegmentDecoder(
      SegmentRef ref,
      Schema schema,
      MessageType type,
      Quantizer quantizer,
      LongColumn.Builder positions,
      RowVectors.Builder vectors) {
    this.path = ref.path();
    this.schema = schema;
    this.type = type;
    int rows = Math.toIntExact(ref.rows() + ref.deletes());
    this.deletes = Math.toIntExact(ref.deletes());
    this.ids = new IdColumn.Builder(schema.idType(), rows);
    this.orders = new LongColumn.Builder(ref.minOrder(), ref.maxOrder(), rows);
    this.positions = positions;
    this.vectors = vectors;
    this.codes = CodeColumns.allocate(quantizer, schema.dimension(), rows - deletes);
    this.attributes = new ArrayList<>();
    for (Attribute attribute : schema.attributes()) {
      attributes.add(new AttributeColumn.Builder(attribute.type(), rows));
    }
  }

  /**
   * What was decoded.
   *
   * @param rowVectors the vectors, wherever they are
   */
  Segment segment(SegmentRef ref, RowVectors rowVectors) {
    List<AttributeColumn> columns = attributes.stream().map(a -> a.build()).toList();
    return new Segment(
        ref,
        deletes,
        lists.build(),
        ids.build(),
        orders.build(),
        positions.build(),
        rowVectors,
        codes,
        columns);
  }

  /**
   * Decodes a row group.
   *
   * @param bulk the columns of codes that {@link CodePages} can read
   */
  void readRowGroup(PageReadStore group, Set<String> bulk, String createdBy) throws IOException {
    ColumnReadStoreImpl columns = ParquetFile.columns(group, type, createdBy);
    int count = Math.toIntExact(group.getRowCount());
    readLists(column(columns, Format.LIST_ID), count);
    readNumbers(column(columns, Format.EVENT_ORDER), orders, count);
    readNumbers(column(columns, Format.POSITION), positions, count);
    readIds(column(columns, Format.ID), count);
    for (int a = 0; a < attributes.size(); a++) {
      readAttribute(a, column(columns, schema.attributes().get(a).name()), count);
    }
    if (codes != null) {
      readCodes(group, bulk, columns);
    }
    row += count;
    if (vectors != null) {
      ParquetFile.readVectors(
          path, group, type, schema.dimension(), (page, rows) -> vectors.add(page, 0, rows));
    }
  }

  private void readLists(ColumnReader column, int count) {
    for (int i = 0; i < count; i++) {
      lists.add(column.getInteger(), 1);
      column.consume();
    }
  }

  private static void readNumbers(ColumnReader column, LongColumn.Builder values, int count) {
    for (int i = 0; i < count; i++) {
      values.add(column.getLong());
      column.consume();
    }
  }

  private void readCodes(PageReadStore group, Set<String> bulk, ColumnReadStoreImpl columns)
      throws IOException {
    readBytes(group, bulk, columns, Format.CODE, codes.bits(), codes.codeBytes());
    readFactors(group, bulk, columns, Format.CODE_OFFSET, codes.offsets());
    readFactors(group, bulk, columns, Format.CODE_SCALE, codes.scales());
    readFactors(group, bulk, columns, Format.CODE_ERROR, codes.errors());
    CodeColumns.Full full = codes.full();
    if (full != null) {
      readBytes(group, bulk, columns, Format.CODE_FULL, full.codes(), full.codeBytes());
      readFactors(group, bulk, columns, Format.CODE_FULL_SCALE, full.scales());
      readFactors(group, bulk, columns, Format.CODE_FULL_ERROR, full.errors());
    }
  }

  private void readBytes(
      PageReadStore group,
      Set<String> bulk,
      ColumnReadStoreImpl columns,
      String name,
      byte[] out,
      int codeBytes)
      throws IOException {
    if (bulk.contains(name)) {
      CodePages.read(
          pages(group, name),
          row,
          deletes,
          codeBytes,
          (first, values) -> values.get(out, (first - deletes) * codeBytes, values.remaining()));
    } else {
      int count = Math.toIntExact(group.getRowCount());
      readBytes(column(columns, name), out, codeBytes, count);
    }
  }

  private void readFactors(
      PageReadStore group, Set<String> bulk, ColumnReadStoreImpl columns, String name, float[] out)
      throws IOException {
    if (bulk.contains(name)) {
      CodePages.read(
          pages(group, name),
          row,
          deletes,
          Float.BYTES,
          (first, values) ->
              values.asFloatBuffer().get(out, first - deletes, values.remaining() / Float.BYTES));
    } else {
      readFactor(column(columns, name), out, Math.toIntExact(group.getRowCount()));
    }
  }

  private PageReader pages(PageReadStore group, String name) {
    return group.getPageReader(type.getColumnDescription(new String[] {name}));
  }

  private void readBytes(ColumnReader column, byte[] out, int codeBytes, int count) {
    for (int i = row; i < row + count; i++) {
      if (column.getCurrentDefinitionLevel() > 0) {
        byte[] code = column.getBinary().getBytesUnsafe();
        System.arraycopy(code, 0, out, (i - deletes) * codeBytes, codeBytes);
      }
      column.consume();
    }
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
