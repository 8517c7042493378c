package io.tarn.flink;

import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.io.Serializable;

/** Opens the index's files on whatever machine a part of the job runs; the caller closes them. */
@FunctionalInterface
public interface StorageOpener extends Serializable {
  Storage open() throws IOException;
}
