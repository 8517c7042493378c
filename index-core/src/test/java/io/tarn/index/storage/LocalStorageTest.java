package io.tarn.index.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStorageTest extends StorageContractTest {
  @TempDir Path directory;

  @Override
  protected Storage open() {
    return new LocalStorage(root());
  }

  @Override
  protected Storage openBelow(String path) {
    return new LocalStorage(root().resolve(path));
  }

  @Override
  protected List<String> filesOnDisk() throws Exception {
    return FilesBelow.list(root());
  }

  private Path root() {
    return directory.resolve("some/index");
  }

  @Test
  void readingCreatesNoDirectory() throws Exception {
    storage.stat("versions/1");
    storage.list("versions");
    storage.delete("versions/1");

    assertThat(directory).isEmptyDirectory();
  }

  /** Nobody, not even root, can create files in /proc. */
  @Test
  void aDirectoryThatCannotBeWrittenIsAnErrorThatNamesIt() {
    Storage storage = new LocalStorage(Path.of("/proc/index"));

    assertThatThrownBy(() -> storage.create("versions/1"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("/proc/index");
  }

  @Test
  void aRelativeRootIsTakenFromTheWorkingDirectory() {
    Storage storage = new LocalStorage(Path.of("some/./index"));

    assertThat(storage.location()).isEqualTo(Path.of("some/index").toAbsolutePath().toString());
  }

  @Test
  void localFilesCanBeMapped() throws Exception {
    write("segments/a", bytes("hello"));

    assertThat(storage.map("segments/a", 0, 5)).isPresent();
  }
}
