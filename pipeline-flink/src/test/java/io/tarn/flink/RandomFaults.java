package io.tarn.flink;

import io.tarn.flink.FaultyStorage.Fault;
import io.tarn.flink.FaultyStorage.Faults;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A storage whose operations go wrong once each time somebody asks for it: while files of one
 * directory are created or read, with an error of the storage or, as any operator may throw, with
 * an error of another kind. Shared by all parts of all jobs that got it, over their restarts.
 *
 * @param id by which a copy of this knows its original
 */
record RandomFaults(String index, String id) implements StorageOpener, Faults {
  private static final Map<String, Armed> ARMED = new ConcurrentHashMap<>();

  /** How many operations pass at most before one goes wrong. */
  private static final int MAX_PASSING = 2;

  private enum Operation {
    CREATE,
    READ,
    THROW
  }

  private static final class Strike {
    final Operation operation;
    final String directory;
    final Fault fault;
    int passing;

    Strike(Operation operation, String directory, Fault fault, int passing) {
      this.operation = operation;
      this.directory = directory;
      this.fault = fault;
      this.passing = passing;
    }

    @Override
    public String toString() {
      String what = operation == Operation.CREATE ? fault.toString() : operation.toString();
      return what + " in " + directory;
    }
  }

  private static final class Armed {
    final List<Strike> strikes = new ArrayList<>();
    final List<String> struck = new ArrayList<>();
  }

  RandomFaults(TestIndex index) {
    this(index.dir.toString(), UUID.randomUUID().toString());
    ARMED.put(id, new Armed());
  }

  @Override
  public Storage open() {
    return new FaultyStorage(new LocalStorage(Path.of(index)), this);
  }

  /** Lets one more operation go wrong. */
  void arm(Random random) {
    Operation operation = Operation.values()[random.nextInt(Operation.values().length)];
    String directory = random.nextBoolean() ? "segments/" : "versions/";
    Fault fault = Fault.values()[random.nextInt(Fault.values().length)];
    if (directory.equals("segments/") && fault.name().startsWith("UNKNOWN")) {
      fault = Fault.AFTER;
    }
    Armed armed = ARMED.get(id);
    synchronized (armed) {
      armed.strikes.add(new Strike(operation, directory, fault, random.nextInt(MAX_PASSING + 1)));
    }
  }

  /** From now on all goes well; gives what went wrong since the last call. */
  List<String> disarm() {
    Armed armed = ARMED.get(id);
    synchronized (armed) {
      List<String> struck = List.copyOf(armed.struck);
      armed.strikes.clear();
      armed.struck.clear();
      return struck;
    }
  }

  private Optional<Strike> next(boolean creates, String path) {
    Armed armed = ARMED.get(id);
    synchronized (armed) {
      for (Iterator<Strike> i = armed.strikes.iterator(); i.hasNext(); ) {
        Strike strike = i.next();
        boolean concerned =
            path.startsWith(strike.directory)
                && (strike.operation == Operation.THROW
                    || creates == (strike.operation == Operation.CREATE));
        if (concerned && strike.passing-- == 0) {
          i.remove();
          armed.struck.add(strike.toString());
          return Optional.of(strike);
        }
      }
      return Optional.empty();
    }
  }

  @Override
  public Optional<Fault> onPublish(String path) {
    Optional<Strike> strike = next(true, path);
    strike.ifPresent(s -> throwIfMeant(s, path));
    return strike.map(s -> s.fault);
  }

  @Override
  public void onRead(String path) throws IOException {
    Optional<Strike> strike = next(false, path);
    if (strike.isPresent()) {
      throwIfMeant(strike.get(), path);
      throw new IOException("injected while reading " + path);
    }
  }

  private static void throwIfMeant(Strike strike, String path) {
    if (strike.operation == Operation.THROW) {
      throw new IllegalStateException("injected at " + path);
    }
  }
}
