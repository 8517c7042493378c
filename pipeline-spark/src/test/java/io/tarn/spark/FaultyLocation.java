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
 * An index whose storage fails the first attempt of every task, once, at a given moment. The driver
 * meets no fault.
 */
final class FaultyLocation extends IndexLocation {
  enum Moment {
    CREATE,
    WRITE,
    BEFORE_PUBLISH,
    AFTER_PUBLISH,
    CLOSE
  }

  private final Moment moment;

  FaultyLocation(String location, Moment moment) {
    super(LocalSpark.session().sparkContext(), location);
    this.moment = moment;
  }

  @Override
  public Storage open() throws IOException {
    return new FaultyStorage(super.open(), moment);
  }

  private static void failIf(Moment now, Moment moment) throws IOException {
    TaskContext task = TaskContext.get();
    if (now == moment && task != null && task.attemptNumber() == 0) {
      throw new IOException("injected at " + now);
    }
  }

  private record FaultyStorage(Storage storage, Moment moment) implements Storage {
    @Override
    public List<FileStat> list(String path) throws IOException {
      return storage.list(path);
    }

    @Override
    public byte[] read(String path, long offsetBytes, int length) throws IOException {
      return storage.read(path, offsetBytes, length);
    }

    @Override
    public PendingFile create(String path) throws IOException {
      failIf(Moment.CREATE, moment);
      return new FaultyFile(storage.create(path), moment);
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

  private static final class FaultyFile extends PendingFile {
    private final PendingFile file;
    private final Moment moment;

    FaultyFile(PendingFile file, Moment moment) {
      this.file = file;
      this.moment = moment;
    }

    @Override
    public void write(int b) throws IOException {
      failIf(Moment.WRITE, moment);
      file.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      file.write(bytes, offset, length / 2);
      failIf(Moment.WRITE, moment);
      file.write(bytes, offset + length / 2, length - length / 2);
    }

    @Override
    public void publish() throws IOException {
      failIf(Moment.BEFORE_PUBLISH, moment);
      file.publish();
      failIf(Moment.AFTER_PUBLISH, moment);
    }

    @Override
    public void close() throws IOException {
      file.close();
      failIf(Moment.CLOSE, moment);
    }
  }
}
