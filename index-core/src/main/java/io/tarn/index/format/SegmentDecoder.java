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
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/** Decodes the columns of a segment, row group after row group. */
final class SegmentDecoder {
  private final String path;
  private final Schema schema;
  private final MessageType type;
  private final StorageInput input;
  private final ParquetPages pages;
  private final Set<String> bulk;
  private final Set<String> wanted;
  private final int deletes;
  private final ListRuns.Builder lists = new ListRuns.Builder();
  private final IdColumn.Builder ids;
  private final LongColumn.Builder orders;
  private final LongColumn.Builder positions;
  private final RowVectors.Builder vectors;
  private final CodeColumns codes;
  private final List<AttributeColumn.Builder> attributes;
  private final VectorPages.Reader vectorPages;
  private final PageValues values = new PageValues();
  private int row;

  /**
   * @param type all columns of the segment; it may lack attributes of the schema
   * @param bulk the columns that are taken a page at a time; others go through Parquet's readers
   * @param wanted the names of the attributes that are decoded; the columns of others stay empty
   * @param quantizer the one of the codes that are decoded; none to leave them
   * @param positions room for the source positions
   * @param vectors takes the vectors; null if they are left where they are
   */
  SegmentDecoder(
      SegmentRef ref,
      Schema schema,
      MessageType type,
      StorageInput input,
      ParquetPages pages,
      Set<String> bulk,
      Set<String> wanted,
      Quantizer quantizer,
      LongColumn.Builder positions,
      RowVectors.Builder vectors) {
    this.path = ref.path();
    this.schema = schema;
    this.type = type;
    this.input = input;
    this.pages = pages;
    this.bulk = bulk;
    this.wanted = wanted;
    int rows = Math.toIntExact(ref.rows() + ref.deletes());
    this.deletes = Math.toIntExact(ref.deletes());
    this.ids = new IdColumn.Builder(schema.idType(), rows);
    this.orders = new LongColumn.Builder(ref.minOrder(), ref.maxOrder(), rows);
    this.positions = positions;
    this.vectors = vectors;
    this.vectorPages = new VectorPages.Reader(schema.dimension());
    this.codes = CodeColumns.allocate(quantizer, schema.dimension(), rows - deletes);
    this.attributes = new ArrayList<>();
    for (Attribute attribute : schema.attributes()) {
      boolean isWanted = wanted.contains(attribute.name()) && isStored(attribute);
      attributes.add(new AttributeColumn.Builder(attribute.type(), isWanted ? rows : 0));
    }
  }

