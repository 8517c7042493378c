package io.tarn.flink;

import io.tarn.index.maintain.ContinuousMaintenance;
import io.tarn.index.maintain.ContinuousMaintenance.Step;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.search.VectorTier;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an index in shape while a job writes to it: merges segments when there are new versions,
 * and looks at lists now and then. What fails is tried again with the next version: an index that
 * is not in shape is slower, and nothing else.
 */
final class MaintenanceThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MaintenanceThread.class);

  /** Looking at lists takes at most the fifth part of a processor's time. */
  private static final long REST_FACTOR = 4;

  /**
   * Each step writes most segments anew, while rows keep coming: for the few lists that have become
   * too large since the look began, the next one is soon enough.
   */
  private static final int STEPS_OF_A_LOOK = 2;

  private static final long CLOSE_MS = TimeUnit.SECONDS.toMillis(30);

  private final Storage storage;
  private final StreamSettings.Maintenance settings;
  private final ContinuousMaintenance maintenance;
  private final Counter steps;
  private final Counter failures;
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean newVersions = true;

  /** Whether there are versions since lists were looked at. */
  private boolean newForLists;

  private volatile boolean closed;
  private volatile Error fatal;
  private volatile long lastStepMs;
  private long nextListsNs;

  private MaintenanceThread(
      Storage storage, StreamSettings.Maintenance settings, MetricGroup metrics) {
    this.storage = storage;
    this.settings = settings;
    // A job that catches up and ends is through by then, and leaves one version for each commit.
    this.nextListsNs =
        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settings.listsIntervalMs());
    this.maintenance =
        new ContinuousMaintenance(
            storage,
            settings.rules()::settings,
            OpenOptions.defaults().withTier(VectorTier.REMOTE));
    MetricGroup group = metrics.addGroup(CommitMetrics.GROUP);
    this.steps = group.counter("maintenanceSteps");
    this.failures = group.counter("maintenanceFailures");
    group.gauge("lastMaintenanceMs", () -> lastStepMs);
    this.thread = new Thread(this::run, "tarn-maintenance");
    thread.setDaemon(true);
  }

  /**
   * @param storage closed with the thread
   */
  static MaintenanceThread start(
      Storage storage, StreamSettings.Maintenance settings, MetricGroup metrics) {
    MaintenanceThread started = new MaintenanceThread(storage, settings, metrics);
    started.thread.start();
    return started;
  }

  /**
   * Says that there is a new version.
   *
   * @throws IllegalStateException if the thread has died, of too little memory for example
   */
  void look() {
    if (fatal != null) {
      throw new IllegalStateException("the index is not kept in shape any longer: " + fatal, fatal);
    }
    wake();
  }

  private void wake() {
    lock.lock();
    try {
      newVersions = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      while (awaitWork()) {
        try {
          maintain();
        } catch (IOException | RuntimeException e) {
          if (closed) {
            return;
          }
          failures.inc();
          LOG.warn("The index could not be kept in shape; tried again after the next commit", e);
        }
      }
    } catch (InterruptedException e) {
      LOG.debug("The job ends", e);
    } catch (Error e) {
      fatal = e;
      throw e;
    }
  }

  /**
   * Returns when there are new versions, or the time has come to look at lists; false at the end.
   */
  private boolean awaitWork() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!closed && !newVersions && !listsAreDue()) {
        if (newForLists && settings.lists()) {
          long unused = changed.awaitNanos(nextListsNs - System.nanoTime());
        } else {
          changed.await();
        }
      }
      newForLists |= newVersions;
      newVersions = false;
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  private boolean listsAreDue() {
    return newForLists && settings.lists() && System.nanoTime() - nextListsNs >= 0;
  }

  private void maintain() throws IOException {
    while (!closed && report(maintenance::mergeSegments)) {
      // Merged segments may be enough for the next size.
    }
    if (!listsAreDue()) {
      return;
    }
    long startedNs = System.nanoTime();
    newForLists = false;
    try {
      int steps = 0;
      while (!closed && steps < STEPS_OF_A_LOOK && report(maintenance::tidy)) {
        // Lists that were split may still be too large.
        steps++;
      }
      newForLists |= steps == STEPS_OF_A_LOOK;
    } finally {
      long endedNs = System.nanoTime();
      nextListsNs =
          endedNs
              + Math.max(
                  TimeUnit.MILLISECONDS.toNanos(settings.listsIntervalMs()),
                  REST_FACTOR * (endedNs - startedNs));
    }
  }

  @FunctionalInterface
  private interface Work {
    Optional<Step> run() throws IOException;
  }

  /** Whether there was something to do. */
  private boolean report(Work work) throws IOException {
    long startedNs = System.nanoTime();
    Optional<Step> done = work.run();
    done.ifPresent(
        step -> {
          lastStepMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNs);
          steps.inc();
          LOG.info(
              "Published version {}: {}, as {}; {} ms",
              step.snapshot().version(),
              step.snapshot().operation(),
              step.task().reason(),
              lastStepMs);
        });
    return done.isPresent();
  }

  /** Waits for what is being done, but not forever: what is not committed changes nothing. */
  @Override
  public void close() throws IOException {
    closed = true;
    wake();
    try {
      thread.join(CLOSE_MS);
      if (thread.isAlive()) {
        thread.interrupt();
        thread.join(CLOSE_MS);
      }
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
    }
    storage.close();
  }
}
