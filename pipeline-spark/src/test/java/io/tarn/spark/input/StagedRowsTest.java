package io.tarn.spark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.IdType;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.spark.LocalSpark;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Packed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every format, plain and gzipped, one file and a directory of files. */
class StagedRowsTest {
  private static final SparkSession SPARK = LocalSpark.session();

  @TempDir Path directory;

  /** A row as it can be compared and brought to the driver. */
  private record Seen(String id, List<Float> vector, String text, long order, long position)
      implements java.io.Serializable {

    static Seen of(InputRow row) {
      if (row instanceof InputRow.Rejected rejected) {
        return new Seen(rejected.id(), null, rejected.reason().name(), 0, row.position());
      }
      InputRow.Readable readable = (InputRow.Readable) row;
      List<Float> vector = null;
      if (readable.vector() != null) {
        vector = new ArrayList<>();
        for (float value : readable.vector()) {
          vector.add(value);
        }
      }
      return new Seen(
          readable.id().toString(), vector, readable.text(), readable.order(), row.position());
    }
  }

  private static InputSettings settings(Path path, InputFormat format) {
    return new InputSettings(
        path.toString(),
        format,
        "id",
        "vector",
        Optional.empty(),
        List.of(),
        Optional.empty(),
        InputSettings.DEFAULT_MAX_ROW_BYTES);
  }

  private static StagedRows stage(InputSettings settings) throws IOException {
    InputTable table = InputTable.open(SPARK, settings);
    return StagedRows.of(
        table, InputColumns.resolve(table, ColumnRequest.forNewIndex(settings, 77)));
  }

  private static List<Seen> read(InputSettings settings) throws IOException {
    List<Packed<Seen>> rows = stage(settings).rows().map(row -> Packed.of(Seen.of(row))).collect();
    return rows.stream().map(Packed::get).sorted(Comparator.comparingLong(Seen::position)).toList();
  }

