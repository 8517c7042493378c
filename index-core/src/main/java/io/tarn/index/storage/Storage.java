package io.tarn.index.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * The one port through which an index touches a file system: five operations on whole, immutable
 * files under one root, and one more that a storage may offer. Paths are relative, with '/' between
 * their parts.
 *
 * <p>Implementations are thread-safe. A file, once created, never changes until it is deleted; a
 * created file is seen at once by every reader.
 */
public interface Storage extends Closeable {

  /** The files directly in {@code directory}, by path; empty if there is no such directory. */
  List<FileStat> list(String directory) throws IOException;

  /**
   * Files that were begun in {@code directory} and neither published nor closed: of writers that
   * are at work, or were killed. {@link #list} does not give them; {@link #delete} takes their
   * paths. A storage in which nothing is left of such a file has none.
   */
  default List<FileStat> listPending(String directory) throws IOException {
    return List.of();
  }

  /**
   * Reads exactly {@code length} bytes from {@code offsetBytes} on.
   *
   * @throws java.nio.file.NoSuchFileException if there is no such file
   * @throws java.io.EOFException if the file ends before
   */
  byte[] read(String path, long offsetBytes, int length) throws IOException;

  /**
   * Maps a range of a file into memory: its bytes are read when they are looked at, by the
   * operating system, and take no heap. The mapping ends when the buffer is garbage collected, and
   * outlives the deletion of the file.
   *
   * @return a read-only buffer of exactly {@code length} bytes, or empty if this storage, or the
   *     file system below it, cannot map
   * @throws java.nio.file.NoSuchFileException if there is no such file
   * @throws java.io.EOFException if the file ends before
   */
  default Optional<ByteBuffer> map(String path, long offsetBytes, int length) throws IOException {
    return Optional.empty();
  }

  /**
   * Begins a file that comes into being, whole and durable, when it is published.
   *
   * <p>The file is invisible until then and leaves nothing behind if it is closed unpublished.
   */
  PendingFile create(String path) throws IOException;

  /** Deletes a file; one that does not exist is no error. */
  void delete(String path) throws IOException;

  /** What is known of a file, or empty if there is none. */
  Optional<FileStat> stat(String path) throws IOException;

  /** The root as a person would write it, for messages. */
  String location();

  @Override
  default void close() throws IOException {}
}
