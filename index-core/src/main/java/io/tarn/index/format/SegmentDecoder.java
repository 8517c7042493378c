package io.tarn.index.format;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
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
  private final Set<String> wanted;
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
   * @param wanted the names of the attributes that are decoded; the columns of others stay empty
   * @param coded whether codes are decoded
   * @param positions room for the source positions
   * @param vectors takes the vectors; null if they are left where they are
   */
  SegmentDecoder(
      SegmentRef ref,
      Schema schema,
      MessageType type,
      Set<String> wanted,
      boolean coded,
      LongColumn.Builder positions,
      RowVectors.Builder vectors) {
    this.path = ref.path();
    this.schema = schema;
    this.type = type;
    this.wanted = wanted;
    int rows = Math.toIntExact(ref.rows() + ref.deletes());
    this.deletes = Math.toIntExact(ref.deletes());
    this.ids = new IdColumn.Builder(schema.idType(), rows);
    this.orders = new LongColumn.Builder(ref.minOrder(), ref.maxOrder(), rows);
    this.positions = positions;
    this.vectors = vectors;
    this.codes = coded ? codeColumns(rows - deletes, schema.dimension()) : null;
    this.attributes = new ArrayList<>();
    for (Attribute attribute : schema.attributes()) {
      boolean isWanted = wanted.contains(attribute.name());
      attributes.add(new AttributeColumn.Builder(attribute.type(), isWanted ? rows : 0));
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
      String name = schema.attributes().get(a).name();
      if (wanted.contains(name)) {
        readAttribute(a, column(columns, name), count);
      }
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

  private static CodeColumns codeColumns(int rows, int dimension) {
    int codeBytes = SegmentColumns.codeBytes(dimension);
    return new CodeColumns(
        new byte[Math.multiplyExact(rows, codeBytes)],
        new float[rows],
        new float[rows],
        new float[rows]);
  }

  private void readCodes(PageReadStore group, Set<String> bulk, ColumnReadStoreImpl columns)
      throws IOException {
    int count = Math.toIntExact(group.getRowCount());
    int codeBytes = codes.codeBytes();
    if (bulk.contains(Format.CODE)) {
      CodePages.read(
          pages(group, Format.CODE),
          row,
          deletes,
          codeBytes,
          (first, values) ->
              values.get(codes.bits(), (first - deletes) * codeBytes, values.remaining()));
    } else {
      readBits(column(columns, Format.CODE), count);
    }
    for (String name : List.of(Format.CODE_OFFSET, Format.CODE_SCALE, Format.CODE_ERROR)) {
      float[] factors = factors(name);
      if (bulk.contains(name)) {
        CodePages.read(
            pages(group, name),
            row,
            deletes,
            Float.BYTES,
            (first, values) ->
                values
                    .asFloatBuffer()
                    .get(factors, first - deletes, values.remaining() / Float.BYTES));
      } else {
        readFactor(column(columns, name), factors, count);
      }
    }
  }

  private float[] factors(String name) {
    return switch (name) {
      case Format.CODE_OFFSET -> codes.offsets();
      case Format.CODE_SCALE -> codes.scales();
      default -> codes.errors();
    };
  }

  private PageReader pages(PageReadStore group, String name) {
    return group.getPageReader(type.getColumnDescription(new String[] {name}));
  }

  private void readBits(ColumnReader column, int count) {
    int codeBytes = codes.codeBytes();
    for (int i = row; i < row + count; i++) {
      if (column.getCurrentDefinitionLevel() > 0) {
        byte[] code = column.getBinary().getBytesUnsafe();
        System.arraycopy(code, 0, codes.bits(), (i - deletes) * codeBytes, codeBytes);
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
