package io.tarn.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataSourceTest {
  @TempDir Path dir;

  private void bvecs(String name, int dimension, int... values) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length / dimension * (Integer.BYTES + dimension))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      if (i % dimension == 0) {
        bytes.putInt(dimension);
      }
      bytes.put((byte) values[i]);
    }
    try (OutputStream file = Files.newOutputStream(dir.resolve(name));
        OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(file) : file) {
      out.write(bytes.array());
    }
  }

  private void ivecs(String name, int count, int... values) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length / count * (1 + count) * Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      if (i % count == 0) {
        bytes.putInt(count);
      }
      bytes.putInt(values[i]);
    }
    Files.write(dir.resolve(name), bytes.array());
  }

  private DataSet load(int queries) throws IOException {
    return new DataSource.Folder(dir).load(queries);
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> load(10))
        .isInstanceOf(BenchmarkException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aFolderIsReadByTheNamesOfItsFiles() throws IOException {
    bvecs("sift_base.bvecs.gz", 2, 1, 2, 3, 4, 250, 6);
    bvecs("sift_query.bvecs", 2, 7, 8, 9, 10);
    bvecs("sift_learn.bvecs", 2, 0, 0);
    ivecs("sift_groundtruth.ivecs", 2, 0, 1, 2, 1);
    Files.writeString(dir.resolve("README.md"), "base and query");
    DataSet data = load(10);
    assertThat(data.name()).isEqualTo(dir.getFileName().toString());
    assertThat(data.base().values()).containsExactly(1, 2, 3, 4, 250, 6);
    assertThat(data.queries().values()).containsExactly(7, 8, 9, 10);
    assertThat(data.truth()).containsExactly(new int[] {0, 1}, new int[] {2, 1});
    assertThat(load(1).queries().values()).containsExactly(7, 8);
    assertThat(load(1).truth()).containsExactly(new int[] {0, 1});
  }

  @Test
  void imagesOfTheMnistKindAreRead() throws IOException {
    byte[] header = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
    byte[] images = Arrays.copyOf(header, header.length + 4);
    images[images.length - 1] = 5;
    Files.write(dir.resolve("train-images-idx3-ubyte"), images);
    Files.write(dir.resolve("t10k-images-idx3-ubyte"), images);
    Files.write(dir.resolve("train-labels-idx1-ubyte"), new byte[] {0, 0, 8, 1, 0, 0, 0, 0});
    DataSet data = load(10);
    assertThat(data.base().values()).containsExactly(0, 0, 0, 5);
    assertThat(data.queries().count()).isEqualTo(2);
    assertThat(data.truth()).isEmpty();
  }

  @Test
  void whatIsWrongWithAFolderIsSaid() throws IOException {
    assertThatThrownBy(() -> new DataSource.Folder(dir.resolve("no")).load(1))
        .isInstanceOf(NoSuchFileException.class);
    assertRefused("has no file with the vectors to index: none of [] is fvecs, bvecs or idx");
    bvecs("base.bvecs", 2, 1, 2, 3, 4);
    assertRefused("has no file with the queries: none of [base.bvecs] is");
    bvecs("query.bvecs", 1, 1);
    assertRefused("base.bvecs have 2 values, those of");
    bvecs("query.bvecs", 2, 1, 1, 2, 2);
    bvecs("train.bvecs", 2, 1, 2);
    assertRefused("holds the vectors to index: [base.bvecs, train.bvecs]?");
    Files.delete(dir.resolve("train.bvecs"));
    ivecs("truth.ivecs", 1, 0);
    assertRefused("truth.ivecs covers 1 of 2 queries");
    ivecs("truth.ivecs", 1, 0, 2);
    assertRefused("truth.ivecs names row 2 as a neighbour of query 1, and there are 2 rows");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "n=10,d=2                 | n, d and clusters are needed",
        "n=10,d=2,clusters        | 'clusters' is no key=value",
        "n=10,d=2,clusters=1,m=2  | there is no 'm'",
        "n=0,d=2,clusters=1       | '0' is not a whole number between 1 and",
        "n=1e6,d=2,clusters=1     | '1e6' is not a whole number between 1 and",
        "n=99999999,d=99,clusters=1 | n times d must stay below"
      })
  void whatIsWrongWithAMixtureIsSaid(String text, String message) {
    assertThatThrownBy(() -> DataSource.Generated.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .hasMessageEndingWith("write n=ROWS,d=DIMENSION,clusters=COUNT[,seed=NUMBER]");
  }

  @Test
  void aMixtureIsTheSameForTheSameSeedAndGrowsAtItsEnd() throws IOException {
    DataSet small = DataSource.Generated.parse("n=5000,d=8,clusters=10").load(50);
    DataSet large = DataSource.Generated.parse("n=12_000,d=8,clusters=10,seed=1").load(50);
    DataSet other = DataSource.Generated.parse("n=5000,d=8,clusters=10,seed=2").load(50);
    assertThat(small.base().count()).isEqualTo(5000);
    assertThat(large.base().first(5000).values()).containsExactly(small.base().values());
    assertThat(large.queries().values()).containsExactly(small.queries().values());
    assertThat(other.base().values()).isNotEqualTo(small.base().values());
    assertThat(small.queries().values()).isNotEqualTo(small.base().first(50).values());
  }
}
