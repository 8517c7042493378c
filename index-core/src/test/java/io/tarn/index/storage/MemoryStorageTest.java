package io.tarn.index.storage;

import java.util.List;

class MemoryStorageTest extends StorageContractTest {
  @Override
  protected Storage open() {
    return new MemoryStorage();
  }

  @Override
  protected Storage openBelow(String path) {
    return ((MemoryStorage) storage).below(path);
  }

  @Override
  protected List<String> filesOnDisk() {
    return ((MemoryStorage) storage).paths();
  }
}
