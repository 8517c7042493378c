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
import java.lang.ref.Cleaner;
import java.lang.ref.SoftReference;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the tasks of one JVM share: parts that several search at once, and models. */
final class SharedParts {
  private static final Logger LOG = LoggerFactory.getLogger(SharedParts.class);

  /** Of the heap, for all tasks of a JVM together; the rest is Spark's, and that of the queries. */
  private static final double HEAP_SHARE = 0.5;

  private static final int MAX_MODELS = 4;

  private static final int MAX_IDLE = 64;

  /** Parts that are being searched; guarded by itself. */
  private static final Map<String, Shared> OPEN = new HashMap<>();

  /**
   * Parts that were searched, for the next join, as long as the memory is not needed; the least
   * recently used first. Guarded by {@link #OPEN}.
   */
  private static final Map<String, SoftReference<Opened>> IDLE =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, SoftReference<Opened>> eldest) {
          return size() > MAX_IDLE;
        }
      };

  private static final Cleaner CLEANER = Cleaner.create();

  /** By content address, the least recently used first; guarded by itself. */
  private static final Map<String, ListRanking> MODELS =
      new LinkedHashMap<>(MAX_MODELS, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, ListRanking> eldest) {
          return size() > MAX_MODELS;
        }
      };

  private SharedParts() {}

  /** A part that tasks hold; when the last one lets go of it, it is kept as idle. */
  private static final class Shared {
    private int holders;
    private Opened opened;
  }

  /** A part in memory; its files are closed when nobody can search it any more. */
  private static final class Opened {
    private final IndexView view;

    Opened(IndexView view, Storage storage) {
      this.view = view;
      CLEANER.register(this, closing(storage));
    }

    /** Must not know the part, which would then always be reachable. */
    private static Runnable closing(Storage storage) {
      return () -> {
        try {
          storage.close();
        } catch (IOException e) {
          LOG.debug("The files of a part could not be closed", e);
        }
      };
    }
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
    // Parts of the same number may hold other segments, if they were divided for other tasks.
    String key = location + " " + snapshot.commitId() + " " + parts.segments(part).keySet();
    Shared shared;
    synchronized (OPEN) {
      shared = OPEN.computeIfAbsent(key, SharedParts::idle);
      shared.holders++;
    }
    Held held = new Held(key, shared);
    try {
      synchronized (shared) {
        if (shared.opened == null) {
          shared.opened = open(location, snapshot, parts, part);
        }
      }
      return held;
    } catch (IOException | RuntimeException e) {
      held.close();
      throw e;
    }
  }

  /** A part that is not being searched; it may still be in memory. */
  private static Shared idle(String key) {
    Shared shared = new Shared();
    SoftReference<Opened> idle = IDLE.remove(key);
    shared.opened = idle == null ? null : idle.get();
    return shared;
  }

  private static Opened open(IndexLocation location, Snapshot snapshot, Parts parts, int part)
      throws IOException {
    int cores = Runtime.getRuntime().availableProcessors();
    int tasks = SparkEnv.get().conf().getInt("spark.executor.cores", cores);
    long budget = (long) (Runtime.getRuntime().maxMemory() * HEAP_SHARE / tasks);
    Storage storage = location.open();
    try {
      IndexView view =
          IndexReader.openPart(
              storage,
              snapshot,
              parts.segments(part),
              ranking(storage, snapshot),
              new OpenOptions(budget, VectorTier.AUTO));
      return new Opened(view, storage);
    } catch (IOException | RuntimeException e) {
      storage.close();
      throw e;
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
      return shared.opened.view;
    }

    @Override
    public void close() {
      synchronized (OPEN) {
        shared.holders--;
        if (shared.holders == 0) {
          OPEN.remove(key);
          if (shared.opened != null) {
            IDLE.put(key, new SoftReference<>(shared.opened));
          }
        }
      }
    }
  }
}
