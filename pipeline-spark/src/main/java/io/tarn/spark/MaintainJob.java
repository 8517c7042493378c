package io.tarn.spark;

import io.tarn.index.centroid.ListCount;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.format.ModelFile;
import io.tarn.index.maintain.ListChange;
import io.tarn.index.maintain.Maintenance;
import io.tarn.index.maintain.MaintenancePlan;
import io.tarn.index.maintain.MaintenanceTask;
import io.tarn.index.maintain.MovingCentroids;
import io.tarn.index.maintain.PlanSettings;
import io.tarn.index.maintain.Rewriting;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.maintain.SplitSettings;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.PreparedReassigner;
import io.tarn.spark.live.SettledFates;
import io.tarn.spark.maintain.ListRewrite;
import io.tarn.spark.maintain.Rewrite;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.sql.SparkSession;

/**
 * Splits lists that have become too large, moves those around them to where their rows are, and
 * dissolves tiny ones, without training the others anew. Each step is one commit; rows that others
 * commit meanwhile are assigned in the same one.
 */
public final class MaintainJob {
  private static final String OPERATION = "maintain";

  private final SparkSession spark;
  private final MaintainSettings settings;
  private final IndexLocation location;
  private final Phases phases;

  MaintainJob(SparkSession spark, MaintainSettings settings, IndexLocation location) {
    this.spark = spark;
    this.settings = settings;
    this.location = location;
    this.phases = new Phases(spark.sparkContext(), OPERATION);
  }

