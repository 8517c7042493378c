package io.tarn.flink.sql;

import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An index that is open once in a process, however many subtasks search it, and that moves on to
 * new versions by itself. A refresh that fails is tried again; until then searches are answered
 * from the version that is open.
 */
final class SharedIndex implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(SharedIndex.class);

  /** By what they are opened as; guarded by itself. */
  private static final Map<OpenedAs, SharedIndex> OPEN = new HashMap<>();

  private final OpenedAs openedAs;
  private Storage storage;
  private ScheduledExecutorService refresher;
  private ScheduledFuture<?> refreshes;

  /** Null if the version is pinned. */
  private IndexReader reader;

  private IndexView pinned;
  private final AtomicLong failedRefreshes = new AtomicLong();

  /** Guarded by {@link #OPEN}. */
  private int users;

  private SharedIndex(OpenedAs openedAs) {
    this.openedAs = openedAs;
  }

  /**
   * The open index, which is opened if nobody has it open. Each user closes it once.
   *
   * @throws IOException as {@link IndexReader#open} does
   */
  static SharedIndex acquire(OpenedAs openedAs) throws IOException {
    SharedIndex index;
    synchronized (OPEN) {
      index = OPEN.computeIfAbsent(openedAs, SharedIndex::new);
      index.users++;
    }
    try {
      index.open();
    } catch (IOException | RuntimeException e) {
      index.close();
      throw e;
    }
    return index;
  }

  /** Others who ask for the same index wait for it meanwhile, but not those who ask for another. */
  private synchronized void open() throws IOException {
    if (storage != null) {
      return;
    }
    Storage opened = StorageLocation.open(openedAs.location());
    try {
      if (openedAs.isPinned()) {
        pinned = IndexReader.openVersion(opened, openedAs.version(), openedAs.options());
      } else {
        reader = IndexReader.open(opened, openedAs.options());
        refresher = Executors.newSingleThreadScheduledExecutor(this::refresherThread);
        refreshes =
            refresher.scheduleWithFixedDelay(
                this::refresh, openedAs.refreshMs(), openedAs.refreshMs(), TimeUnit.MILLISECONDS);
      }
    } catch (IOException | RuntimeException e) {
      opened.close();
      throw e;
    }
    storage = opened;
  }

  private Thread refresherThread(Runnable refreshing) {
    Thread thread = new Thread(refreshing, "refresh of " + openedAs.location());
    thread.setDaemon(true);
    return thread;
  }

  private void refresh() {
    try {
      if (reader.refresh()) {
        LOG.debug("Searches see version {}", reader.view().snapshot().version());
      }
    } catch (IOException | RuntimeException e) {
      failedRefreshes.incrementAndGet();
      LOG.warn(
          "{} could not be refreshed and stays at version {}",
          openedAs.location(),
          reader.view().snapshot().version(),
          e);
    }
  }

  /** What searches see now. */
  IndexView view() {
    return pinned != null ? pinned : reader.view();
  }

  /** How many refreshes failed since it was opened. */
  long failedRefreshes() {
    return failedRefreshes.get();
  }

  @Override
  public void close() throws IOException {
    synchronized (OPEN) {
      users--;
      if (users > 0) {
        return;
      }
      OPEN.remove(openedAs);
    }
    release();
  }

  private synchronized void release() throws IOException {
    if (refresher != null) {
      // A refresh under way is left to end: interrupted, it would close files that others read.
      refreshes.cancel(false);
      refresher.shutdown();
      try {
        refresher.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    if (storage != null) {
      storage.close();
    }
  }
}
