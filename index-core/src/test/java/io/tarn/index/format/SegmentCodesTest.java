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
import io.tarn.index.quantize.RowCode;
import io.tarn.index.quantize.RowCoder;
import io.tarn.index.segment.CodeColumns;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Codes as columns of segments. */
class SegmentCodesTest {
  private static final int DELETES = 5;

  /** Not numbered without gaps, as after lists were split. */
  private static final int[] LIST_IDS = {2, 3, 70, 1000};

  private static final int NEXT_LIST_ID = 1001;

  private static Schema schema(int dimension, Metric metric) {
    return new Schema(
        IdType.INT64, dimension, metric, List.of(new Attribute("n", AttributeType.LONG)));
  }

  private static Model model(Schema schema, Quantizer quantizer) {
    SplittableRandom random = new SplittableRandom(7);
    float[] centroids = vector(LIST_IDS.length * schema.dimension(), random);
    return new Model(
        schema.metric(), schema.dimension(), LIST_IDS, NEXT_LIST_ID, centroids, quantizer);
  }

  private static float[] vector(int length, SplittableRandom random) {
    float[] vector = new float[length];
    for (int i = 0; i < length; i++) {
      vector[i] = (float) random.nextDouble(-1, 1);
    }
    return vector;
  }

  /** Row i lies in list {@code 4 · i / rows}; the last has a value whose square overflows. */
  private static SegmentRef write(Storage storage, Schema schema, Model model, int rows)
      throws IOException {
    SplittableRandom random = new SplittableRandom(rows);
    try (SegmentWriter writer = new SegmentWriter(storage, schema, model)) {
      for (int i = 0; i < DELETES; i++) {
        writer.addDelete(Feature.delete(FeatureId.of(-1 - i), i, i));
      }
      for (int i = 0; i < rows; i++) {
        float[] vector = vector(schema.dimension(), random);
        vector[0] = i == rows - 1 ? 1e30f : vector[0];
        writer.add(
            LIST_IDS[4 * i / rows],
            new Feature(FeatureId.of(i), vector, i, i, new Object[] {(long) i}));
      }
      return writer.finish();
    }
  }

  /** The one of 65,536 dimensions holds more than the 16 MiB of a row group. */
  @ParameterizedTest
  @CsvSource({
    "1, L2, 10, rabitq",
    "7, COSINE, 50, rabitq",
    "8, INNER_PRODUCT, 1, rabitq",
    "9, L2, 3000, rabitq",
    "784, COSINE, 300, rabitq",
    "65536, L2, 280, rabitq",
    "1, L2, 10, rabitq2",
    "70, COSINE, 300, rabitq2",
    "9, L2, 3000, rabitq4",
    "784, INNER_PRODUCT, 300, rabitq4",
    "1, COSINE, 1, rabitq8",
    "100, L2, 300, rabitq8",
    "1, L2, 10, int8",
    "9, L2, 3000, int8",
    "784, COSINE, 300, int8"
  })
  void codesAreReadBackAsTheyWereMade(int dimension, Metric metric, int rows, String type)
      throws Exception {
    Quantizer quantizer = Quantizer.of(type);
    Storage storage = new MemoryStorage();
    Schema schema = schema(dimension, metric);
    Model model = model(schema, quantizer);
    Segment segment = SegmentReader.read(storage, write(storage, schema, model, rows), schema);
    CodeColumns codes = segment.codes();
    assertThat(codes.quantizer()).isEqualTo(quantizer);
    assertThat(codes.codeBytes()).isEqualTo(type.equals("int8") ? dimension : (dimension + 7) / 8);
    assertThat(codes.offsets()).hasSize(rows);
    assertThat(segment.deletes()).isEqualTo(DELETES);
    RowCoder coder = quantizer.coder(metric, dimension).orElseThrow();
    RowCode expected = new RowCode(quantizer, dimension);
    for (int i = 0; i < rows; i++) {
      int list = 4 * i / rows;
      assertThat(segment.lists().listOf(DELETES + i)).isEqualTo(LIST_IDS[list]);
      coder.encode(segment.vectors().get(i), 0, model.centroids(), list * dimension, expected);
      int from = i * codes.codeBytes();
      assertThat(Arrays.copyOfRange(codes.bits(), from, from + codes.codeBytes()))
          .isEqualTo(expected.bits);
      assertThat(codes.offsets()[i]).isEqualTo(expected.offset);
      assertThat(codes.scales()[i]).isEqualTo(expected.scale);
      assertThat(codes.errors()[i]).isEqualTo(expected.error);
      if (expected.full.length > 0) {
        from = i * codes.full().codeBytes();
        assertThat(Arrays.copyOfRange(codes.full().codes(), from, from + expected.full.length))
            .isEqualTo(expected.full);
        assertThat(codes.full().scales()[i]).isEqualTo(expected.fullScale);
        assertThat(codes.full().errors()[i]).isEqualTo(expected.fullError);
      }
    }
    assertThat(codes.full() != null).isEqualTo(expected.full.length > 0);
  }