  private Path write(String name, byte[] bytes, boolean gzipped) throws IOException {
    Path file = directory.resolve(name + (gzipped ? ".gz" : ""));
    Files.createDirectories(file.getParent());
    Files.write(file, gzipped ? gzip(bytes) : bytes);
    return file;
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
      gzip.write(bytes);
    }
    return zipped.toByteArray();
  }

  /** Rows (first, first + 0.5), (first + 1, first + 1.5)… */
  private static byte[] fvecs(int first, int rows) {
    ByteBuffer bytes = ByteBuffer.allocate(rows * 12).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = first; row < first + rows; row++) {
      bytes.putInt(2).putFloat(row).putFloat(row + 0.5f);
    }
    return bytes.array();
  }

  private static byte[] bvecs(int first, int rows) {
    ByteBuffer bytes = ByteBuffer.allocate(rows * 6).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = first; row < first + rows; row++) {
      bytes.putInt(2).put((byte) row).put((byte) (row + 1));
    }
    return bytes.array();
  }

  private static byte[] idx(int first, int rows) {
    ByteBuffer bytes = ByteBuffer.allocate(16 + 2 * rows);
    bytes.put(new byte[] {0, 0, 8, 3}).putInt(rows).putInt(1).putInt(2);
    for (int row = first; row < first + rows; row++) {
      bytes.put((byte) row).put((byte) (row + 1));
    }
    return bytes.array();
  }

  private static byte[] vectors(InputFormat format, int first, int rows) {
    return switch (format) {
      case FVECS -> fvecs(first, rows);
      case BVECS -> bvecs(first, rows);
      default -> idx(first, rows);
    };
  }

  private static void assertNumbered(List<Seen> rows, InputFormat format, int count) {
    float step = format == InputFormat.FVECS ? 0.5f : 1;
    assertThat(rows).hasSize(count);
    for (int row = 0; row < count; row++) {
      assertThat(rows.get(row))
          .isEqualTo(
              new Seen(Integer.toString(row), List.of((float) row, row + step), null, 77, row));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FVECS, false",
    "FVECS, true",
    "BVECS, false",
    "BVECS, true",
    "IDX, false",
    "IDX, true"
  })
  void vectorFilesHaveTheRowNumberAsId(InputFormat format, boolean gzipped) throws IOException {
    Path file = write("vectors", vectors(format, 0, 100), gzipped);
    assertNumbered(read(settings(file, format)), format, 100);
    StagedRows rows = stage(settings(file, format));
    assertThat(rows.idType()).isEqualTo(IdType.INT64);
    assertThat(rows.dimension()).hasValue(2);
    assertThat(rows.idsToCompare()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"FVECS", "BVECS", "IDX"})
  void vectorFilesOfADirectoryAreNumberedThroughByPath(InputFormat format) throws IOException {
    write("many/b", vectors(format, 40, 30), true);
    write("many/a", vectors(format, 0, 40), false);
    write("many/c", vectors(format, 70, 30), true);
    write("many/_SUCCESS", new byte[] {1}, false);
    write("many/.hidden", new byte[] {1}, false);
    assertNumbered(read(settings(directory.resolve("many"), format)), format, 100);
    assertNumbered(read(settings(directory.resolve("many/[ab]*"), format)), format, 70);
  }

  @Test
  void aLargePlainFileIsReadByManyTasks() throws IOException {
    int rows = 500_000;
    Path file = write("large.fvecs", fvecs(0, rows), false);
    InputSettings settings = settings(file, InputFormat.FVECS);
    InputTable table = InputTable.open(SPARK, settings);
    assertThat(table.rows().toJavaRDD().getNumPartitions()).isGreaterThan(4);
    assertThat(table.rows().where("vector[0] != id or vector[1] != id + 0.5").count()).isZero();
    assertThat(table.rows().select("id").distinct().count()).isEqualTo(rows);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTornVectorFileIsNamedWithRowAndByte(boolean gzipped) throws IOException {
    byte[] whole = fvecs(0, 10);
    Path file = write("torn.fvecs", Arrays.copyOf(whole, whole.length - 3), gzipped);
    assertThatThrownBy(() -> read(settings(file, InputFormat.FVECS)))
        .hasStackTraceContaining("UnusableInputException")
        .hasStackTraceContaining(
            "torn.fvecs" + (gzipped ? ".gz" : "") + " ends in the middle of a row")
        .hasStackTraceContaining("(row 9, byte 112)");
  }

  @Test
  void aFileOfAnotherFormatIsNamed() throws IOException {
    Path file = write("a.fvecs", "id,vector\n".getBytes(StandardCharsets.UTF_8), false);
    assertThatThrownBy(() -> InputTable.open(SPARK, settings(file, InputFormat.FVECS)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a.fvecs says that its vectors have 1982620777 values");
    assertThatThrownBy(() -> InputTable.open(SPARK, settings(file, InputFormat.PARQUET)))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageStartingWith(file + " cannot be read as parquet: [FAILED_READ_FILE")
        .hasMessageContaining("Could not read footer");
  }

  @Test
  void emptyVectorFilesHaveNoRows() throws IOException {
    Path file = write("a.fvecs", new byte[0], false);
    assertThat(stage(settings(file, InputFormat.FVECS)).isEmpty()).isTrue();
    Path idx = write("a.idx", idx(0, 0), false);
    assertThat(stage(settings(idx, InputFormat.IDX)).isEmpty()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void jsonLinesAreReadAndBrokenOnesSetAside(boolean gzipped) throws IOException {
    String lines =
        """
        {"id": 7, "vector": [1, 2.5], "ts": 5}
        {"id": 8, "vector": [3, 4
        {"id": 9, "ts": 6}
        {"vector": [5, 6], "ts": 6}
        {"id": 10, "vector": [5, 6]}
        """;
    Path file = write("rows.json", lines.getBytes(StandardCharsets.UTF_8), gzipped);
    InputSettings settings =
        new InputSettings(
            file.toString(),
            InputFormat.JSON,
            "id",
            "vector",
            Optional.empty(),
            List.of(),
            Optional.of("ts"),
            InputSettings.DEFAULT_MAX_ROW_BYTES);
    assertThat(read(settings))
        .containsExactly(
            new Seen("7", List.of(1f, 2.5f), null, 5, 0),
            new Seen(null, null, Reason.UNPARSABLE.name(), 0, 1),
            new Seen("9", null, null, 6, 2),
            new Seen(null, null, Reason.MISSING_ID.name(), 0, 3),
            new Seen("10", null, Reason.UNPARSABLE.name(), 0, 4));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void csvHasVectorsAsText(boolean gzipped) throws IOException {
    String lines =
        """
        id,vector,ts
        a,"[1, 2.5]",2024-01-01 00:00:01
        b,"[1, x]",2024-01-01 00:00:02
        c,,2024-01-01 00:00:03
        d,"[1, 2]",2024-01-01 00:00:04,and more
        ,"[1, 2]",2024-01-01 00:00:05
        """;
    Path file = write("rows.csv", lines.getBytes(StandardCharsets.UTF_8), gzipped);
    InputSettings settings =
        new InputSettings(
            file.toString(),
            InputFormat.CSV,
            "id",
            "vector",
            Optional.empty(),
            List.of(),
            Optional.of("ts"),
            InputSettings.DEFAULT_MAX_ROW_BYTES);
    assertThat(read(settings))
        .containsExactly(
            new Seen("a", List.of(1f, 2.5f), null, 1704067201000L, 0),
            new Seen("b", null, Reason.UNPARSABLE.name(), 0, 1),
            new Seen("c", null, null, 1704067203000L, 2),
            new Seen("d", null, Reason.UNPARSABLE.name(), 0, 3),
            new Seen(null, null, Reason.MISSING_ID.name(), 0, 4));
  }

  @Test
  void rowsOfADirectoryAreNumberedByPathWhateverTheSizeOfTheFiles() throws IOException {
    StringBuilder large = new StringBuilder();
    for (int i = 0; i < 2000; i++) {
      large.append("{\"id\": %d, \"vector\": [%d, 0]}%n".formatted(i + 2, i + 2));
    }
    write(
        "many/a.json",
        "{\"id\": 0, \"vector\": [0, 0]}\n{\"id\": 1, \"vector\": [1, 0]}\n"
            .getBytes(StandardCharsets.UTF_8),
        true);
    write("many/b.json", large.toString().getBytes(StandardCharsets.UTF_8), false);
    write(
        "many/c.json", "{\"id\": 2002, \"vector\": [9, 9]}".getBytes(StandardCharsets.UTF_8), true);
    SPARK.conf().set("spark.sql.files.maxPartitionBytes", 10_000);
    try {
      List<Seen> rows = read(settings(directory.resolve("many"), InputFormat.JSON));
      assertThat(rows).hasSize(2003);
      assertThat(rows).allSatisfy(row -> assertThat(row.id()).isEqualTo("" + row.position()));
    } finally {
      SPARK.conf().unset("spark.sql.files.maxPartitionBytes");
    }
  }

  @Test
  void theDimensionIsThatOfTheFirstRowInInputOrderThatHasAVector() throws IOException {
    write(
        "many/b.json",
        "{\"id\":3,\"vector\":[1,2,3]}".repeat(1).getBytes(StandardCharsets.UTF_8),
        false);
    write(
        "many/a.json",
        "{\"id\":1}\n{\"id\":2,\"vector\":[]}\n{\"id\":4,\"vector\":[1,2]}"
            .getBytes(StandardCharsets.UTF_8),
        false);
    assertThat(stage(settings(directory.resolve("many"), InputFormat.JSON)).dimension())
        .hasValue(2);
  }

  @Test
  void aMissingInputIsNamed() {
    Path missing = directory.resolve("missing");
    assertThatThrownBy(() -> InputTable.open(SPARK, settings(missing, InputFormat.PARQUET)))
        .isInstanceOf(UnusableInputException.class)
        .hasMessage("the input " + missing + " does not exist");
  }

  @Test
  void textFilesWithoutARowAreToldFromFilesWithOtherColumns() throws IOException {
    Path nothing = Files.writeString(directory.resolve("nothing"), "");
    for (InputFormat format : List.of(InputFormat.JSON, InputFormat.CSV)) {
      assertThatThrownBy(() -> InputTable.open(SPARK, settings(nothing, format)))
          .isInstanceOf(UnusableInputException.class)
          .hasMessage("the input " + nothing + " is empty: it has no rows");
    }
    Path array = Files.writeString(directory.resolve("array"), "[\n  {\n\"id\": 1}]\n");
    assertThatThrownBy(() -> InputTable.open(SPARK, settings(array, InputFormat.JSON)))
        .isInstanceOf(UnusableInputException.class)
        .hasMessage(
            "no line of " + array + " can be read as json: each must be an object of its own");
  }

  @Test
  void anEmptyDirectoryIsNamed() throws IOException {
    Path empty = Files.createDirectory(directory.resolve("empty"));
    assertThatThrownBy(() -> InputTable.open(SPARK, settings(empty, InputFormat.CSV)))
        .isInstanceOf(UnusableInputException.class)
        .hasMessage("the input " + empty + " is empty: it holds no files");
  }

  @Test
  void aDirectoryOfOtherFilesIsNamed() throws IOException {
    write("other/empty.parquet", new byte[0], false);
    Path other = directory.resolve("other");
    assertThatThrownBy(() -> InputTable.open(SPARK, settings(other, InputFormat.PARQUET)))
        .isInstanceOf(UnusableInputException.class)
        .hasMessageStartingWith(other + " cannot be read as parquet: ");
  }
}
