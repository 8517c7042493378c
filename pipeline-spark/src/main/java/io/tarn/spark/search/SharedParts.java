package io.tarn.spark.search;

import io.tarn.index.format.ModelFile;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.ListRanking;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.search.VectorTier;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkEnv;

/** What the tasks of one JVM share: parts that several search at once, and models. */
final class SharedParts {
  /** Of the heap, for all tasks of a JVM together; the rest is Spark's, and that of the queries. */
  private static final double HEAP_SHARE = 0.5;

  private static final int MAX_MODELS = 4;

  /** Parts that are being searched; guarded by itself. */
  private static final Map<String, Shared> OPEN = new HashMap<>();

  /** By content address, the least recently used first; guarded by itself. */
  private static final Map<String, ListRanking> MODELS =
      new LinkedHashMap<>(MAX_MODELS, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, ListRanking> eldest) {
          return size() > MAX_MODELS;
        }
      };

  private SharedParts() {}

  /** A part that tasks hold; the last one to let go of it closes it. */
  private static final class Shared {
    private int holders;
    private Storage storage;
    private IndexView view;
  }

  /** The lists of a snapshot's model. */
  static ListRanking ranking(Storage storage, Snapshot snapshot) throws IOException {
    synchronized (MODELS) {
      ListRanking known = MODELS.get(snapshot.model().id());
      if (known == null) {
        known = new ListRanking(ModelFile.read(storage, snapshot.model()));
        MODELS.put(snapshot.model().id(), known);
      }
      return known;
    }
  }

  /** A part, opened unless another task has it open; to be closed when it is no longer needed. */
  static Held hold(IndexLocation location, Snapshot snapshot, Parts parts, int part)
      throws IOException {
    String key = location + " " + snapshot.commitId() + " " + part + " of " + parts.count();
    Shared shared;
    synchronized (OPEN) {
      shared = OPEN.computeIfAbsent(key, unused -> new Shared());
      shared.holders++;
    }
    Held held = new Held(key, shared);
    try {
      synchronized (shared) {
        if (shared.view == null) {
          open(shared, location, snapshot, parts, part);
        }
      }
      return held;
    } catch (IOException | RuntimeException e) {
      held.close();
      throw e;
    }
  }

  private static void open(
      Shared shared, IndexLocation location, Snapshot snapshot, Parts parts, int part)
      throws IOException {
    int cores = Runtime.getRuntime().availableProcessors();
    int tasks = SparkEnv.get().conf().getInt("spark.executor.cores", cores);
    long budget = (long) (Runtime.getRuntime().maxMemory() * HEAP_SHARE / tasks);
    Storage storage = location.open();
    try {
      shared.view =
          IndexReader.openPart(
              storage,
              snapshot,
              parts.segments(part),
              ranking(storage, snapshot),
              new OpenOptions(budget, VectorTier.AUTO));
      shared.storage = storage;
    } finally {
      if (shared.storage == null) {
        storage.close();
      }
    }
  }

  /** A part in use. */
  static final class Held implements AutoCloseable {
    private final String key;
    private final Shared shared;

    private Held(String key, Shared shared) {
      this.key = key;
      this.shared = shared;
    }

    IndexView view() {
      return shared.view;
    }

    @Override
    public void close() throws IOException {
      boolean isLast;
      synchronized (OPEN) {
        isLast = --shared.holders == 0;
        if (isLast) {
          OPEN.remove(key);
        }
      }
      if (isLast && shared.storage != null) {
        shared.storage.close();
      }
    }
  }
}
