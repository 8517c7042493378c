package io.tarn.index.storage;

import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Files on a local disk. A file is written under a hidden temporary name, synced, and hard-linked
 * to its own name: the one operation of a POSIX file system that both is atomic and never
 * overwrites.
 */
public final class LocalStorage implements Storage {
  private static final String PENDING_PREFIX = ".pending-";
  private static final int BUFFER_BYTES = 64 * 1024;

  private final Path root;

  public LocalStorage(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  @Override
  public List<FileStat> list(String directory) throws IOException {
    Path folder = resolve(directory);
    List<FileStat> files = new ArrayList<>();
    if (!Files.isDirectory(folder)) {
      return files;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (!entry.getFileName().toString().startsWith(PENDING_PREFIX)) {
          stat(directory + "/" + entry.getFileName()).ifPresent(files::add);
        }
      }
    }
    files.sort(Comparator.comparing(FileStat::path));
    return files;
  }

  @Override
  public byte[] read(String path, long offsetBytes, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    try (FileChannel channel = FileChannel.open(resolve(path), StandardOpenOption.READ)) {
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, offsetBytes + bytes.position()) < 0) {
          throw new EOFException(
              path + " ends before byte " + (offsetBytes + length) + " in " + root);
        }
      }
    }
    return bytes.array();
  }

  @Override
  public PendingFile create(String path) throws IOException {
    Path target = resolve(path);
    Files.createDirectories(target.getParent());
    return new LocalPendingFile(target, target.resolveSibling(PENDING_PREFIX + UUID.randomUUID()));
  }

  @Override
  public void delete(String path) throws IOException {
    Files.deleteIfExists(resolve(path));
  }

  @Override
  public Optional<FileStat> stat(String path) throws IOException {
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(resolve(path), BasicFileAttributes.class);
      return attributes.isRegularFile()
          ? Optional.of(
              new FileStat(path, attributes.size(), attributes.lastModifiedTime().toMillis()))
          : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  @Override
  public String location() {
    return root.toString();
  }

  private Path resolve(String path) {
    Path resolved = root.resolve(path).normalize();
    if (!resolved.startsWith(root)) {
      throw new IllegalArgumentException("path '" + path + "' leaves the index at " + root);
    }
    return resolved;
  }

  private static final class LocalPendingFile extends PendingFile {
    private final Path target;
    private final Path pending;
    private final FileOutputStream file;
    private final BufferedOutputStream out;

    LocalPendingFile(Path target, Path pending) throws IOException {
      this.target = target;
      this.pending = pending;
      this.file = new FileOutputStream(pending.toFile());
      this.out = new BufferedOutputStream(file, BUFFER_BYTES);
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
      out.flush();
      file.getFD().sync();
      try {
        Files.createLink(target, pending);
      } catch (UnsupportedOperationException e) {
        throw new IOException(
            "the file system of " + target.getParent() + " has no hard links, which commits need",
            e);
      }
      syncDirectory(target.getParent());
    }

    @Override
    public void close() throws IOException {
      try {
        file.close();
      } finally {
        Files.deleteIfExists(pending);
      }
    }

    /** Without this a crash of the machine could forget the new name, though not the bytes. */
    private static void syncDirectory(Path directory) throws IOException {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }
}
