package io.tarn.index.maintain;

import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.DriftSample;
import io.tarn.index.snapshot.RetrainRequest;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Keeps an index in shape while others write to it, one change at a time: whoever runs it asks for
 * the next step when there are new versions. Merging is planned from the snapshot alone. Looking at
 * lists takes an open index, which is kept, and reads only new segments from then on.
 *
 * <p>Not thread-safe.
 */
public final class ContinuousMaintenance {
  /**
   * Where others replace the same segments all the time, it is they who keep the index in shape.
   */
  private static final int ATTEMPTS = 3;

  private final Storage storage;
  private final SnapshotLog log;
  private final Committer committer;
  private final Rules rules;
  private final OpenOptions options;
  private IndexReader reader;

  /** The newest version that was looked at. */
  private Snapshot seen;

  /** How many rows there were when lists were last looked at, or fewer, if that many are left. */
  private long rowsAtLook = Long.MAX_VALUE;

  /** What is not published yet, oldest first: with the next step, or a request for a retrain. */
  private final List<DriftSample> measured = new ArrayList<>();

  /** When what is worth doing. */
  @FunctionalInterface
  public interface Rules {
    /**
     * @param live how many live rows the snapshot has; for merges, dead ones count as well
     */
    PlanSettings settings(Snapshot snapshot, long live);
  }

  /**
   * What was done.
   *
   * @param task what, and why
   * @param snapshot the version that came of it
   */
  public record Step(MaintenanceTask task, Snapshot snapshot) {}

  /**
   * @param options how the index is opened to look at its lists; vectors are looked at to measure
   *     recall only
   */
  public ContinuousMaintenance(Storage storage, Rules rules, OpenOptions options) {
    this.storage = storage;
    this.log = new SnapshotLog(storage);
    this.committer = new Committer(log, new ModelReassigner(storage));
    this.rules = rules;
    this.options = options;
  }

  /**
   * Merges segments of about one size if there are enough of them.
   *
   * @return empty if there are not, or if others were faster at every attempt
   */
  public Optional<Step> mergeSegments() throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Snapshot snapshot = log.newest();
      seen = snapshot;
      PlanSettings settings = rules.settings(snapshot, rows(snapshot));
      List<MaintenanceTask> tasks = MaintenancePlan.ofSegments(snapshot, settings).tasks();
      try {
        return perform(snapshot, tasks);
      } catch (CommitConflictException e) {
        // Planned anew.
      }
    }
    return Optional.empty();
  }

  /**
   * Does the first thing that is worth doing to segments or lists.
   *
   * @return empty if there is none, or if others were faster at every attempt
   */
  public Optional<Step> tidy() throws IOException {
    return lookAtLists(MaintenancePlan::of);
  }

  /**
   * Whether so many rows have come since lists were last looked at, or since the first version that
   * was seen, that some may be crowded now. It takes nothing but the newest snapshot that was
   * looked at, in which superseded rows count as well.
   */
  public boolean hasGrown(GrowthRules growth) {
    if (seen == null) {
      return false;
    }
    long rows = rows(seen);
    // Or what comes after dead rows have gone would not count.
    rowsAtLook = Math.min(rowsAtLook, rows);
    return growth.isDue(rowsAtLook, rows);
  }

  /**
   * Splits lists that are too large, and does nothing else, if these hold enough of the rows.
   *
   * @return empty if they do not, or if others were faster at every attempt
   */
  public Optional<Step> splitCrowded(GrowthRules growth) throws IOException {
    return lookAtLists(
        (view, settings) -> MaintenancePlan.ofCrowdedLists(view, settings, growth.crowdedShare()));
  }

  @FunctionalInterface
  private interface ListPlan {
    MaintenancePlan of(IndexView view, PlanSettings settings);
  }

  private Optional<Step> lookAtLists(ListPlan plan) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      IndexView view = newestView();
      rowsAtLook = rows(view.snapshot());
      PlanSettings settings = rules.settings(view.snapshot(), view.liveRowCount());
      try {
        return perform(view.snapshot(), plan.of(view, settings).tasks());
      } catch (CommitConflictException e) {
        // Planned anew.
      }
    }
    return Optional.empty();
  }

  /**
   * Measures how uneven lists are, and the recall of searches for recent rows. It is published with
   * the next step.
   *
   * @param queries how many recent rows are searched for, exactly and as usual
   * @param nprobe how many lists are looked at as usual; 0: as many as by default
   * @return empty if there are too few rows for the lists
   */
  public Optional<DriftSample> measureDrift(int queries, int nprobe) throws IOException {
    Optional<DriftSample> sample = DriftMeasurement.of(newestView(), queries, nprobe);
    measured.removeIf(older -> seen.drift().measured(older).equals(seen.drift()));
    sample.ifPresent(measured::add);
    if (measured.size() > Drift.RECENT_SAMPLES) {
      measured.remove(0);
    }
    return sample;
  }

  /** The drift of the newest version that was looked at, and what was measured since. */
  public Drift drift() {
    Drift drift = seen == null ? Drift.unknown() : seen.drift();
    for (DriftSample sample : measured) {
      drift = drift.measured(sample);
    }
    return drift;
  }

  /**
   * Asks for a retrain, by a version of its own, if the index has drifted farther than it may.
   *
   * @return what is asked for, unless somebody asked before, or lists were trained anew meanwhile
   */
  public Optional<RetrainRequest> askForRetrain(DriftRules limits) throws IOException {
    Drift drift = drift();
    Optional<String> reason = limits.reasonToRetrain(drift);
    if (drift.retrain() != null || reason.isEmpty()) {
      return Optional.empty();
    }
    long before = seen.version();
    seen = committer.askForRetrain(drift.trainedVersion(), reason.get(), measured);
    return seen.drift().retrainIfAsked().filter(request -> request.sinceVersion() > before);
  }

  private IndexView newestView() throws IOException {
    if (reader == null) {
      reader = IndexReader.open(storage, options);
    } else {
      reader.refresh();
    }
    seen = reader.view().snapshot();
    return reader.view();
  }

  private Optional<Step> perform(Snapshot snapshot, List<MaintenanceTask> tasks)
      throws IOException {
    Maintenance maintenance = new Maintenance(storage, snapshot, Maintenance.KEEP_ALL_DELETES);
    for (MaintenanceTask task : tasks) {
      Optional<Change> change = maintenance.perform(task);
      if (change.isPresent()) {
        seen = committer.commit(change.get(), measured);
        return Optional.of(new Step(task, seen));
      }
    }
    return Optional.empty();
  }

  private static long rows(Snapshot snapshot) {
    return snapshot.segments().stream().mapToLong(segment -> segment.rows()).sum();
  }
}
