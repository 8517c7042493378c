package io.tarn.flink;

import io.tarn.index.maintain.ContinuousMaintenance;
import io.tarn.index.maintain.ContinuousMaintenance.Step;
import io.tarn.index.maintain.GrowthRules;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.search.VectorTier;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.DriftSample;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.List;
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
 * looks at lists now and then, and asks for a retrain when the index has drifted. What fails is
 * tried again with the next version: an index that is not in shape is slower, and nothing else.
 */
final class MaintenanceThread implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MaintenanceThread.class);

  /** Pages of vectors that exact searches look at: they are not to take what the job needs. */
  private static final long CACHE_BYTES = 64L << 20;

  /** What is not known. */
  private static final double UNKNOWN = -1;

  /** Looking at lists takes at most the fifth part of a processor's time. */
  private static final long LISTS_REST_FACTOR = 4;

  /**
   * Lists that rows crowd as they come are split by how many have come; this takes at most half of
   * a processor's time, however fast they do.
   */
  private static final long CROWDED_REST_FACTOR = 1;

  /** Measuring drift takes at most the tenth part. */
  private static final long DRIFT_REST_FACTOR = 9;

  /**
   * Each step writes most segments anew, while rows keep coming: for the few lists that have become
   * too large since the look began, the next one is soon enough.
   */
  private static final int STEPS_OF_A_LOOK = 2;

  private static final long CLOSE_MS = TimeUnit.SECONDS.toMillis(30);

  private final Storage storage;
  private final String location;
  private final StreamSettings.Maintenance settings;
  private final ContinuousMaintenance maintenance;
  private final Counter steps;
  private final Counter failures;
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean newVersions = true;
  private final Look lists;
  private final Look arrivals;
  private final Look crowded;
  private final Look drift;
  private final List<Look> looks;

  private volatile boolean closed;
  private volatile Error fatal;
  private volatile long lastStepMs;
  private volatile Drift known = Drift.unknown();

  private MaintenanceThread(
      Storage storage, StreamSettings.Maintenance settings, MetricGroup metrics) {
    this.storage = storage;
    this.location = storage.location();
    this.settings = settings;
    this.lists = new Look(settings.lists(), settings.listsIntervalMs(), LISTS_REST_FACTOR);
    this.arrivals = new Look(settings.growth().isPresent(), 0, CROWDED_REST_FACTOR);
    this.crowded = new Look(settings.growth().isPresent(), 0, CROWDED_REST_FACTOR);
    this.drift = new Look(true, settings.drift().intervalMs(), DRIFT_REST_FACTOR);
    this.looks = List.of(lists, arrivals, crowded, drift);
    this.maintenance =
        new ContinuousMaintenance(
            storage,
            settings.rules()::settings,
            OpenOptions.defaults().withTier(VectorTier.REMOTE).withMaxCacheBytes(CACHE_BYTES));
    MetricGroup group = metrics.addGroup(CommitMetrics.GROUP);
    this.steps = group.counter("maintenanceSteps");
    this.failures = group.counter("maintenanceFailures");
    group.gauge("lastMaintenanceMs", () -> lastStepMs);
    group.gauge("imbalance", () -> known.latestIfAny().map(DriftSample::imbalance).orElse(UNKNOWN));
    group.gauge(
        "sampledRecall", () -> known.latestIfAny().map(DriftSample::recall).orElse(UNKNOWN));
    group.gauge("retrainAsked", () -> known.retrainIfAsked().isPresent() ? 1 : 0);
    group.gauge("lastDriftMs", () -> drift.lastMs);
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
          // Or what fails before a look that is due would fail again at once.
          looks.forEach(look -> look.wanted = false);
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

  /** Returns when there are new versions, or the time has come for a look; false at the end. */
  private boolean awaitWork() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!closed && !newVersions && looks.stream().noneMatch(Look::isDue)) {
        long waitNs = looks.stream().mapToLong(Look::waitNs).min().orElseThrow();
        if (waitNs < Long.MAX_VALUE) {
          long unused = changed.awaitNanos(waitNs);
        } else {
          changed.await();
        }
      }
      if (newVersions) {
        looks.forEach(look -> look.wanted = true);
      }
      newVersions = false;
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  private void maintain() throws IOException {
    while (!closed && report(maintenance::mergeSegments)) {
      // Merged segments may be enough for the next size.
    }
    // Before what takes longer, so that what has come is found meanwhile.
    if (!closed && arrivals.isDue()) {
      addLists();
    }
    if (!closed && lists.isDue()) {
      lists.take(this::tidyLists);
    }
    if (!closed && crowded.isDue()) {
      splitCrowded();
    }
    // Not before lists were split, which may be all it takes.
    if (!closed && drift.isDue()) {
      drift.take(this::watchDrift);
    }
    known = maintenance.drift();
  }

  private void tidyLists() throws IOException {
    int done = 0;
    while (!closed && done < STEPS_OF_A_LOOK && report(maintenance::tidy)) {
      // Lists that were split may still be too large.
      done++;
    }
    if (done == STEPS_OF_A_LOOK) {
      lists.wanted = true;
    }
  }

  /** Only if rows have grown: then it is a look, after which this rests. */
  private void splitCrowded() throws IOException {
    GrowthRules growth = settings.growth().orElseThrow();
    crowded.wanted = false;
    if (maintenance.hasGrown(growth)) {
      crowded.take(() -> report(() -> maintenance.splitCrowded(growth)));
    }
  }

  private void addLists() throws IOException {
    arrivals.wanted = false;
    if (maintenance.hasArrivals(settings.growth().orElseThrow())) {
      arrivals.take(() -> report(maintenance::addLists));
    }
  }

  private void watchDrift() throws IOException {
    if (settings.drift().queries() > 0) {
      Optional<DriftSample> measured =
          maintenance.measureDrift(settings.drift().queries(), settings.drift().nprobe());
      measured.ifPresent(sample -> LOG.debug("Measured {}", sample));
    }
    maintenance
        .askForRetrain(settings.drift().rules())
        .ifPresent(
            asked ->
                LOG.warn(
                    "Version {} asks for a retrain, ./tarn retrain --index {}: {}",
                    asked.sinceVersion(),
                    location,
                    asked.reason()));
  }

  /**
   * Something that is done now and then. Only the thread that looks uses it, but for its metric.
   */
  private static final class Look {
    private final boolean enabled;
    private final long intervalNs;

    /** How many times as long as it took it rests. */
    private final long restFactor;

    private long nextNs;
    private volatile long lastMs;

    /** Whether there are versions since the last time. */
    private boolean wanted;

    Look(boolean enabled, long intervalMs, long restFactor) {
      this.enabled = enabled;
      this.restFactor = restFactor;
      this.intervalNs = TimeUnit.MILLISECONDS.toNanos(intervalMs);
      // A job that catches up and ends is through by then, and leaves one version for each commit.
      this.nextNs = System.nanoTime() + intervalNs;
    }

    boolean isDue() {
      return enabled && wanted && System.nanoTime() - nextNs >= 0;
    }

    long waitNs() {
      return enabled && wanted ? nextNs - System.nanoTime() : Long.MAX_VALUE;
    }

    void take(IOAction action) throws IOException {
      long startedNs = System.nanoTime();
      wanted = false;
      try {
        action.run();
      } finally {
        long endedNs = System.nanoTime();
        lastMs = TimeUnit.NANOSECONDS.toMillis(endedNs - startedNs);
        nextNs = endedNs + Math.max(intervalNs, restFactor * (endedNs - startedNs));
      }
    }
  }

  @FunctionalInterface
  private interface IOAction {
    void run() throws IOException;
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
