package io.tarn.index.storage;

import java.io.IOException;
import java.io.OutputStream;

/** A file being written; it exists only once it is published. */
public abstract class PendingFile extends OutputStream {

  /**
   * Makes the file durable and visible, atomically, unless a file of its name exists. To be called
   * at most once, after the last write.
   *
   * @throws java.nio.file.FileAlreadyExistsException if another file of this name exists; nothing
   *     was changed
   * @throws OutcomeUnknownException if the file may or may not have come into being
   */
  public abstract void publish() throws IOException;

  /** Ends the writing; whatever was not published is discarded. */
  @Override
  public abstract void close() throws IOException;
}
