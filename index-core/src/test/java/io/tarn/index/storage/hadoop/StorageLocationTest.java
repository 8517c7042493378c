package io.tarn.index.storage.hadoop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StorageLocationTest {

  @ParameterizedTest
  @CsvSource({
    "/data/index, /data/index",
    "file:/data/index, /data/index",
    "file:///data/index, /data/index",
    "file://localhost/data/index, /data/index",
    "file:///data/my%20index, /data/my index",
    "/data/my index, /data/my index",
    "/data/a:b, /data/a:b"
  })
  void pathsAndFileUrisAreLocal(String location, String path) throws IOException {
    try (Storage storage = StorageLocation.open(location)) {
      assertThat(storage).isInstanceOf(LocalStorage.class);
      assertThat(storage.location()).isEqualTo(path);
    }
  }

  @Test
  void whatAPathTurnsIntoAsUriIsItsLocation(@TempDir Path directory) throws IOException {
    Path odd = directory.resolve("a b%20c#d");
    try (Storage storage = StorageLocation.open(odd.toUri().toString())) {
      assertThat(storage.location()).isEqualTo(odd.toString());
    }
  }

  @Test
  void aPlainPathIsLocalWhateverTheDefaultFileSystem() throws IOException {
    Configuration configuration = new Configuration();
    configuration.set("fs.defaultFS", "hdfs://127.0.0.1:1");
    try (Storage storage = StorageLocation.open("/data/index", configuration)) {
      assertThat(storage).isInstanceOf(LocalStorage.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gs://bucket/index", "viewfs://cluster/index", "webhdfs://host/index"})
  void fileSystemsWithoutAKnownSafeCommitAreRefused(String location) {
    assertThatThrownBy(() -> StorageLocation.open(location))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(location)
        .hasMessageContaining("Use hdfs:, s3a:, file: or a plain path");
  }

  @ParameterizedTest
  @ValueSource(strings = {"s3://bucket/index", "s3n://bucket/index"})
  void otherNamesOfS3SayWhichToUse(String location) {
    assertThatThrownBy(() -> StorageLocation.open(location))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(location)
        .hasMessageContaining("write s3a:");
  }

  @Test
  void aMissingS3ClientIsNamed() {
    Configuration configuration = new Configuration();
    configuration.set("fs.s3a.impl", "org.apache.hadoop.fs.s3a.NotThere");

    assertThatThrownBy(() -> StorageLocation.open("s3a://bucket/index", configuration))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("hadoop-aws")
        .hasMessageContaining("NotThere");
  }

  @Test
  void hdfsMappedToAnotherFileSystemIsRefused() {
    Configuration configuration = new Configuration();
    configuration.set("fs.hdfs.impl", "org.apache.hadoop.fs.RawLocalFileSystem");

    assertThatThrownBy(() -> StorageLocation.open("hdfs://127.0.0.1:1/index", configuration))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("RawLocalFileSystem");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "file:relative",
        "file://elsewhere/data",
        "hdfs://host/a b",
        "s3a://bucket",
        "s3a://bucket/",
        "s3a:/index"
      })
  void whatIsNoLocationIsRefused(String location) {
    assertThatThrownBy(() -> StorageLocation.open(location))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
