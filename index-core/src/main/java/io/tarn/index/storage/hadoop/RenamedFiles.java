package io.tarn.index.storage.hadoop;

import io.tarn.index.storage.PendingFile;
import java.io.IOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Files of a file system that gives a finished file its name, whole, unless the name is taken.
 *
 * @param publication how it does that
 */
record RenamedFiles(FileSystem files, RenamedFile.Publication publication)
    implements HadoopStorage.Changes {

  @Override
  public PendingFile create(Path target) throws IOException {
    return new RenamedFile(files, publication, target);
  }

  @Override
  public void delete(Path path) throws IOException {
    files.delete(path, false);
  }
}