  @Test
  void withoutAQuantizerThereAreNoCodes() throws Exception {
    Storage storage = new MemoryStorage();
    Schema schema = schema(9, Metric.L2);
    Model model = model(schema, new Quantizer.None());
    Segment segment = SegmentReader.read(storage, write(storage, schema, model, 20), schema);
    assertThat(segment.codes()).isNull();
    assertThat(segment.rowCount()).isEqualTo(20 + DELETES);
  }

  @Test
  void aListThatIsNotInTheModelIsRefused() throws Exception {
    Schema schema = schema(9, Metric.L2);
    Model model = model(schema, new Quantizer.RaBitQ());
    try (SegmentWriter writer = new SegmentWriter(new MemoryStorage(), schema, model)) {
      Feature feature = new Feature(FeatureId.of(1), new float[9], 1, 1, new Object[] {1L});
      assertThatThrownBy(() -> writer.add(4, feature))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("list 4 is not in the model");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rabitq", "rabitq2", "rabitq4", "rabitq8", "int8"})
  void anotherEngineSeesTheCodes(String type, @TempDir Path directory) throws Exception {
    Storage storage = new LocalStorage(directory);
    Schema schema = schema(20, Metric.L2);
    Model model = model(schema, Quantizer.of(type));
    Segment segment = SegmentReader.read(storage, write(storage, schema, model, 500), schema);
    CodeColumns codes = segment.codes();
    CodeColumns.Full full = codes.full();
    String factors = "code_offset, code_scale, code_error";
    String ofFull = full == null ? "" : ", code_full_scale, code_full_error";
    String sql =
        "SELECT deleted, n, hex(code) AS code, %s%s%s"
                .formatted(factors, full == null ? "" : ", hex(code_full) AS code_full", ofFull)
            + " FROM read_parquet('%s/segments/*.parquet', file_row_number = true)"
                .formatted(directory)
            + " ORDER BY file_row_number";
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      for (int i = -DELETES; i < 500; i++) {
        assertThat(row.next()).isTrue();
        assertThat(row.getBoolean("deleted")).isEqualTo(i < 0);
        if (i < 0) {
          assertThat(row.getString("code")).isNull();
          for (String factor : (factors + ofFull).split(", ")) {
            assertThat(row.getObject(factor)).isNull();
          }
          continue;
        }
        assertThat(row.getLong("n")).isEqualTo(i);
        assertThat(row.getString("code")).isEqualTo(hex(codes.bits(), i, codes.codeBytes()));
        assertThat(row.getFloat("code_offset")).isEqualTo(codes.offsets()[i]);
        assertThat(row.getFloat("code_scale")).isEqualTo(codes.scales()[i]);
        assertThat(row.getFloat("code_error")).isEqualTo(codes.errors()[i]);
        if (full != null) {
          assertThat(row.getString("code_full")).isEqualTo(hex(full.codes(), i, full.codeBytes()));
          assertThat(row.getFloat("code_full_scale")).isEqualTo(full.scales()[i]);
          assertThat(row.getFloat("code_full_error")).isEqualTo(full.errors()[i]);
        }
      }
      assertThat(row.next()).isFalse();
    }
  }

  private static String hex(byte[] codes, int row, int codeBytes) {
    return HexFormat.of().withUpperCase().formatHex(codes, row * codeBytes, (row + 1) * codeBytes);
  }
}
