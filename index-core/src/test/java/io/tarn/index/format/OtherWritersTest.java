package io.tarn.index.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.segment.CodeColumns;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Segments that obey FORMAT.md, yet are encoded as Tarn does not. */
class OtherWritersTest {
  private static final int DIMENSION = 4;
  private static final int ROWS = 3000;

  @TempDir Path directory;

  private static Schema schema(IdType idType) {
    return new Schema(
        idType, DIMENSION, Metric.L2, List.of(new Attribute("title", AttributeType.STRING)));
  }

  private static Segment ours(Schema schema) throws IOException {
    Storage storage = new MemoryStorage();
    Model model =
        Model.of(
            Metric.L2, DIMENSION, new float[] {0, 0, 0, 0, 9, 9, 9, 9}, new Quantizer.RaBitQ());
    try (SegmentWriter writer = new SegmentWriter(storage, schema, model)) {
      for (int i = 0; i < ROWS; i++) {
        FeatureId id =
            schema.idType() == IdType.INT64 ? FeatureId.of(i % 7 * 1000L) : FeatureId.of("é" + i);
        float[] vector = {i, i * 0.5f, -i, 1};
        writer.add(
            i < 1000 ? 0 : 1, new Feature(id, vector, i % 5, 3L * i, new Object[] {"t" + i % 3}));
      }
      return SegmentReader.read(storage, writer.finish(), schema);
    }
  }

  /** Writes the rows of a segment with Parquet's writer of records, dictionaries and all. */
  private SegmentRef rewrite(Segment segment, Schema schema, int withoutCode) throws IOException {
    MessageType type = SegmentColumns.parquetType(schema, new Quantizer.RaBitQ());
    Path file = directory.resolve("other.parquet");
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(file))
            .withConf(new PlainParquetConfiguration())
            .withType(type)
            .withWriterVersion(WriterVersion.PARQUET_2_0)
            .withDictionaryEncoding(true)
            .withDictionaryEncoding("vector.list.element", false)
            .withPageWriteChecksumEnabled(true)
            .withExtraMetaData(
                Map.of(
                    Format.KEY_KIND, SegmentWriter.KIND,
                    Format.KEY_FORMAT_VERSION, "1",
                    Format.KEY_METRIC, "l2",
                    Format.KEY_QUANTIZER, "rabitq"))
            .build()) {
      for (int row = 0; row < segment.rowCount(); row++) {
        writer.write(group(segment, type, row, row == withoutCode));
      }
    }
    byte[] bytes = Files.readAllBytes(file);
    SegmentRef ref = segment.ref();
    return new SegmentRef(
        new FileRef("segments/other.parquet", bytes.length, ChecksummedFile.crc32c(bytes)),
        1,
        ref.rows(),
        0,
        ref.minOrder(),
        ref.maxOrder());
  }

  private static Group group(Segment segment, MessageType type, int row, boolean withoutCode) {
    Group group = new SimpleGroup(type);
    group.add("list_id", segment.lists().listOf(row));
    if (segment.ids().get(row) instanceof FeatureId.Int64 id) {
      group.add("id", id.value());
    } else {
      group.add("id", segment.ids().get(row).toString());
    }
    Group vector = group.addGroup("vector");
    for (float value : segment.vectors().get(row)) {
      vector.addGroup("list").add("element", value);
    }
    CodeColumns codes = segment.codes();
    if (!withoutCode) {
      group.add("code", Binary.fromConstantByteArray(codes.bits(), row * codes.codeBytes(), 1));
      group.add("code_offset", codes.offsets()[row]);
      group.add("code_scale", codes.scales()[row]);
      group.add("code_error", codes.errors()[row]);
    }
    group.add("event_order", segment.orders().get(row));
    group.add("position", segment.positions().get(row));
    group.add("deleted", false);
    group.add("title", (String) segment.attributes().get(0).get(row));
    return group;
  }

  private Storage mapped() throws IOException {
    Path index = directory.resolve("index");
    Files.createDirectories(index.resolve("segments"));
    Files.copy(directory.resolve("other.parquet"), index.resolve("segments/other.parquet"));
    return new LocalStorage(index);
  }

  private Storage unmapped() throws IOException {
    Storage storage = new MemoryStorage();
    try (PendingFile file = storage.create("segments/other.parquet")) {
      file.write(Files.readAllBytes(directory.resolve("other.parquet")));
      file.publish();
    }
    return storage;
  }

  @ParameterizedTest
  @EnumSource(IdType.class)
  void dictionariesAndOtherEncodingsAreRead(IdType idType) throws IOException {
    Schema schema = schema(idType);
    Segment ours = ours(schema);
    SegmentRef ref = rewrite(ours, schema, -1);
    assertSame(SegmentReader.read(mapped(), ref, schema), ours);
    assertSame(SegmentReader.read(unmapped(), ref, schema), ours);
  }

  private static void assertSame(Segment actual, Segment expected) {
    assertThat(actual.rowCount()).isEqualTo(expected.rowCount());
    assertThat(actual.lists().toArray()).isEqualTo(expected.lists().toArray());
    assertThat(actual.codes().bits()).isEqualTo(expected.codes().bits());
    assertThat(actual.codes().offsets()).isEqualTo(expected.codes().offsets());
    assertThat(actual.codes().scales()).isEqualTo(expected.codes().scales());
    assertThat(actual.codes().errors()).isEqualTo(expected.codes().errors());
    for (int row = 0; row < expected.rowCount(); row++) {
      assertThat(actual.ids().get(row)).isEqualTo(expected.ids().get(row));
      assertThat(actual.orders().get(row)).isEqualTo(expected.orders().get(row));
      assertThat(actual.positions().get(row)).isEqualTo(expected.positions().get(row));
      assertThat(actual.vectors().get(row)).isEqualTo(expected.vectors().get(row));
      assertThat(actual.attributes().get(0).get(row))
          .isEqualTo(expected.attributes().get(0).get(row));
    }
  }

  @Test
  void aFeatureWithoutACodeIsDamage() throws IOException {
    Schema schema = schema(IdType.INT64);
    SegmentRef ref = rewrite(ours(schema), schema, 17);
    Storage storage = unmapped();
    assertThatThrownBy(() -> SegmentReader.read(storage, ref, schema))
        .isInstanceOf(DamagedFileException.class)
        .hasMessageStartingWith("segments/other.parquet: has features without a code");
  }
}
