package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.format.ModelFile;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.DriftSample;
import io.tarn.index.snapshot.RetrainRequest;
import io.tarn.index.snapshot.SegmentRef;
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

  /** What there was then; null before the first look, and until rows have come. */
  private LookedAt lookedAt;

  /** How many rows there were when those that came were last looked at. */
  private long rowsAtArrivals = Long.MAX_VALUE;

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
        return perform(snapshot, tasks).map(Done::step);
      } catch (CommitConflictException e) {
        // Planned anew.
      }
    }
    return Optional.empty();
  }

  /**
   * Whether so many rows have come since lists were last looked at, or those that came, that it is
   * time for {@link #addLists}. It takes nothing but the newest snapshot that was looked at.
   */
  public boolean hasArrivals(GrowthRules growth) {
    if (seen == null) {
      return false;
    }
    long rows = rows(seen);
    rowsAtArrivals = Math.min(rowsAtArrivals, rows);
    return growth.areArrivalsDue(rowsAtArrivals, rows);
  }

  /**
   * Makes lists for the rows that have come since lists were last looked at, if many of them came
   * where there were few. Nothing but their segments is read and written.
   *
   * @return empty if they came as ever, or if others were faster at every attempt
   */
  public Optional<Step> addLists() throws IOException {
    long rowsBefore = rowsAtArrivals;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Snapshot snapshot = log.newest();
      seen = snapshot;
      rowsAtArrivals = rows(snapshot);
      if (isMostlyNew(snapshot)) {
        lookedAt = LookedAt.of(snapshot, List.of(), ModelFile.read(storage, snapshot.model()));
        return Optional.empty();
      }
      List<SegmentRef> segments = lookedAt.newSegments(snapshot);
      PlanSettings settings = rules.settings(snapshot, rowsAtArrivals);
      if (segments.isEmpty() || settings.dissolveBelow() == 0) {
        // Lists of an index that is only being filled were made for what is to come.
        return Optional.empty();
      }
      MaintenanceTask task =
          new MaintenanceTask.AddLists(
              segments.stream().map(SegmentRef::path).toList(),
              lookedAt.nextList(),
              Math.max(0, rowsAtArrivals - rowsBefore),
              MaintenancePlan.newListRows(settings, rowsAtArrivals, snapshot.model().lists()),
              "of %,d rows that came since lists were last looked at, many came where there were few"
                  .formatted(rows(segments)));
      try {
        return perform(snapshot, List.of(task)).map(Done::step);
      } catch (CommitConflictException e) {
        // Made anew, of what there is then.
      }
    }
    return Optional.empty();
  }

  /** At first, and after others wrote the index anew: then nothing counts as having come. */
  private boolean isMostlyNew(Snapshot snapshot) {
    return lookedAt == null || rows(lookedAt.newSegments(snapshot)) > rows(snapshot) / 2;
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
        (view, settings, firstMoving) ->
            MaintenancePlan.ofCrowdedLists(view, settings, growth.crowdedShare(), firstMoving));
  }

  @FunctionalInterface
  private interface ListPlan {
    /**
     * @param firstMoving lists with this id or a larger one were made for rows as they came
     */
    MaintenancePlan of(IndexView view, PlanSettings settings, int firstMoving);
  }

  private Optional<Step> lookAtLists(ListPlan plan) throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      IndexView view = newestView();
      rowsAtLook = rows(view.snapshot());
      rowsAtArrivals = rowsAtLook;
      PlanSettings settings = rules.settings(view.snapshot(), view.liveRowCount());
      if (isMostlyNew(view.snapshot())) {
        lookedAt = LookedAt.of(view.snapshot(), List.of(), view.model());
      }
      try {
        Optional<Done> done =
            perform(view.snapshot(), plan.of(view, settings, lookedAt.nextList()).tasks());
        remember(view, done);
        return done.map(Done::step);
      } catch (CommitConflictException e) {
        // Planned anew.
      }
    }
    return Optional.empty();
  }

  /** Lists that were made for rows as they came count as such until they have moved. */
  private void remember(IndexView view, Optional<Done> done) throws IOException {
    if (done.isPresent() && done.get().step.task instanceof MaintenanceTask.Split) {
      Model model = ModelFile.read(storage, done.get().step.snapshot.model());
      lookedAt = LookedAt.of(view.snapshot(), done.get().change.added(), model);
    } else if (view.model().nextListId() == lookedAt.nextList()) {
      List<SegmentRef> written = done.isPresent() ? done.get().change.added() : List.of();
      lookedAt = LookedAt.of(view.snapshot(), written, view.model());
    }
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

  /** A step, and the change that was committed for it. */
  private record Done(Step step, Change change) {}

  private Optional<Done> perform(Snapshot snapshot, List<MaintenanceTask> tasks)
      throws IOException {
    Maintenance maintenance = new Maintenance(storage, snapshot, Maintenance.KEEP_ALL_DELETES);
    for (MaintenanceTask task : tasks) {
      Optional<Change> change = maintenance.perform(task);
      if (change.isPresent()) {
        seen = committer.commit(change.get(), measured);
        if (lookedAt != null && task instanceof MaintenanceTask.Merge) {
          lookedAt = lookedAt.after(change.get());
        }
        return Optional.of(new Done(new Step(task, seen), change.get()));
      }
    }
    return Optional.empty();
  }

  private static long rows(Snapshot snapshot) {
    return rows(snapshot.segments());
  }

  private static long rows(List<SegmentRef> segments) {
    return segments.stream().mapToLong(SegmentRef::rows).sum();
  }
}
