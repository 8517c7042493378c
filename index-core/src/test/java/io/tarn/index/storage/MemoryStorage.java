package io.tarn.index.storage;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Files in memory, for tests that make thousands of indexes. Obeys the storage contract like every
 * other implementation.
 */
public final class MemoryStorage implements Storage {
  private record MemoryFile(byte[] bytes, long modifiedMs) {}

  private final ConcurrentNavigableMap<String, MemoryFile> files;
  private final String root;

  public MemoryStorage() {
    this(new ConcurrentSkipListMap<>(), "/memory");
  }

  private MemoryStorage(ConcurrentNavigableMap<String, MemoryFile> files, String root) {
    this.files = files;
    this.root = root;
  }

  /** A storage on the same files with another root. */
  public MemoryStorage below(String path) {
    return new MemoryStorage(files, root + "/" + path);
  }

  /** An independent copy of all files. */
  public MemoryStorage copy() {
    return new MemoryStorage(new ConcurrentSkipListMap<>(files), root);
  }

  /** Puts other bytes into a file, which a {@link Storage} never does by itself. */
  public void overwrite(String path, byte[] bytes) {
    files.put(resolve(path), new MemoryFile(bytes, System.currentTimeMillis()));
  }

  /** Makes a file look as if it was created at another time. */
  public void date(String path, long modifiedMs) {
    files.computeIfPresent(resolve(path), (p, file) -> new MemoryFile(file.bytes, modifiedMs));
  }

  /** The paths of all files. */
  public List<String> paths() {
    return files.keySet().stream().map(path -> path.substring(root.length() + 1)).toList();
  }

  @Override
  public List<FileStat> list(String directory) throws IOException {
    String prefix = resolve(directory) + "/";
    List<FileStat> found = new ArrayList<>();
    files.tailMap(prefix).entrySet().stream()
        .takeWhile(entry -> entry.getKey().startsWith(prefix))
        .filter(entry -> entry.getKey().indexOf('/', prefix.length()) < 0)
        .forEach(
            entry -> {
              String name = entry.getKey().substring(prefix.length());
              found.add(toStat(directory + "/" + name, entry.getValue()));
            });
    return found;
  }

  @Override
  public byte[] read(String path, long offsetBytes, int length) throws IOException {
    MemoryFile file = files.get(resolve(path));
    if (file == null) {
      throw new NoSuchFileException(path, null, "no such file in " + root);
    }
    if (offsetBytes + length > file.bytes.length) {
      throw new EOFException(path + " ends before byte " + (offsetBytes + length));
    }
    return Arrays.copyOfRange(file.bytes, (int) offsetBytes, (int) offsetBytes + length);
  }

  @Override
  public PendingFile create(String path) throws IOException {
    return new MemoryPendingFile(path);
  }

  @Override
  public void delete(String path) throws IOException {
    files.remove(resolve(path));
  }

  @Override
  public Optional<FileStat> stat(String path) throws IOException {
    String resolved = resolve(path);
    checkRoot();
    return Optional.ofNullable(files.get(resolved)).map(file -> toStat(path, file));
  }

  @Override
  public String location() {
    return root;
  }

  private String resolve(String path) {
    return root + "/" + RelativePath.check(path);
  }

  private void checkRoot() throws IOException {
    if (files.containsKey(root)) {
      throw new FileSystemException(root, null, "this is a file, and an index is a directory");
    }
  }

  private static FileStat toStat(String path, MemoryFile file) {
    return new FileStat(path, file.bytes.length, file.modifiedMs);
  }

  private final class MemoryPendingFile extends PendingFile {
    private final String path;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    MemoryPendingFile(String path) throws IOException {
      this.path = resolve(path);
      checkRoot();
    }

    @Override
    public void write(int b) {
      out.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      out.write(bytes, offset, length);
    }

    @Override
    public void publish() throws IOException {
      MemoryFile file = new MemoryFile(out.toByteArray(), System.currentTimeMillis());
      if (files.putIfAbsent(path, file) != null) {
        throw new FileAlreadyExistsException(path, null, "it exists already");
      }
    }

    @Override
    public void close() {}
  }
}
