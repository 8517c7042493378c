package io.tarn.cli;

import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.io.IOException;
import picocli.CommandLine.Option;

/** Where the index lies. */
final class IndexOption {
  @Option(
      names = "--index",
      required = true,
      paramLabel = "DIR",
      description = "The index: a directory, hdfs://host/path or s3a://bucket/path.")
  private String location;

  String location() {
    return location;
  }

  Storage storage() throws IOException {
    return StorageLocation.open(location);
  }
}
