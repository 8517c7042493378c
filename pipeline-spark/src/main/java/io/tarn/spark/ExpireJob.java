package io.tarn.spark;

import io.tarn.index.expire.Expiry;
import io.tarn.index.expire.ExpiryPlan;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.Storage;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Removes versions that are no longer kept, segments and models that no kept version names, and
 * what killed writers have left. It can be stopped at any point and run again.
 */
public final class ExpireJob {
  private static final String OPERATION = "expire";

  /** So many files are removed by one task; fewer than two tasks' are removed on the driver. */
  private static final int FILES_PER_TASK = 1000;

  private final SparkSession spark;
  private final ExpireSettings settings;
  private final IndexLocation location;
  private final Phases phases;

  ExpireJob(SparkSession spark, ExpireSettings settings, IndexLocation location) {
    this.spark = spark;
    this.settings = settings;
    this.location = location;
    this.phases = new Phases(spark.sparkContext(), OPERATION);
  }

  /**
   * For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link ExpireSettings}.
   */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, ExpireSettings.class, args, ExpireJob::run);
  }

  /**
   * Expires what is not kept.
   *
   * @throws io.tarn.index.commit.NotAnIndexException if there is no index
   */
  public static ExpireResult run(SparkSession spark, ExpireSettings settings) throws IOException {
    IndexLocation location = new IndexLocation(spark.sparkContext(), settings.index());
    return new ExpireJob(spark, settings, location).run();
  }

  ExpireResult run() throws IOException {
    return Failures.unwrapped(
        () -> {
          try (Storage storage = location.open()) {
            return expire(storage);
          }
        });
  }

  private ExpireResult expire(Storage storage) throws IOException {
    ExpiryPlan plan =
        phases.run(
            "plan",
            () -> Expiry.plan(storage, settings.retention(), Instant.now()),
            planned -> Phases.count(planned.versions().size()) + " versions have expired");
    long newest = plan.newestVersion();
    if (!settings.dryRun()) {
      newest =
          phases.run(
              "announce",
              () -> Expiry.announce(storage, plan),
              version -> "versions before " + plan.oldestVersion() + " have expired");
      remove(storage, "remove versions", plan.versions());
      remove(storage, "remove files", plan.files());
    }
    return new ExpireResult(
        newest,
        settings.dryRun(),
        steps(plan),
        plan.oldestVersion(),
        plan.versions().size(),
        plan.segments().size(),
        plan.models().size(),
        plan.pending().size(),
        plan.spared(),
        plan.bytes(),
        phases.seconds());
  }

  private void remove(Storage storage, String phase, List<FileStat> files) throws IOException {
    phases.run(
        phase,
        () -> {
          if (files.size() < 2 * FILES_PER_TASK) {
            Expiry.remove(storage, files);
          } else {
            removeInTasks(files);
          }
          return files.size();
        },
        removed -> Phases.count(removed) + " files");
  }

  private void removeInTasks(List<FileStat> files) {
    List<Packed<ArrayList<String>>> parts = new ArrayList<>();
    for (int from = 0; from < files.size(); from += FILES_PER_TASK) {
      List<FileStat> part = files.subList(from, Math.min(files.size(), from + FILES_PER_TASK));
      parts.add(Packed.of(new ArrayList<>(part.stream().map(FileStat::path).toList())));
    }
    IndexLocation index = location;
    JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(parts, parts.size())
        .foreach(
            part -> {
              try (Storage storage = index.open()) {
                for (String path : part.get()) {
                  storage.delete(path);
                }
              }
            });
  }

  private List<String> steps(ExpiryPlan plan) {
    List<String> steps = new ArrayList<>();
    if (!plan.announced() || !plan.versions().isEmpty()) {
      steps.add(
          "versions before "
              + plan.oldestVersion()
              + " expire: they are not among the newest "
              + settings.keepVersions()
              + " and were superseded more than "
              + settings.keepAge()
              + " ago; "
              + plan.signposts()
              + " of them stay as signposts to the newest");
    }
    if (!plan.segments().isEmpty() || !plan.models().isEmpty()) {
      steps.add(
          plan.segments().size()
              + " segments and "
              + plan.models().size()
              + " models that no kept version names, older than "
              + settings.safetyAge());
    }
    if (!plan.pending().isEmpty()) {
      steps.add(
          plan.pending().size()
              + " files that writers began and did not finish, older than "
              + settings.safetyAge());
    }
    return steps;
  }
}