  /**
   * What was decoded.
   *
   * @param rowVectors the vectors, wherever they are
   */
  Segment segment(SegmentRef ref, RowVectors rowVectors) {
    List<AttributeColumn> columns = new ArrayList<>();
    for (int a = 0; a < attributes.size(); a++) {
      columns.add(
          isStored(schema.attributes().get(a))
              ? attributes.get(a).build()
              : AttributeColumn.Absent.of(row));
    }
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

  /** An attribute that was added to the schema after the segment was written is not. */
  private boolean isStored(Attribute attribute) {
    return type.containsField(attribute.name());
  }

  /** Reads all row groups: what comes in bulk in the order of the file, then the rest. */
  void read() throws IOException {
    List<String> columns = columns();
    Set<String> atOnce = new HashSet<>(bulk);
    atOnce.retainAll(columns);
    List<String> others = new ArrayList<>(columns);
    others.removeAll(atOnce);
    if (others.isEmpty()) {
      for (RowGroup group : pages.rowGroups()) {
        readBulk(group, atOnce);
        row += Math.toIntExact(group.getNum_rows());
      }
      return;
    }
    try (ParquetFileReader file = ParquetFile.open(input)) {
      file.setRequestedSchema(SegmentColumns.only(type, others));
      for (RowGroup group : pages.rowGroups()) {
        readBulk(group, atOnce);
        PageReadStore rest = file.readNextRowGroup();
        if (rest == null || rest.getRowCount() != group.getNum_rows()) {
          throw new DamagedFileException(path, "has row groups other than its footer says");
        }
        readOthers(rest, others, file.getFileMetaData().getCreatedBy());
        row += Math.toIntExact(group.getNum_rows());
      }
    }
  }

  /** What is decoded, but for the vectors. */
  private List<String> columns() {
    List<String> columns = new ArrayList<>(List.of(Format.LIST_ID, Format.ID));
    columns.addAll(List.of(Format.EVENT_ORDER, Format.POSITION));
    if (codes != null) {
      columns.addAll(
          List.of(Format.CODE, Format.CODE_OFFSET, Format.CODE_SCALE, Format.CODE_ERROR));
      if (codes.full() != null) {
        columns.addAll(List.of(Format.CODE_FULL, Format.CODE_FULL_SCALE, Format.CODE_FULL_ERROR));
      }
    }
    for (Attribute attribute : schema.attributes()) {
      if (wanted.contains(attribute.name()) && isStored(attribute)) {
        columns.add(attribute.name());
      }
    }
    return columns;
  }

  private void readBulk(RowGroup group, Set<String> atOnce) throws IOException {
    for (Type column : type.getFields()) {
      String name = column.getName();
      if (name.equals(Format.VECTOR) && vectors != null) {
        vectorPages.read(
            pages, group, !input.isSumming(), (page, rows) -> vectors.add(page, 0, rows));
      } else if (atOnce.contains(name)) {
        int[] first = {row};
        pages.read(
            group,
            name,
            !input.isSumming(),
            (page, bytes) -> {
              readPage(name, page, bytes, first[0]);
              first[0] += page.getNum_rows();
            });
      }
    }
  }

  private void readPage(String name, DataPageHeaderV2 page, ByteBuffer bytes, int first)
      throws IOException {
    int count = page.getNum_rows();
    switch (name) {
      case Format.LIST_ID -> lists.add(values.numbers(page, bytes, false), count);
      case Format.EVENT_ORDER -> orders.add(values.numbers(page, bytes, true), count);
      case Format.POSITION -> positions.add(values.numbers(page, bytes, true), count);
      case Format.ID -> {
        if (schema.idType() == IdType.INT64) {
          ids.add(values.numbers(page, bytes, true), count);
        } else {
          values.texts(page, bytes, ids::add);
        }
      }
      default -> readCodes(name, page, bytes, first);
    }
  }

  /** Deletes have no codes and come first, so the nulls of a page are its first rows. */
  private void readCodes(String name, DataPageHeaderV2 page, ByteBuffer bytes, int first)
      throws IOException {
    int nulls = Math.max(0, Math.min(page.getNum_rows(), deletes - first));
    int at = first + nulls - deletes;
    boolean isCode = name.equals(Format.CODE) || name.equals(Format.CODE_FULL);
    int valueBytes = isCode ? codeLength(name) : Float.BYTES;
    if (page.getNum_nulls() > nulls) {
      throw new DamagedFileException(path, "has features without a " + name);
    }
    ByteBuffer fixed = PageValues.fixed(page, bytes, nulls, 1, valueBytes);
    if (isCode) {
      fixed.get(codeBytes(name), at * valueBytes, fixed.remaining());
    } else {
      fixed.asFloatBuffer().get(factors(name), at, fixed.remaining() / Float.BYTES);
    }
  }

  private void readOthers(PageReadStore group, List<String> names, String createdBy)
      throws DamagedFileException {
    ColumnReadStoreImpl columns =
        ParquetFile.columns(group, SegmentColumns.only(type, names), createdBy);
    int count = Math.toIntExact(group.getRowCount());
    for (String name : names) {
      ColumnReader column = columns.getColumnReader(type.getColumnDescription(new String[] {name}));
      switch (name) {
        case Format.LIST_ID -> readLists(column, count);
        case Format.EVENT_ORDER -> readNumbers(column, orders, count);
        case Format.POSITION -> readNumbers(column, positions, count);
        case Format.ID -> readIds(column, count);
        case Format.CODE, Format.CODE_FULL -> readCode(column, name, count);
        case Format.CODE_OFFSET,
            Format.CODE_SCALE,
            Format.CODE_ERROR,
            Format.CODE_FULL_SCALE,
            Format.CODE_FULL_ERROR ->
            readFactor(column, name, count);
        default -> readAttribute(attribute(name), column, count);
      }
    }
  }

  private int attribute(String name) {
    for (int a = 0; a < attributes.size(); a++) {
      if (schema.attributes().get(a).name().equals(name)) {
        return a;
      }
    }
    throw new IllegalArgumentException("no attribute " + name);
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

  private byte[] codeBytes(String name) {
    return name.equals(Format.CODE) ? codes.bits() : codes.full().codes();
  }

  /** Bytes of a row's value. */
  private int codeLength(String name) {
    return name.equals(Format.CODE) ? codes.codeBytes() : codes.full().codeBytes();
  }

  private float[] factors(String name) {
    return switch (name) {
      case Format.CODE_OFFSET -> codes.offsets();
      case Format.CODE_SCALE -> codes.scales();
      case Format.CODE_ERROR -> codes.errors();
      case Format.CODE_FULL_SCALE -> codes.full().scales();
      case Format.CODE_FULL_ERROR -> codes.full().errors();
      default -> throw new IllegalArgumentException("no factor " + name);
    };
  }

  private void readCode(ColumnReader column, String name, int count) throws DamagedFileException {
    byte[] out = codeBytes(name);
    int length = codeLength(name);
    for (int i = row; i < row + count; i++) {
      if (hasValue(column, i, name)) {
        byte[] code = column.getBinary().getBytesUnsafe();
        System.arraycopy(code, 0, out, (i - deletes) * length, length);
      }
      column.consume();
    }
  }

  private void readFactor(ColumnReader column, String name, int count) throws DamagedFileException {
    float[] factors = factors(name);
    for (int i = row; i < row + count; i++) {
      if (hasValue(column, i, name)) {
        factors[i - deletes] = column.getFloat();
      }
      column.consume();
    }
  }

  /** Deletes have no codes, features do. */
  private boolean hasValue(ColumnReader column, int i, String name) throws DamagedFileException {
    boolean present = column.getCurrentDefinitionLevel() > 0;
    if (present != i >= deletes) {
      throw new DamagedFileException(
          path, present ? "has a delete with a " + name : "has features without a " + name);
    }
    return present;
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
