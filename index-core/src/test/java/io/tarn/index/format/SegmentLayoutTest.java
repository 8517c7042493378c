package io.tarn.index.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.tarn.index.centroid.TestModels;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.LocalStorage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.internal.column.columnindex.OffsetIndex;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The layout that docs/FORMAT.md promises, seen through Parquet's own reader and the raw bytes. */
class SegmentLayoutTest {
  private static final int MIN_PAGE_BYTES = 16 * 1024;
  private static final int MAX_PAGE_BYTES = 1024 * 1024;
  private static final long ROW_GROUP_BYTES = 16 << 20;

  @TempDir Path directory;

  private record Row(int list, Feature feature) {}

  private record Written(Path file, byte[] bytes, List<Row> rows) {}

  /** Small lists that share pages, lists with pages of their own, and one of several pages. */
  private Written write(int dimension) throws IOException {
    Schema schema =
        new Schema(
            IdType.STRING,
            dimension,
            Metric.L2,
            List.of(new Attribute("title", AttributeType.STRING)));
    Random random = new Random(dimension);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      rows.add(new Row(-1, Feature.delete(FeatureId.of("deleted " + i), i, i)));
    }
    int fullPageRows = Math.max(1, MAX_PAGE_BYTES / (dimension * Float.BYTES));
    int ownPageRows = Math.max(1, MIN_PAGE_BYTES / (dimension * Float.BYTES));
    int[] listRows = {
      1, 2, ownPageRows, 1, ownPageRows + 1, 3, fullPageRows, 2 * fullPageRows + 1, 1, 1
    };
    for (int l = 0; l < listRows.length; l++) {
      for (int i = 0; i < listRows[l]; i++) {
        float[] vector = new float[dimension];
        for (int d = 0; d < dimension; d++) {
          vector[d] = (float) random.nextGaussian();
        }
        Object[] title = {i % 3 == 0 ? null : "title " + i % 7};
        FeatureId id = FeatureId.of("id " + l + "/" + i);
        rows.add(new Row(2 * l, new Feature(id, vector, i, i, title)));
      }
    }
    int[] lists = IntStream.range(0, listRows.length).map(l -> 2 * l).toArray();
    SegmentRef ref;
    try (SegmentWriter writer =
        new SegmentWriter(
            new LocalStorage(directory), schema, TestModels.withLists(schema, lists))) {
      for (Row row : rows) {
        if (row.feature().deleted()) {
          writer.addDelete(row.feature());
        } else {
          writer.add(row.list(), row.feature());
        }
      }
      ref = writer.finish();
    }
    Path file = directory.resolve(ref.path());
    return new Written(file, Files.readAllBytes(file), rows);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 128, 784})
  void parquetsOwnReaderReadsEveryRow(int dimension) throws IOException {
    Written written = write(dimension);

    try (ParquetReader<Group> reader =
        new GroupReader(new LocalInputFile(written.file())).build()) {
      for (Row row : written.rows()) {
        Group group = reader.read();
        if (!holds(group, row)) {
          fail("read %s where %s was written", group, row);
        }
      }
      assertThat(reader.read()).isNull();
    }
  }

  private static boolean holds(Group group, Row row) {
    Feature feature = row.feature();
    String title = group.getFieldRepetitionCount("title") == 0 ? null : group.getString("title", 0);
    return group.getInteger("list_id", 0) == row.list()
        && group.getString("id", 0).equals(feature.id().toString())
        && group.getLong("event_order", 0) == feature.order()
        && group.getLong("position", 0) == feature.position()
        && group.getBoolean("deleted", 0) == feature.deleted()
        && Arrays.equals(vector(group), feature.vector())
        && Objects.equals(title, feature.deleted() ? null : feature.attributes()[0]);
  }

  private static float[] vector(Group row) {
    if (row.getFieldRepetitionCount("vector") == 0) {
      return null;
    }
    Group list = row.getGroup("vector", 0);
    float[] vector = new float[list.getFieldRepetitionCount("list")];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = list.getGroup("list", i).getFloat("element", 0);
    }
    return vector;
  }

  private static final class GroupReader extends ParquetReader.Builder<Group> {
    GroupReader(InputFile file) {
      super(file);
    }

    @Override
    protected ReadSupport<Group> getReadSupport() {
      return new GroupReadSupport();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 128, 784})
  void vectorsLieWhereTheFormatSays(int dimension) throws IOException {
    Written written = write(dimension);

    try (ParquetFileReader reader = open(written)) {
      assertThat(reader.getRowGroups()).hasSize(1);
      BlockMetaData group = reader.getRowGroups().get(0);
      ColumnChunkMetaData vectors =
          group.getColumns().stream()
              .filter(column -> column.getPath().toArray()[0].equals("vector"))
              .findFirst()
              .orElseThrow();
      assertThat(vectors.getCodec()).isEqualTo(CompressionCodecName.UNCOMPRESSED);
      OffsetIndex pages = reader.readOffsetIndex(vectors);
      for (int p = 0; p < pages.getPageCount(); p++) {
        int from = (int) pages.getFirstRowIndex(p);
        int to = (int) pages.getLastRowIndex(p, group.getRowCount()) + 1;
        checkVectorPage(written, dimension, pages.getOffset(p), from, to);
      }
      int fullPageRows = Math.max(1, MAX_PAGE_BYTES / (dimension * Float.BYTES));
      assertThat(pages.getPageCount()).isBetween(7, written.rows().size() / fullPageRows + 12);
    }
  }

  /** What a writer holds is bounded, whatever a row group is full of. */
  @Test
  void longTextsEndRowGroupsAsVectorsDo() throws IOException {
    Schema schema =
        new Schema(
            IdType.INT64, 2, Metric.L2, List.of(new Attribute("title", AttributeType.STRING)));
    SegmentRef ref;
    try (SegmentWriter writer =
        new SegmentWriter(new LocalStorage(directory), schema, TestModels.anyOf(schema))) {
      for (int i = 0; i < 40; i++) {
        Object[] title = {Integer.toString(i).repeat(MAX_PAGE_BYTES)};
        writer.add(0, new Feature(FeatureId.of(i), new float[] {i, 1}, i, i, title));
      }
      ref = writer.finish();
    }
    try (ParquetFileReader reader =
        ParquetFileReader.open(new LocalInputFile(directory.resolve(ref.path())))) {
      assertThat(reader.getRowGroups())
          .hasSizeGreaterThan(2)
          .allSatisfy(
              group ->
                  assertThat(group.getTotalByteSize()).isLessThan(ROW_GROUP_BYTES + (4L << 20)));
    }
  }

  private static void checkVectorPage(Written written, int dimension, long offset, int from, int to)
      throws IOException {
    ByteArrayInputStream in =
        new ByteArrayInputStream(
            written.bytes(), (int) offset, written.bytes().length - (int) offset);
    PageHeader header = Util.readPageHeader(in);
    assertThat(header.getType()).isEqualTo(PageType.DATA_PAGE_V2);
    assertThat(header.getData_page_header_v2().getEncoding()).isEqualTo(Encoding.PLAIN);
    int levelBytes =
        header.getData_page_header_v2().getRepetition_levels_byte_length()
            + header.getData_page_header_v2().getDefinition_levels_byte_length();
    int firstValue = written.bytes().length - in.available() + levelBytes;
    ByteBuffer bytes = ByteBuffer.wrap(written.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    List<Row> rows = written.rows().subList(from, to);
    boolean deletes = rows.get(0).feature().deleted();
    for (int r = 0; r < rows.size(); r++) {
      Feature feature = rows.get(r).feature();
      if (feature.deleted() != deletes) {
        fail("the page at %d holds vectors and nulls", offset);
      }
      for (int d = 0; d < dimension && !deletes; d++) {
        if (bytes.getFloat(firstValue + 4 * dimension * r + 4 * d) != feature.vector()[d]) {
          fail("row %d of the page at %d is not where it should be", r, offset);
        }
      }
    }
    if (!deletes) {
      int rowBytes = dimension * Float.BYTES;
      assertThat(rows.size() == 1 || rows.size() * rowBytes <= MAX_PAGE_BYTES).isTrue();
      // Once it holds 16 KiB, a page goes on with its last list only.
      int lastList = rows.get(rows.size() - 1).list();
      int rowsBeforeLastList = (int) rows.stream().takeWhile(r -> r.list() != lastList).count();
      assertThat(rowsBeforeLastList * rowBytes).isLessThan(MIN_PAGE_BYTES);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 784})
  void everyColumnHasIndexesAndEveryPageItsChecksum(int dimension) throws IOException {
    Written written = write(dimension);

    try (ParquetFileReader reader = open(written)) {
      for (ColumnChunkMetaData column : reader.getRowGroups().get(0).getColumns()) {
        assertThat(reader.readColumnIndex(column)).as("column index of %s", column).isNotNull();
        OffsetIndex pages = reader.readOffsetIndex(column);
        assertThat(pages).as("offset index of %s", column).isNotNull();
        assertThat(pages.getPageCount()).isPositive();
        for (int p = 0; p < pages.getPageCount(); p++) {
          int offset = (int) pages.getOffset(p);
          ByteArrayInputStream in =
              new ByteArrayInputStream(written.bytes(), offset, written.bytes().length - offset);
          PageHeader header = Util.readPageHeader(in);
          CRC32 crc = new CRC32();
          crc.update(in.readNBytes(header.getCompressed_page_size()));
          assertThat(header.isSetCrc()).isTrue();
          assertThat(header.getCrc()).isEqualTo((int) crc.getValue());
        }
      }
    }
  }

  private static ParquetFileReader open(Written written) throws IOException {
    return ParquetFileReader.open(
        new LocalInputFile(written.file()), ParquetReadOptions.builder().build());
  }
}
