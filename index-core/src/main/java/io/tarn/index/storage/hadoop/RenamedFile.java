package io.tarn.index.storage.hadoop;

import io.tarn.index.storage.OutcomeUnknownException;
import io.tarn.index.storage.PendingFile;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.EnumSet;
import java.util.UUID;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * A file written under a hidden temporary name, synced to the disks, closed, and given its own name
 * by a {@link Publication}.
 */
final class RenamedFile extends PendingFile {
  static final String PENDING_PREFIX = HadoopStorage.HIDDEN_PREFIX + "pending-";
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
  private final Publication publication;
  private final Path target;
  private final Path pending;
  private final FSDataOutputStream out;
  private boolean published;

  RenamedFile(FileSystem files, Publication publication, Path target) throws IOException {
    this.files = files;
    this.publication = publication;
    this.target = target;
    this.pending = new Path(target.getParent(), PENDING_PREFIX + UUID.randomUUID());
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
      FileAlreadyExistsException exists =
          new FileAlreadyExistsException(target.toString(), null, "it exists already");
      exists.initCause(e);
      throw exists;
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
