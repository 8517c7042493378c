package io.tarn.flink;

import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.OutcomeUnknownException;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A local storage on which things go wrong as {@link Faults} say: the creation of a file before it
 * exists, after, or so that the caller cannot know; reading, listing and looking. Deleting always
 * works.
 */
final class FaultyStorage implements Storage {
  enum Fault {
    BEFORE,
    AFTER,
    UNKNOWN_AND_DONE,
    UNKNOWN_AND_NOT_DONE
  }

  /** What goes wrong, asked at each operation. */
  interface Faults {
    /** How the creation of a file goes wrong, or empty if it does not. */
    Optional<Fault> onPublish(String path) throws IOException;

    /** Throws what reading, listing or looking for a file is to end with, if with anything. */
    default void onRead(String path) throws IOException {}
  }

  /**
   * The creation of every so manieth file below a directory goes wrong, up to a number of times.
   * The count is shared by all parts of a job, over its restarts: a copy of this knows its original
   * by the id.
   */
  record Opener(String index, String directory, Fault fault, int every, int times, String id)
      implements StorageOpener, Faults {
    private static final Map<String, AtomicInteger> CREATED = new ConcurrentHashMap<>();

    Opener(TestIndex index, String directory, Fault fault, int every, int times) {
      this(index.dir.toString(), directory, fault, every, times, UUID.randomUUID().toString());
      CREATED.put(id, new AtomicInteger());
    }

    @Override
    public Storage open() {
      return new FaultyStorage(new LocalStorage(Path.of(index)), this);
    }

    /** How often it went wrong. */
    int struck() {
      return Math.min(times, CREATED.get(id).get() / every);
    }

    @Override
    public Optional<Fault> onPublish(String path) {
      if (!path.startsWith(directory)) {
        return Optional.empty();
      }
      int count = CREATED.get(id).incrementAndGet();
      return count % every == 0 && count / every <= times ? Optional.of(fault) : Optional.empty();
    }
  }

  private final Storage storage;
  private final Faults faults;

  FaultyStorage(Storage storage, Faults faults) {
    this.storage = storage;
    this.faults = faults;
  }

  @Override
  public PendingFile create(String path) throws IOException {
    PendingFile file = storage.create(path);
    return new PendingFile() {
      @Override
      public void write(int b) throws IOException {
        file.write(b);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        file.write(bytes, offset, length);
      }

      @Override
      public void publish() throws IOException {
        Optional<Fault> fault = faults.onPublish(path);
        if (fault.isEmpty()) {
          file.publish();
          return;
        }
        switch (fault.get()) {
          case BEFORE -> throw new IOException("injected before " + path);
          case AFTER -> {
            file.publish();
            throw new IOException("injected after " + path);
          }
          case UNKNOWN_AND_DONE -> {
            file.publish();
            throw new OutcomeUnknownException("injected after " + path, null);
          }
          case UNKNOWN_AND_NOT_DONE ->
              throw new OutcomeUnknownException("injected before " + path, null);
        }
      }

      @Override
      public void close() throws IOException {
        file.close();
      }
    };
  }

  @Override
  public List<FileStat> list(String directory) throws IOException {
    faults.onRead(directory);
    return storage.list(directory);
  }

  @Override
  public byte[] read(String path, long offsetBytes, int length) throws IOException {
    faults.onRead(path);
    return storage.read(path, offsetBytes, length);
  }

  @Override
  public void delete(String path) throws IOException {
    storage.delete(path);
  }

  @Override
  public Optional<FileStat> stat(String path) throws IOException {
    faults.onRead(path);
    return storage.stat(path);
  }

  @Override
  public String location() {
    return storage.location();
  }
}
