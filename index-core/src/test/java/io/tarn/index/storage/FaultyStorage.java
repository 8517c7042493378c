package io.tarn.index.storage;

import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A storage that fails on command, between any two operations.
 *
 * <p>The fault model. Every call of {@code list}, {@code read}, {@code create}, {@code delete},
 * {@code stat} and {@code publish} is one operation; they are numbered from 1. One operation has
 * one {@link Fault}:
 *
 * <ul>
 *   <li>the process crashes before or after it: a {@link Crash} is thrown, which is an {@link
 *       Error} so that no code under test survives it, and so does every later operation until
 *       {@link #restart};
 *   <li>it fails once, without effect;
 *   <li>its answer is lost: a {@code publish} has an unknown outcome, having happened or not; any
 *       other operation fails after its effect or before it;
 *   <li>a {@code read} returns bytes with one bit flipped, or finds the file cut short. Other
 *       operations are not affected.
 * </ul>
 *
 * <p>What is not modelled: a {@code publish} that is not atomic, or not seen by the next {@code
 * stat}. The {@link Storage} contract excludes both, and its own test holds implementations to it.
 */
public final class FaultyStorage implements Storage {
  /** What goes wrong. */
  public enum Fault {
    CRASH_BEFORE,
    CRASH_AFTER,
    FAIL_ONCE,
    LOSE_ANSWER_AFTER,
    LOSE_ANSWER_BEFORE,
    FLIP_BIT_IN_READ,
    CUT_READ_SHORT
  }

  /** The end of the process, as far as the code under test is concerned. */
  public static final class Crash extends Error {
    Crash(String operation) {
      super("crash at operation " + operation);
    }
  }

  /** Something else that happens at a certain moment. */
  @FunctionalInterface
  public interface Interlude {
    void run() throws IOException;
  }

  private final Storage storage;
  private final Map<String, Interlude> beforePublishing = new HashMap<>();
  private final List<String> operations = new ArrayList<>();
  private int faultyOperation;
  private Fault fault;
  private boolean down;

  public FaultyStorage(Storage storage) {
    this.storage = storage;
  }

  /** Makes the {@code operation}-th operation from the beginning go wrong, and no other. */
  public FaultyStorage failAt(int operation, Fault how) {
    faultyOperation = operation;
    fault = how;
    return this;
  }

  /** Runs something just before {@code path} is first published: another writer, say. */
  public FaultyStorage beforePublishing(String path, Interlude interlude) {
    beforePublishing.put(path, interlude);
    return this;
  }

  /** Ends the consequences of a crash. */
  public synchronized void restart() {
    down = false;
  }

  /** The operations so far, for counting and for messages. */
  public synchronized List<String> operations() {
    return List.copyOf(operations);
  }

  private interface Operation<T> {
    T run() throws IOException;
  }

  /** Operations of several threads, as of segments being loaded, come one after the other. */
  private synchronized <T> T perform(String name, Operation<T> operation) throws IOException {
    if (down) {
      throw new Crash(name + ", after a crash");
    }
    operations.add(name);
    if (operations.size() != faultyOperation) {
      return operation.run();
    }
    String where = operations.size() + ", " + name;
    switch (fault) {
      case CRASH_BEFORE -> {
        down = true;
        throw new Crash("before " + where);
      }
      case CRASH_AFTER -> {
        operation.run();
        down = true;
        throw new Crash("after " + where);
      }
      case FAIL_ONCE -> throw new IOException("fault at operation " + where);
      case LOSE_ANSWER_AFTER -> {
        operation.run();
        throw answerLost(name, where);
      }
      case LOSE_ANSWER_BEFORE -> throw answerLost(name, where);
      case FLIP_BIT_IN_READ, CUT_READ_SHORT -> {
        return damaged(name, operation.run());
      }
    }
    throw new AssertionError(fault);
  }

  private static IOException answerLost(String name, String where) {
    IOException lost = new IOException("no answer to operation " + where);
    return name.startsWith("publish ")
        ? new OutcomeUnknownException("no answer to operation " + where, lost)
        : lost;
  }

  private <T> T damaged(String name, T answer) throws IOException {
    if (!(answer instanceof byte[] bytes) || bytes.length == 0) {
      return answer;
    }
    if (fault == Fault.CUT_READ_SHORT) {
      throw new EOFException(name + " finds the end of the file too early");
    }
    byte[] flipped = Arrays.copyOf(bytes, bytes.length);
    flipped[faultyOperation * 31 % bytes.length] ^= (byte) (1 << faultyOperation % 8);
    @SuppressWarnings("unchecked")
    T damaged = (T) flipped;
    return damaged;
  }

  @Override
  public List<FileStat> list(String directory) throws IOException {
    return perform("list " + directory, () -> storage.list(directory));
  }

  @Override
  public List<FileStat> listPending(String directory) throws IOException {
    return perform("list pending " + directory, () -> storage.listPending(directory));
  }

  @Override
  public byte[] read(String path, long offsetBytes, int length) throws IOException {
    return perform("read " + path, () -> storage.read(path, offsetBytes, length));
  }

  @Override
  public PendingFile create(String path) throws IOException {
    PendingFile file = perform("create " + path, () -> storage.create(path));
    return new FaultyPendingFile(path, file);
  }

  @Override
  public void delete(String path) throws IOException {
    perform(
        "delete " + path,
        () -> {
          storage.delete(path);
          return null;
        });
  }

  @Override
  public Optional<FileStat> stat(String path) throws IOException {
    return perform("stat " + path, () -> storage.stat(path));
  }

  @Override
  public String location() {
    return storage.location();
  }

  private final class FaultyPendingFile extends PendingFile {
    private final String path;
    private final PendingFile file;

    FaultyPendingFile(String path, PendingFile file) {
      this.path = path;
      this.file = file;
    }

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
      Interlude interlude = beforePublishing.remove(path);
      if (interlude != null) {
        interlude.run();
      }
      perform(
          "publish " + path,
          () -> {
            file.publish();
            return null;
          });
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
