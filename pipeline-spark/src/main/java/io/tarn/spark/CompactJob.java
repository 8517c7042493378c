package io.tarn.spark;

import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.format.ModelFile;
import io.tarn.index.maintain.CompactionPlan;
import io.tarn.index.maintain.CompactionSettings;
import io.tarn.index.maintain.DeleteRetention;
import io.tarn.index.maintain.Maintenance;
import io.tarn.index.maintain.Rewriting;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import io.tarn.spark.live.SettledFates;
import io.tarn.spark.maintain.Rewrite;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Merges small segments and leaves out rows without a use: superseded and deleted ones, and deletes
 * whose retention is over. Which rows are live does not change, and rows that others commit
 * meanwhile stay.
 *
 * <p>A job that fails changes nothing; what it has written is removed by expiry.
 */
public final class CompactJob {
  private static final Logger LOG = LoggerFactory.getLogger(CompactJob.class);
  private static final String OPERATION = "compact";

  private final SparkSession spark;
  private final CompactSettings settings;
  private final IndexLocation location;
  private final Phases phases;

  CompactJob(SparkSession spark, CompactSettings settings, IndexLocation location) {
    this.spark = spark;
    this.settings = settings;
    this.location = location;
    this.phases = new Phases(spark.sparkContext(), OPERATION);
  }

  /**
   * For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link CompactSettings}.
   */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, CompactSettings.class, args, CompactJob::run);
  }

  /**
   * Compacts an index.
   *
   * @throws io.tarn.index.commit.NotAnIndexException if there is no index
   * @throws io.tarn.index.commit.CommitConflictException if others replaced the same segments at
   *     every attempt
   */
  public static UpkeepResult run(SparkSession spark, CompactSettings settings) throws IOException {
    IndexLocation location = new IndexLocation(spark.sparkContext(), settings.index());
    return new CompactJob(spark, settings, location).run();
  }

  UpkeepResult run() throws IOException {
    return UpkeepRun.attempts(location, settings.attempts(), this::compact);
  }

  private UpkeepResult compact(Storage storage, Snapshot snapshot) throws IOException {
    UpkeepRun run = new UpkeepRun(phases);
    long nowMs = System.currentTimeMillis();
    DeleteRetention retention =
        UpkeepRun.retention(
            snapshot, settings.deleteRetention(), settings.forgetDeletesBelow(), nowMs);
    List<SegmentFate> fates =
        phases.run(
            "settle",
            () -> SettledFates.of(spark, location, snapshot, retention.forgetBelow()),
            settled -> Phases.count(settled.size()) + " segments");
    long overdueMs =
        nowMs - SettingRules.duration("delete-retention", settings.deleteRetention()).toMillis();
    CompactionSettings what =
        new CompactionSettings(
            settings.maxDeadShare(),
            settings.segmentsPerTier(),
            settings.segmentBytes(),
            overdueMs,
            settings.all());
    Map<String, Long> writtenMs = UpkeepRun.writtenMs(storage, snapshot);
    CompactionPlan plan = CompactionPlan.of(snapshot, fates, writtenMs, what);
    if (plan.isEmpty()) {
      boolean hasDeletes = snapshot.segments().stream().anyMatch(each -> each.deletes() > 0);
      if (hasDeletes && retention.forgetBelow() == Maintenance.KEEP_ALL_DELETES) {
        // Otherwise whoever waits for a purge would never learn why nothing is purged.
        LOG.warn("{}", retention.reason());
      }
      return run.result(snapshot.version(), settings.dryRun());
    }
    List<SegmentFate> replaced = plan.segments();
    run.replaces(replaced, true);
    describe(run, plan, snapshot, writtenMs, what, retention);
    if (settings.dryRun()) {
      run.wouldWrite(replaced.stream().mapToLong(fate -> fate.keptBytes(true)).sum());
      return run.result(snapshot.version(), true);
    }
    Rewrite rewrite = new Rewrite(spark, location, snapshot);
    List<SegmentRef> written =
        phases.run(
            "write",
            () -> rewrite.groups(plan.groups(), ModelFile.read(storage, snapshot.model())),
            segments -> Phases.count(segments.size()) + " segments");
    run.wrote(written);
    Change change = Rewriting.change(OPERATION, snapshot, null, replaced, written, true);
    Snapshot committed =
        phases.run(
            "commit",
            () ->
                new Committer(new SnapshotLog(storage), new ModelReassigner(storage))
                    .commit(change),
            done -> "version " + done.version());
    return run.result(committed.version(), false);
  }

  private static void describe(
      UpkeepRun run,
      CompactionPlan plan,
      Snapshot snapshot,
      Map<String, Long> writtenMs,
      CompactionSettings what,
      DeleteRetention retention) {
    for (Map.Entry<CompactionPlan.Reason, Integer> reason :
        plan.reasons(snapshot, writtenMs, what).entrySet()) {
      run.step("segments written anew: %d, %s", reason.getValue(), inWords(reason.getKey(), what));
    }
    run.step("%s segments become about %s", plan.segments().size(), plan.groups().size());
    run.step("%s", retention.reason());
  }

  private static String inWords(CompactionPlan.Reason reason, CompactionSettings what) {
    return switch (reason) {
      case PURGE -> "with deletes that need not be remembered any longer, or rows of their ids";
      case OVERDUE -> "with rows that may have been dead for longer than deletes are remembered";
      case DEAD_ROWS ->
          String.format(
              Locale.ROOT, "of whose rows more than %.0f%% are dead", 100 * what.maxDeadShare());
      case SMALL ->
          "of which " + what.segmentsPerTier() + " or more are of about one size, and are merged";
      case ASKED -> "because all are asked for";
      case TIED -> "which cannot be told from others but by their names";
    };
  }
}