  /**
   * For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link MaintainSettings}.
   */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, MaintainSettings.class, args, MaintainJob::run);
  }

  /**
   * Keeps the lists of an index in shape.
   *
   * @throws io.tarn.index.commit.NotAnIndexException if there is no index
   * @throws io.tarn.index.commit.CommitConflictException if others were faster at every attempt
   */
  public static UpkeepResult run(SparkSession spark, MaintainSettings settings) throws IOException {
    IndexLocation location = new IndexLocation(spark.sparkContext(), settings.index());
    return new MaintainJob(spark, settings, location).run();
  }

  UpkeepResult run() throws IOException {
    UpkeepRun run = new UpkeepRun(phases);
    long version = 0;
    boolean more = true;
    for (int round = 0; more && round < settings.rounds(); round++) {
      Outcome outcome =
          UpkeepRun.attempts(
              location, settings.attempts(), (storage, newest) -> round(storage, newest, run));
      version = outcome.version();
      more = outcome.changed() && !settings.dryRun();
    }
    return run.result(version, settings.dryRun());
  }

  private record Outcome(long version, boolean changed) {}

  /** Makes the first change that the plan for the newest version brings about. */
  private Outcome round(Storage storage, Snapshot snapshot, UpkeepRun run) throws IOException {
    List<SegmentFate> fates =
        phases.run(
            "settle",
            () -> SettledFates.of(spark, location, snapshot, Maintenance.KEEP_ALL_DELETES),
            settled -> Phases.count(settled.size()) + " segments");
    ListRewrite rewrite = new ListRewrite(spark, location, snapshot, fates);
    Model model = ModelFile.read(storage, snapshot.model());
    long[] live =
        phases.run(
            "count",
            () -> rewrite.liveByList(model.listIds()),
            counted -> Phases.count(Arrays.stream(counted).sum()) + " live rows");
    List<MaintenanceTask> tasks =
        MaintenancePlan.ofLists(
                snapshot.version(), model, live, plan(Arrays.stream(live).sum(), model.dimension()))
            .tasks();
    if (settings.dryRun()) {
      describe(run, tasks, fates, model, live);
      return new Outcome(snapshot.version(), false);
    }
    for (MaintenanceTask task : tasks) {
      Optional<Step> step = step(rewrite, task, model, live);
      if (step.isPresent()) {
        Snapshot committed = commit(storage, rewrite, step.get(), run);
        return new Outcome(committed.version(), true);
      }
    }
    return new Outcome(snapshot.version(), false);
  }

  private PlanSettings plan(long live, int dimension) {
    long target =
        settings
            .targetListRows()
            .orElseGet(
                () -> {
                  long sampled = TrainingSettings.defaultMaxSampleRows(dimension);
                  return Math.max(1, live / ListCount.byDefault(Math.max(1, live), sampled));
                });
    PlanSettings defaults = PlanSettings.forLists(target);
    return new PlanSettings(
        target,
        settings.splitAbove(),
        settings.dissolveBelow(),
        defaults.maxDeadShare(),
        defaults.segmentsPerTier(),
        defaults.targetSegmentBytes());
  }

  /** Any segment may hold rows of the lists, so what is stated is the most that is written. */
  private static void describe(
      UpkeepRun run,
      List<MaintenanceTask> tasks,
      List<SegmentFate> fates,
      Model model,
      long[] live) {
    for (MaintenanceTask task : tasks) {
      String rows = liveRows(model, live, lists(task));
      run.step("%s: %s; %s", verb(task), task.reason(), rows);
      if (task instanceof MaintenanceTask.Split split) {
        SplitSettings parts = SplitSettings.intoPartsOf(split.partRows());
        Set<Integer> changed = new TreeSet<>(split.lists());
        changed.addAll(split.superfluous());
        Set<Integer> around = MovingCentroids.around(model, changed, parts);
        run.step(
            "move to where their rows are: at most the %s lists around those, with %s",
            Phases.count(around.size()), liveRows(model, live, around));
      }
    }
    if (!tasks.isEmpty()) {
      run.replaces(fates, false);
      run.wouldWrite(fates.stream().mapToLong(fate -> fate.keptBytes(false)).sum());
    }
  }

  private static SortedMap<Integer, Long> rows(
      Model model, long[] live, Collection<Integer> lists) {
    SortedMap<Integer, Long> rows = new TreeMap<>();
    lists.forEach(list -> rows.put(list, live[Arrays.binarySearch(model.listIds(), list)]));
    return rows;
  }

  private static String liveRows(Model model, long[] live, Collection<Integer> lists) {
    long sum = rows(model, live, lists).values().stream().mapToLong(Long::longValue).sum();
    return Phases.count(sum) + " live rows";
  }

  private static String verb(MaintenanceTask task) {
    return task instanceof MaintenanceTask.Split ? "split" : "dissolve";
  }

  private static List<Integer> lists(MaintenanceTask task) {
    return task instanceof MaintenanceTask.Split split
        ? split.lists()
        : ((MaintenanceTask.Dissolve) task).lists();
  }

  /** A change, and what it does in words. */
  private record Step(ListChange change, String inWords) {}

  private Optional<Step> step(ListRewrite rewrite, MaintenanceTask task, Model model, long[] live)
      throws IOException {
    if (task instanceof MaintenanceTask.Dissolve dissolve) {
      String inWords = "dissolve: " + task.reason();
      return Optional.of(new Step(ListChange.dissolving(model, dissolve.lists()), inWords));
    }
    MaintenanceTask.Split split = (MaintenanceTask.Split) task;
    SplitSettings parts = SplitSettings.intoPartsOf(split.partRows());
    SortedMap<Integer, Long> wanted = rows(model, live, split.lists());
    SortedMap<Integer, float[]> divided =
        phases.run(
            "divide",
            () -> rewrite.divide(wanted, model, parts),
            lists -> Phases.count(lists.size()) + " of " + wanted.size() + " lists");
    if (divided.isEmpty()) {
      return Optional.empty();
    }
    int dividedLists = divided.size();
    split.superfluous().forEach(list -> divided.put(list, new float[0]));
    MovingCentroids around = MovingCentroids.of(model, divided, parts);
    MovingCentroids moved =
        phases.run(
            "move lists",
            () -> rewrite.moved(around, rows(model, live, around.lists()), parts.rounds()),
            lists -> Phases.count(lists.lists().size() - divided.size()) + " around those");
    String inWords =
        String.format(
            Locale.ROOT,
            "split: %s; %s of them divided, and the %s lists around those moved",
            task.reason(),
            Phases.count(dividedLists),
            Phases.count(moved.lists().size() - divided.size()));
    return Optional.of(new Step(ListChange.splitting(model, moved.byList(), parts), inWords));
  }

  private Snapshot commit(Storage storage, ListRewrite rewrite, Step step, UpkeepRun run)
      throws IOException {
    Snapshot snapshot = rewrite.snapshot();
    ListChange change = step.change();
    ListRewrite.Moved moved =
        phases.run(
            "move",
            () -> rewrite.move(change),
            done -> Phases.count(done.replaced().size()) + " segments written anew");
    ModelRef model = ModelFile.write(storage, change.successor());
    Change commit =
        Rewriting.change(
            change.operation(),
            snapshot,
            model,
            moved.replaced(),
            new ArrayList<>(moved.written()),
            false);
    SnapshotLog log = new SnapshotLog(storage);
    PreparedReassigner prepared =
        new Rewrite(spark, location, snapshot).catchUp(snapshot.withModel(model), log, storage);
    Snapshot committed =
        phases.run(
            "commit",
            () -> new Committer(log, prepared).commit(commit),
            done -> "version " + done.version());
    run.replaces(moved.replaced(), false);
    run.wrote(moved.written());
    run.step("%s", step.inWords());
    return committed;
  }
}
