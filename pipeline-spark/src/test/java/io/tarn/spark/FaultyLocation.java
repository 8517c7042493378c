package io.tarn.spark;

import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.spark.TaskContext;

/**
 * An index whose storage fails the first attempt of every task at a given moment. The driver meets
 * no fault.
 */
final class FaultyLocation extends IndexLocation {
  /** When something may go wrong with a file. */
  enum Moment {
    CREATE,
    WRITE,
    BEFORE_PUBLISH,
    AFTER_PUBLISH,
    CLOSE
  }

  /** What goes wrong. */
  interface Hook {
    void at(Moment moment) throws IOException;
  }

  private final Moment faultyMoment;

  FaultyLocation(String location, Moment faultyMoment) {
    super(LocalSpark.session().sparkContext(), location);
    this.faultyMoment = faultyMoment;
  }

  @Override
  public Storage open() throws IOException {
    return new HookedStorage(super.open(), this::fail);
  }

  private void fail(Moment moment) throws IOException {
    TaskContext task = TaskContext.get();
    if (moment == faultyMoment && task != null && task.attemptNumber() == 0) {
      throw new IOException("injected at " + moment);
    }
  }

  /** A storage that lets a hook know before, or after, what it does with a new file. */
  record HookedStorage(Storage storage, Hook hook) implements Storage {
    @Override
    public List<FileStat> list(String path) throws IOException {
      return storage.list(path);
    }

    @Override
    public List<FileStat> listPending(String path) throws IOException {
      return storage.listPending(path);
    }

    @Override
    public byte[] read(String path, long offsetBytes, int length) throws IOException {
      return storage.read(path, offsetBytes, length);
    }

    @Override
    public PendingFile create(String path) throws IOException {
      hook.at(Moment.CREATE);
      return new HookedFile(storage.create(path), hook);
    }

    @Override
    public void delete(String path) throws IOException {
      storage.delete(path);
    }

    @Override
    public Optional<FileStat> stat(String path) throws IOException {
      return storage.stat(path);
    }

    @Override
    public String location() {
      return storage.location();
    }
  }

  private static final class HookedFile extends PendingFile {
    private final PendingFile file;
    private final Hook hook;

    HookedFile(PendingFile file, Hook hook) {
      this.file = file;
      this.hook = hook;
    }

    @Override
    public void write(int b) throws IOException {
      hook.at(Moment.WRITE);
      file.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      file.write(bytes, offset, length / 2);
      hook.at(Moment.WRITE);
      file.write(bytes, offset + length / 2, length - length / 2);
    }

    @Override
    public void publish() throws IOException {
      hook.at(Moment.BEFORE_PUBLISH);
      file.publish();
      hook.at(Moment.AFTER_PUBLISH);
    }

    @Override
    public void close() throws IOException {
      file.close();
      hook.at(Moment.CLOSE);
    }
  }
}
