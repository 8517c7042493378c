package io.tarn.spark;

import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.ListCount;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.maintain.DeleteRetention;
import io.tarn.index.maintain.Retraining;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.RetrainRequest;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.PreparedReassigner;
import io.tarn.spark.live.SettledFates;
import io.tarn.spark.maintain.Rewrite;
import io.tarn.spark.segment.IndexLocation;
import io.tarn.spark.segment.ListSizes;
import io.tarn.spark.train.Sample;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkUserAppException;
import org.apache.spark.sql.SparkSession;

/**
 * Trains the lists of an index anew on a sample of its live rows, and writes all rows again,
 * assigned with the new model, in one commit. Whoever reads goes on with the version it has;
 * whoever writes goes on, too: what was committed meanwhile is assigned in the same commit.
 *
 * <p>A job that fails changes nothing; what it has written is removed by expiry.
 */
public final class RetrainJob {
  private static final String OPERATION = "retrain";

  private final SparkSession spark;
  private final RetrainSettings settings;
  private final IndexLocation location;
  private final Phases phases;

  RetrainJob(SparkSession spark, RetrainSettings settings, IndexLocation location) {
    this.spark = spark;
    this.settings = settings;
    this.location = location;
    this.phases = new Phases(spark.sparkContext(), OPERATION);
  }

  /**
   * For spark-submit: {@code [--conf-file FILE] [--set KEY=VALUE]…}; see {@link RetrainSettings}.
   */
  public static void main(String[] args) throws SparkUserAppException {
    JobMain.run(OPERATION, RetrainSettings.class, args, RetrainJob::run);
  }

  /**
   * Trains an index anew.
   *
   * @throws io.tarn.index.commit.NotAnIndexException if there is no index
   * @throws io.tarn.index.commit.CommitConflictException if others changed the model, or replaced
   *     segments, at every attempt
   */
  public static UpkeepResult run(SparkSession spark, RetrainSettings settings) throws IOException {
    IndexLocation location = new IndexLocation(spark.sparkContext(), settings.index());
    return new RetrainJob(spark, settings, location).run();
  }

  UpkeepResult run() throws IOException {
    return UpkeepRun.attempts(location, settings.attempts(), this::retrain);
  }

  private UpkeepResult retrain(Storage storage, Snapshot snapshot) throws IOException {
    UpkeepRun run = new UpkeepRun(phases);
    Optional<RetrainRequest> asked = snapshot.drift().retrainIfAsked();
    if (settings.ifAsked() && asked.isEmpty()) {
      return run.result(snapshot.version(), settings.dryRun());
    }
    DeleteRetention retention =
        UpkeepRun.retention(
            snapshot,
            settings.deleteRetention(),
            settings.forgetDeletesBelow(),
            System.currentTimeMillis());
    List<SegmentFate> fates =
        phases.run(
            "settle",
            () -> SettledFates.of(spark, location, snapshot, retention.forgetBelow()),
            settled -> Phases.count(settled.size()) + " segments");
    long live = fates.stream().mapToLong(SegmentFate::liveRows).sum();
    if (live == 0) {
      return run.result(snapshot.version(), settings.dryRun());
    }
    int lists =
        settings
            .nlist()
            .orElseGet(
                () ->
                    ListCount.byDefault(
                        live, settings.training().maxSampleRows(snapshot.schema().dimension())));
    Quantizer quantizer = Quantizer.of(settings.quantizer().orElse(snapshot.model().quantizer()));
    run.replaces(fates, true);
    asked.ifPresent(
        request ->
            run.step("asked for since version %d: %s", request.sinceVersion(), request.reason()));
    run.step(
        "train %s lists, coded with %s, on the %s live rows of version %d, which has %s lists, coded"
            + " with %s; %s",
        Phases.count(lists),
        quantizer.type(),
        Phases.count(live),
        snapshot.version(),
        Phases.count(snapshot.model().lists()),
        snapshot.model().quantizer(),
        retention.reason());
    if (settings.dryRun()) {
      run.wouldWrite(fates.stream().mapToLong(fate -> fate.keptBytes(true)).sum());
      return run.result(snapshot.version(), true);
    }
    return retrain(storage, snapshot, run, fates, lists, quantizer);
  }

  private UpkeepResult retrain(
      Storage storage,
      Snapshot snapshot,
      UpkeepRun run,
      List<SegmentFate> fates,
      int lists,
      Quantizer quantizer)
      throws IOException {
    Rewrite rewrite = new Rewrite(spark, location, snapshot);
    Model old = ModelFile.read(storage, snapshot.model());
    Trained trained = train(rewrite, fates, lists, old, quantizer);
    Model model = trained.model();
    List<SegmentRef> written =
        phases.run(
            "write",
            () -> rewrite.assigned(fates, trained.sizes(), model, settings.segmentBytes()),
            segments -> Phases.count(segments.size()) + " segments");
    ModelRef modelRef = ModelFile.write(storage, model);
    run.wrote(written);
    Change change = Retraining.change(snapshot, modelRef, fates, written);
    SnapshotLog log = new SnapshotLog(storage);
    PreparedReassigner prepared =
        phases.run(
            "catch up",
            () -> rewrite.catchUp(snapshot.withModel(modelRef), log, storage),
            caughtUp -> "what was committed meanwhile is assigned");
    Snapshot committed =
        phases.run(
            "commit",
            () -> new Committer(log, prepared).commit(change),
            done -> "version " + done.version());
    return run.result(committed.version(), false);
  }

  private record Trained(Model model, ListSizes sizes) {}

  /** Draws a sample and trains on it; it is large, and not kept while the tasks write. */
  private Trained train(
      Rewrite rewrite, List<SegmentFate> fates, int lists, Model old, Quantizer quantizer)
      throws IOException {
    Sample sample = sample(rewrite, fates, lists);
    float[] centroids = train(sample, rewrite.snapshot().schema(), lists);
    Model model = Retraining.model(old, centroids, quantizer);
    return new Trained(model, ListSizes.of(sample, model));
  }

  private Sample sample(Rewrite rewrite, List<SegmentFate> fates, int lists) throws IOException {
    Schema schema = rewrite.snapshot().schema();
    TrainingSettings training = settings.training();
    long live = fates.stream().mapToLong(SegmentFate::liveRows).sum();
    return phases.run(
        "sample",
        () ->
            Sample.draw(
                rewrite.rows(fates),
                schema,
                live,
                training.sampleRows(lists, schema.dimension()),
                training.seed()),
        drawn ->
            Phases.count(drawn.rowCount()) + " of " + Phases.count(drawn.features()) + " rows");
  }

  private float[] train(Sample sample, Schema schema, int lists) throws IOException {
    TrainingSettings training = settings.training();
    return phases.run(
        "train lists",
        () ->
            KMeans.train(
                schema.metric(),
                schema.dimension(),
                sample.rows(),
                lists,
                training.iterations(),
                training.seed(),
                Runtime.getRuntime().availableProcessors()),
        trained -> Phases.count(trained.length / schema.dimension()) + " lists");
  }
}
