package io.tarn.index.storage.hadoop;

import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.RelativePath;
import io.tarn.index.storage.Storage;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.util.functional.FutureIO;

/** Files of a Hadoop {@link FileSystem}. How they come and go, the kind of file system decides. */
final class HadoopStorage implements Storage {
  /** Of files that are no part of an index: those being written. */
  static final String HIDDEN_PREFIX = ".";

  private static final String READ_RANGES =
      Options.OpenFileOptions.FS_OPTION_OPENFILE_READ_POLICY_RANDOM;

  /** How files come and go. */
  interface Changes {
    /** Begins a file that comes into being whole, and only if there is none of its name. */
    PendingFile create(Path target) throws IOException;

    /** Deletes a file; one that does not exist is no error. */
    void delete(Path path) throws IOException;
  }

  private final FileSystem files;
  private final Path root;
  private final Changes changes;

  private HadoopStorage(FileSystem files, Path root, Changes changes) {
    this.files = files;
    this.root = root;
    this.changes = changes;
  }

  /**
   * Opens a directory, which need not exist.
   *
   * @param files closed with the storage, and at once if this fails
   */
  static HadoopStorage open(FileSystem files, Path root, Changes changes) throws IOException {
    Path qualified = files.makeQualified(root);
    try {
      checkIsNoFile(files, qualified);
    } catch (IOException e) {
      files.close();
      throw e;
    }
    return new HadoopStorage(files, qualified, changes);
  }

  /** Once, when opening: asked for a file below a file, Hadoop only says that there is none. */
  private static void checkIsNoFile(FileSystem files, Path root) throws IOException {
    boolean isFile;
    try {
      isFile = files.getFileStatus(root).isFile();
    } catch (FileNotFoundException e) {
      isFile = false;
    }
    if (isFile) {
      throw new FileSystemException(
          root.toString(), null, "this is a file, and an index is a directory: check the path");
    }
  }

  @Override
  public List<FileStat> list(String directory) throws IOException {
    return list(directory, name -> !name.startsWith(HIDDEN_PREFIX));
  }

  @Override
  public List<FileStat> listPending(String directory) throws IOException {
    return list(directory, name -> name.startsWith(RenamedFile.PENDING_PREFIX));
  }

  private List<FileStat> list(String directory, Predicate<String> wanted) throws IOException {
    Path folder = resolve(directory);
    List<FileStat> found = new ArrayList<>();
    try {
      RemoteIterator<FileStatus> entries = files.listStatusIterator(folder);
      while (entries.hasNext()) {
        FileStatus entry = entries.next();
        String name = entry.getPath().getName();
        boolean isChild = folder.equals(entry.getPath().getParent());
        if (entry.isFile() && isChild && wanted.test(name)) {
          found.add(toStat(directory + "/" + name, entry));
        }
      }
    } catch (FileNotFoundException e) {
      return List.of();
    }
    found.sort(Comparator.comparing(FileStat::path));
    return found;
  }

  @Override
  public byte[] read(String path, long offsetBytes, int length) throws IOException {
    byte[] bytes = new byte[length];
    try (FSDataInputStream in = openTo(resolve(path), offsetBytes + length)) {
      in.readFully(offsetBytes, bytes);
      return bytes;
    } catch (FileNotFoundException e) {
      throw withCause(new NoSuchFileException(path, null, "no such file in " + root), e);
    } catch (EOFException e) {
      throw withCause(
          new EOFException(path + " ends before byte " + (offsetBytes + length) + " in " + root),
          e);
    }
  }

  /**
   * Opens a file of which nothing beyond {@code endBytes} will be asked for. A store that is told a
   * length does not ask for it: a range is then one request. Should the file be shorter, reading
   * fails as it should.
   */
  private FSDataInputStream openTo(Path path, long endBytes) throws IOException {
    return FutureIO.awaitFuture(
        files
            .openFile(path)
            .opt(Options.OpenFileOptions.FS_OPTION_OPENFILE_READ_POLICY, READ_RANGES)
            .optLong(Options.OpenFileOptions.FS_OPTION_OPENFILE_LENGTH, endBytes)
            .build());
  }

  @Override
  public PendingFile create(String path) throws IOException {
    return changes.create(resolve(path));
  }

  @Override
  public void delete(String path) throws IOException {
    changes.delete(resolve(path));
  }

  @Override
  public Optional<FileStat> stat(String path) throws IOException {
    try {
      FileStatus status = files.getFileStatus(resolve(path));
      return status.isFile() ? Optional.of(toStat(path, status)) : Optional.empty();
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  @Override
  public String location() {
    return root.toString();
  }

  @Override
  public void close() throws IOException {
    files.close();
  }

  private Path resolve(String path) {
    return new Path(root, RelativePath.check(path));
  }

  private static FileStat toStat(String path, FileStatus status) {
    return new FileStat(path, status.getLen(), status.getModificationTime());
  }

  private static <E extends IOException> E withCause(E exception, IOException cause) {
    exception.initCause(cause);
    return exception;
  }
}
