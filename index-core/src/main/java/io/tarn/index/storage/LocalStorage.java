package io.tarn.index.storage;

import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Files on a local disk. A file is written under a hidden temporary name, synced, and hard-linked
 * to its own name: the one operation of a POSIX file system that both is atomic and never
 * overwrites.
 *
 * <p>Directories come into being with the first file created in them, never by reading.
 */
public final class LocalStorage implements Storage {
  private static final String HIDDEN_PREFIX = ".";
  private static final String PENDING_PREFIX = HIDDEN_PREFIX + "pending-";
  private static final int BUFFER_BYTES = 64 * 1024;

  private final Path root;

  public LocalStorage(Path root) {
    this.root = root.toAbsolutePath().normalize();
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
    List<FileStat> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(resolve(directory))) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (wanted.test(name)) {
          stat(directory + "/" + name).ifPresent(files::add);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      checkRoot();
      return List.of();
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    } catch (AccessDeniedException e) {
      throw accessDenied(e, "read");
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
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(path, null, "no such file in " + root);
    } catch (AccessDeniedException e) {
      throw accessDenied(e, "read");
    }
    return bytes.array();
  }

  @Override
  public Optional<ByteBuffer> map(String path, long offsetBytes, int length) throws IOException {
    try (FileChannel channel = FileChannel.open(resolve(path), StandardOpenOption.READ)) {
      // Checked first: beyond the end of a file, a mapping faults instead of throwing.
      if (offsetBytes + length > channel.size()) {
        throw new EOFException(
            path + " ends before byte " + (offsetBytes + length) + " in " + root);
      }
      return Optional.of(channel.map(FileChannel.MapMode.READ_ONLY, offsetBytes, length));
    } catch (NoSuchFileException e) {
      throw new NoSuchFileException(path, null, "no such file in " + root);
    } catch (AccessDeniedException e) {
      throw accessDenied(e, "read");
    }
  }

  @Override
  public PendingFile create(String path) throws IOException {
    Path target = resolve(path);
    try {
      createDirectories(target.getParent());
      return new LocalPendingFile(
          target, target.resolveSibling(PENDING_PREFIX + UUID.randomUUID()));
    } catch (AccessDeniedException e) {
      throw accessDenied(e, "written");
    }
  }

  @Override
  public void delete(String path) throws IOException {
    try {
      Files.deleteIfExists(resolve(path));
    } catch (AccessDeniedException e) {
      throw accessDenied(e, "written");
    }
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
      // Newer JDKs say the same of a file below a file, older ones throw what is caught below.
      checkRoot();
      return Optional.empty();
    } catch (AccessDeniedException e) {
      throw accessDenied(e, "read");
    } catch (FileSystemException e) {
      checkRoot();
      throw e;
    }
  }

  @Override
  public String location() {
    return root.toString();
  }

  private Path resolve(String path) {
    return root.resolve(RelativePath.check(path));
  }

  private void checkRoot() throws FileSystemException {
    if (Files.exists(root) && !Files.isDirectory(root)) {
      throw new FileSystemException(
          root.toString(), null, "this is a file, and an index is a directory: check the path");
    }
  }

  /** The JDK's own exception has the path for its whole message. */
  private AccessDeniedException accessDenied(AccessDeniedException e, String verb) {
    AccessDeniedException named =
        new AccessDeniedException(
            e.getFile(), null, "permission denied: it cannot be " + verb + " by this user");
    named.initCause(e);
    return named;
  }

  /** Creates a directory and what is missing above it, each as durable as the files in it. */
  private void createDirectories(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    if (directory.getParent() != null) {
      createDirectories(directory.getParent());
    }
    try {
      Files.createDirectory(directory);
      syncDirectory(directory.getParent());
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory)) {
        checkRoot();
        throw new NotDirectoryException(directory.toString());
      }
    }
  }

  /** Without this a crash of the machine could forget a new name, though not the bytes. */
  private static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
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
      link();
      try {
        syncDirectory(target.getParent());
      } catch (IOException e) {
        throw new OutcomeUnknownException(
            target + " was created, but whether it would outlast a crash is unknown", e);
      }
    }

    private void link() throws IOException {
      try {
        Files.createLink(target, pending);
      } catch (FileAlreadyExistsException e) {
        throw e;
      } catch (UnsupportedOperationException | IOException e) {
        if (!isLinked(e)) {
          throw new IOException(
              "cannot create " + target + " as a hard link, which commits need: " + e.getMessage(),
              e);
        }
      }
    }

    /** Settles a failed link: a network file system may have lost the answer only. */
    private boolean isLinked(Exception failure) throws OutcomeUnknownException {
      try {
        return Files.isSameFile(target, pending);
      } catch (NoSuchFileException e) {
        return false;
      } catch (IOException e) {
        failure.addSuppressed(e);
        throw new OutcomeUnknownException("whether " + target + " was created is unknown", failure);
      }
    }

    @Override
    public void close() throws IOException {
      try {
        file.close();
      } finally {
        Files.deleteIfExists(pending);
      }
    }
  }
}
