package io.tarn.index.storage.hadoop;

import io.tarn.index.storage.FilesBelow;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.StorageContractTest;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.io.TempDir;

/**
 * Hadoop's own local file system renames by looking first and renaming then, which is not atomic,
 * so that publishing is done by a hard link here, as {@link io.tarn.index.storage.LocalStorage}
 * does it.
 */
class HadoopStorageOnLocalFilesTest extends StorageContractTest {
  @TempDir java.nio.file.Path directory;

  @Override
  protected Storage open() throws Exception {
    return openAt(root());
  }

  @Override
  protected Storage openBelow(String path) throws Exception {
    return openAt(root().resolve(path));
  }

  @Override
  protected List<String> filesOnDisk() throws Exception {
    return FilesBelow.list(root());
  }

  private java.nio.file.Path root() {
    return directory.resolve("some/index");
  }

  private static Storage openAt(java.nio.file.Path root) throws IOException {
    FileSystem files = new RawLocalFileSystem();
    files.initialize(java.net.URI.create("file:///"), new Configuration());
    return HadoopStorage.open(
        files,
        new Path(root.toUri()),
        new RenamedFiles(files, HadoopStorageOnLocalFilesTest::link));
  }

  private static void link(Path pending, Path target) throws IOException {
    try {
      Files.createLink(
          java.nio.file.Path.of(target.toUri()), java.nio.file.Path.of(pending.toUri()));
    } catch (java.nio.file.FileAlreadyExistsException e) {
      throw new FileAlreadyExistsException(e.getMessage());
    }
    Files.delete(java.nio.file.Path.of(pending.toUri()));
  }
}
