package io.tarn.index.vectorfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VectorFileReaderTest {
  private static byte[] fvecs() {
    ByteBuffer bytes = ByteBuffer.allocate(2 * 12).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(2).putFloat(1.5f).putFloat(-2).putInt(2).putFloat(0).putFloat(1e30f);
    return bytes.array();
  }

  private static VectorFileReader open(VectorFileFormat format, byte[] bytes) throws IOException {
    return VectorFileReader.open("test.file", format, new ByteArrayInputStream(bytes));
  }

  @Test
  void fvecsArePlainOrGzipped() throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
      gzip.write(fvecs());
    }
    for (byte[] file : new byte[][] {fvecs(), zipped.toByteArray()}) {
      try (VectorFileReader reader = open(VectorFileFormat.FVECS, file)) {
        assertThat(reader.next()).containsExactly(1.5f, -2);
        assertThat(reader.next()).containsExactly(0, 1e30f);
        assertThat(reader.next()).isNull();
        assertThat(reader.rowsRead()).isEqualTo(2);
      }
    }
  }

  @Test
  void bvecsAreUnsigned() throws IOException {
    try (VectorFileReader reader = open(VectorFileFormat.BVECS, new byte[] {2, 0, 0, 0, 1, -1})) {
      assertThat(reader.next()).containsExactly(1, 255);
    }
  }

  @Test
  void ivecsAreInts() throws IOException {
    byte[] file =
        ByteBuffer.allocate(12)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(2)
            .putInt(7)
            .putInt(-1)
            .array();
    try (VectorFileReader reader = open(VectorFileFormat.IVECS, file)) {
      assertThat(reader.nextInts()).containsExactly(7, -1);
      assertThat(reader.nextInts()).isNull();
    }
  }

  @Test
  void idxImagesAreFlattened() throws IOException {
    ByteBuffer file = ByteBuffer.allocate(4 + 12 + 8);
    file.put(new byte[] {0, 0, 8, 3}).putInt(2).putInt(2).putInt(2);
    file.put(new byte[] {1, 2, 3, 4, 5, 6, 7, -1});
    try (VectorFileReader reader = open(VectorFileFormat.IDX, file.array())) {
      assertThat(reader.next()).containsExactly(1, 2, 3, 4);
      assertThat(reader.next()).containsExactly(5, 6, 7, 255);
      assertThat(reader.next()).isNull();
    }
  }

  @Test
  void everyTruncationIsNamed() throws IOException {
    byte[] file = fvecs();
    for (int length = 1; length < file.length; length++) {
      if (length == 12) {
        continue; // A whole row: a shorter file, and a sound one.
      }
      byte[] truncated = Arrays.copyOf(file, length);
      assertThatThrownBy(
              () -> {
                try (VectorFileReader reader = open(VectorFileFormat.FVECS, truncated)) {
                  while (reader.next() != null) {}
                }
              })
          .isInstanceOf(IOException.class)
          .hasMessageContaining("test.file ends in the middle of")
          .hasMessageMatching(".*\\(row \\d, byte \\d+\\)");
    }
  }

  @Test
  void aFileOfAnotherKindIsRefused() {
    assertThatThrownBy(() -> open(VectorFileFormat.IDX, fvecs()))
        .hasMessageContaining("does not begin as an IDX file does");
    byte[] text = "id,vector\n1,2\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    assertThatThrownBy(() -> open(VectorFileFormat.FVECS, text).next())
        .hasMessageContaining("is it really FVECS?");
  }

  @ParameterizedTest
  @CsvSource({
    "base.fvecs,FVECS",
    "base.bvecs.gz,BVECS",
    "truth.ivecs,IVECS",
    "t10k-images-idx3-ubyte.gz,IDX",
    "x.IDX,IDX"
  })
  void namesTellTheFormat(String name, VectorFileFormat format) {
    assertThat(VectorFileFormat.ofFileName(name)).contains(format);
    assertThat(VectorFileFormat.ofFileName("x.parquet")).isEmpty();
  }

  @Test
  void plainFilesAreReadFromAnyRowOn() throws IOException {
    byte[] idx = {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6};
    byte[] bvecs = {2, 0, 0, 0, 1, 2, 2, 0, 0, 0, 3, 4, 2, 0, 0, 0, 5, 6};
    assertReadsFromAnyRowOn(VectorFileFormat.IDX, idx);
    assertReadsFromAnyRowOn(VectorFileFormat.BVECS, bvecs);
  }

  private static void assertReadsFromAnyRowOn(VectorFileFormat format, byte[] file)
      throws IOException {
    RowLayout layout = open(format, file).layout().orElseThrow();
    assertThat(layout.rowsIn(file.length)).isEqualTo(3);
    for (int row = 0; row < 3; row++) {
      int from = (int) layout.offsetBytes(row);
      VectorFileReader reader =
          VectorFileReader.resume(
              "test.file", layout, row, new ByteArrayInputStream(file, from, file.length - from));
      for (int r = row; r < 3; r++) {
        assertThat(reader.rowsRead()).isEqualTo(r);
        assertThat(reader.next()).containsExactly(2 * r + 1, 2 * r + 2);
      }
      assertThat(reader.next()).isNull();
    }
  }

  @Test
  void aResumedReaderNamesRowAndByteOfTheWholeFile() throws IOException {
    byte[] torn = {1, 0, 0, 0, 7, 1, 0, 0, 0, 8, 1, 0, 0, 0};
    RowLayout layout = open(VectorFileFormat.BVECS, torn).layout().orElseThrow();
    VectorFileReader reader =
        VectorFileReader.resume(
            "test.file", layout, 1, new ByteArrayInputStream(torn, 5, torn.length - 5));
    assertThat(reader.next()).containsExactly(8);
    assertThatThrownBy(reader::next)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("test.file ends in the middle of a row")
        .hasMessageContaining("(row 2, byte 14)");
    assertThat(layout.rowsIn(torn.length)).isEqualTo(3);
  }

  @Test
  void anEmptyFileHasNoRows() throws IOException {
    VectorFileReader reader = open(VectorFileFormat.FVECS, new byte[0]);
    assertThat(reader.layout()).isEmpty();
    assertThat(reader.next()).isNull();
  }
}
