package io.tarn.index.storage.hadoop;

import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.OutcomeUnknownException;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.RelativePath;
import io.tarn.index.storage.Storage;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Files of a Hadoop {@link FileSystem}. A file is written under a hidden temporary name, synced to
 * the disks, closed, and given its own name by a {@link Publication}.
 */
final class HadoopStorage implements Storage {
  private static final String HIDDEN_PREFIX = ".";
  private static final String PENDING_PREFIX = HIDDEN_PREFIX + "pending-";
  private static final int BUFFER_BYTES = 64 * 1024;

  /** Gives a finished file its name. */
  @FunctionalInterface
  interface Publication {
    /**
     * Makes {@code pending} appear as {@code target}, atomically, unless that exists.
     *
     * @throws org.apache.hadoop.fs.FileAlreadyExistsException if it does
     */
    void publish(Path pending, Path target) throws IOException;
  }

  private final FileSystem files;
  private final Path root;
  private final Publication publication;

  private HadoopStorage(FileSystem files, Path root, Publication publication) {
    this.files = files;
    this.root = root;
    this.publication = publication;
  }

  /**
   * Opens a directory, which need not exist.
   *
   * @param files closed with the storage, and at once if this fails
   */
  static HadoopStorage open(FileSystem files, Path root, Publication publication)
      throws IOException {
    Path qualified = files.makeQualified(root);
    try {
      checkIsNoFile(files, qualified);
    } catch (IOException e) {
      files.close();
      throw e;
    }
    return new HadoopStorage(files, qualified, publication);
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
    return list(directory, name -> name.startsWith(PENDING_PREFIX));
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
    try (FSDataInputStream in = files.open(resolve(path))) {
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

  @Override
  public PendingFile create(String path) throws IOException {
    Path target = resolve(path);
    return new HadoopPendingFile(
        target, new Path(target.getParent(), PENDING_PREFIX + UUID.randomUUID()));
  }

  @Override
  public void delete(String path) throws IOException {
    files.delete(resolve(path), false);
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

  private final class HadoopPendingFile extends PendingFile {
    private final Path target;
    private final Path pending;
    private final FSDataOutputStream out;
    private boolean published;

    HadoopPendingFile(Path target, Path pending) throws IOException {
      this.target = target;
      this.pending = pending;
      // SYNC_BLOCK: hsync alone would reach only the last block of a large file.
      this.out =
          files.create(
              pending,
              FsPermission.getFileDefault(),
              EnumSet.of(CreateFlag.CREATE, CreateFlag.SYNC_BLOCK),
              BUFFER_BYTES,
              files.getDefaultReplication(pending),
              files.getDefaultBlockSize(pending),
              null);
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void publish() throws IOException {
      out.hsync();
      out.close();
      try {
        publication.publish(pending, target);
        published = true;
      } catch (org.apache.hadoop.fs.FileAlreadyExistsException e) {
        throw withCause(
            new FileAlreadyExistsException(target.toString(), null, "it exists already"), e);
      } catch (IOException e) {
        settle(e);
      }
    }

    /**
     * Settles a publication whose answer is missing. Whoever can delete the pending file knows that
     * it has not been renamed, and that a request still on its way will find nothing to rename.
     */
    private void settle(IOException failure) throws IOException {
      boolean unpublished;
      try {
        unpublished = files.delete(pending, false);
      } catch (IOException e) {
        failure.addSuppressed(e);
        unpublished = false;
      }
      if (unpublished) {
        throw failure;
      }
      published = true;
      throw new OutcomeUnknownException("whether " + target + " was created is unknown", failure);
    }

    @Override
    public void close() throws IOException {
      if (published) {
        return;
      }
      try {
        out.close();
      } finally {
        files.delete(pending, false);
      }
    }
  }
}
