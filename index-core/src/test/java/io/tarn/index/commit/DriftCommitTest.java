package io.tarn.index.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.format.ModelFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.DriftSample;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.RetrainRequest;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.FaultyStorage;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** What commits say of drift, beside what is computed from the vectors alone. */
class DriftCommitTest {
  private static final int DIMENSION = 5;
  private static final int LISTS = 4;
  private static final double ROUNDING = 1e-4;

  private final Storage storage = new MemoryStorage();
  private final SnapshotLog log = new SnapshotLog(storage);
  private final Committer committer = new Committer(log, new ModelReassigner(storage));
  private int nextId;

  private Schema schema(Metric metric) {
    return new Schema(IdType.INT64, DIMENSION, metric, List.of());
  }

  private static Model model(Metric metric, Random random, int firstList, Quantizer quantizer)
      throws RejectedFeatureException {
    Schema schema = new Schema(IdType.INT64, DIMENSION, metric, List.of());
    float[] centroids = new float[LISTS * DIMENSION];
    for (int list = 0; list < LISTS; list++) {
      System.arraycopy(vector(schema, random, 3), 0, centroids, list * DIMENSION, DIMENSION);
    }
    return Model.numberedFrom(firstList, metric, DIMENSION, centroids, quantizer);
  }

  private static float[] vector(Schema schema, Random random, double spread)
      throws RejectedFeatureException {
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = (float) (spread * random.nextGaussian());
    }
    return VectorRules.accept(schema, vector);
  }

  private static List<float[]> vectors(Schema schema, Random random, int count, double spread)
      throws RejectedFeatureException {
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      vectors.add(vector(schema, random, spread));
    }
    return vectors;
  }

  private SegmentRef write(Schema schema, Model model, List<float[]> vectors) throws IOException {
    FeatureBuffer buffer = new FeatureBuffer(storage, schema, model);
    for (float[] vector : vectors) {
      nextId++;
      buffer.add(new Feature(FeatureId.of(nextId), vector, nextId, nextId, new Object[0]));
    }
    return buffer.flush().orElseThrow();
  }

  private Snapshot create(Schema schema, Model model, List<float[]> vectors) throws IOException {
    List<SegmentRef> segments =
        vectors.isEmpty() ? List.of() : List.of(write(schema, model, vectors));
    return Committer.create(
        log, new NewIndex("build", schema, ModelFile.write(storage, model), null, segments));
  }

  private Change append(Schema schema, Model model, List<float[]> vectors) throws IOException {
    return Change.append(
        "append", log.newest().model().id(), List.of(write(schema, model, vectors)));
  }

  /** The smallest squared distance to a centroid: of unit vectors that is the largest product. */
  private static double error(Model model, List<float[]> vectors) {
    double sum = 0;
    for (float[] vector : vectors) {
      double least = Double.POSITIVE_INFINITY;
      for (int list = 0; list < model.listCount(); list++) {
        double distance = 0;
        for (int i = 0; i < DIMENSION; i++) {
          double difference = (double) vector[i] - model.centroids()[list * DIMENSION + i];
          distance += difference * difference;
        }
        least = Math.min(least, distance);
      }
      sum += least;
    }
    return sum / vectors.size();
  }

  @Property(tries = 20)
  void errorsAreThoseOfBruteForce(@ForAll long seed, @ForAll Metric metric) throws Exception {
    DriftCommitTest fresh = new DriftCommitTest();
    fresh.checkErrors(new Random(seed), metric);
  }

  private void checkErrors(Random random, Metric metric) throws Exception {
    Schema schema = schema(metric);
    Quantizer quantizer = random.nextBoolean() ? Quantizer.byDefault() : new Quantizer.None();
    Model model = model(metric, random, 0, quantizer);
    List<float[]> baseline = vectors(schema, random, random.nextInt(2000), 3);
    create(schema, model, baseline);
    double baselineError = baseline.isEmpty() ? 0 : error(model, baseline);
    double error = baselineError;
    for (int commit = 0; commit < 6; commit++) {
      List<float[]> rows = vectors(schema, random, 1 + random.nextInt(900), 1 + commit * 3);
      Drift drift = committer.commit(append(schema, model, rows)).drift();
      if (baseline.size() < 1000) {
        baseline.addAll(rows);
        baselineError = error(model, baseline);
        error = baselineError;
      } else {
        double weight = Math.min(0.125, rows.size() / 10_000.0);
        error += weight * (Math.min(error(model, rows), 4 * baselineError) - error);
      }
      assertThat(drift.baselineRows()).isEqualTo(baseline.size());
      assertThat(drift.baselineError()).isCloseTo(baselineError, within(ROUNDING * baselineError));
      assertThat(drift.error()).isCloseTo(error, within(ROUNDING * error));
      assertThat(log.newest().drift()).isEqualTo(drift);
    }
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
  }

  /** The error is that after the other commit, not beside it. */
  @Test
  void aCommitThatLosesTheRaceCountsOnTopOfTheOther() throws Exception {
    Schema schema = schema(Metric.L2);
    Random random = new Random(1);
    Model model = model(Metric.L2, random, 0, Quantizer.byDefault());
    Drift before = create(schema, model, vectors(schema, random, 1000, 3)).drift();
    Change slow = append(schema, model, vectors(schema, random, 300, 6));
    Change fast = append(schema, model, vectors(schema, random, 500, 9));
    FaultyStorage raced = new FaultyStorage(storage);
    raced.beforePublishing(SnapshotLog.path(2), () -> committer.commit(fast));

    Committer loser = new Committer(new SnapshotLog(raced), new ModelReassigner(raced));
    Snapshot last = loser.commit(slow);

    assertThat(last.version()).isEqualTo(3);
    assertThat(loser.retries()).isEqualTo(1);
    assertThat(last.drift()).isEqualTo(before.after(fast.added()).after(slow.added()));
    assertThat(last.drift()).isNotEqualTo(before.after(slow.added()));
    assertThat(committer.commit(slow)).as("once more").isEqualTo(last);
  }

  @Test
  void rowsThatAreAssignedAnewCountAsTheyAreThen() throws Exception {
    Schema schema = schema(Metric.L2);
    Random random = new Random(2);
    Model old = model(Metric.L2, random, 0, Quantizer.byDefault());
    List<float[]> built = vectors(schema, random, 1500, 3);
    Snapshot base = create(schema, old, built);
    List<float[]> early = vectors(schema, random, 1200, 3);
    List<float[]> late = vectors(schema, random, 1300, 3);
    Change streamed = append(schema, old, late);
    Model model = model(Metric.L2, random, LISTS, Quantizer.byDefault());
    ModelRef modelRef = ModelFile.write(storage, model);
    Change retrain =
        Change.overwrite("retrain", base, modelRef, List.of(write(schema, model, built)));
    committer.commit(append(schema, old, early));
    committer.askForRetrain(1, "because", List.of());

    Snapshot retrained = committer.commit(retrain);
    Snapshot last = committer.commit(streamed);

    List<float[]> all = new ArrayList<>(built);
    all.addAll(early);
    assertThat(retrained.drift().baselineRows()).isEqualTo(all.size());
    double expected = error(model, all);
    assertThat(retrained.drift().baselineError()).isCloseTo(expected, within(ROUNDING * expected));
    assertThat(retrained.drift().trainedVersion()).isEqualTo(retrained.version());
    assertThat(retrained.drift().retrain()).isNull();
    double smoothed = expected + 0.125 * (error(model, late) - expected);
    assertThat(last.drift().error()).isCloseTo(smoothed, within(ROUNDING * smoothed));
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
  }

  @Test
  void aSegmentThatIsSaidToBeNearerThanItIsIsFound() throws Exception {
    Schema schema = schema(Metric.COSINE);
    Random random = new Random(5);
    Model model = model(Metric.COSINE, random, 0, new Quantizer.None());
    create(schema, model, List.of());
    SegmentRef sound = write(schema, model, vectors(schema, random, 100, 3));
    SegmentRef wrong =
        new SegmentRef(
            sound.file(),
            0,
            sound.rows(),
            0,
            sound.minOrder(),
            sound.maxOrder(),
            0.99 * sound.squaredError());

    committer.commit(Change.append("append", log.newest().model().id(), List.of(wrong)));

    assertThat(IndexVerifier.verify(storage).problems())
        .singleElement()
        .asString()
        .startsWith(sound.path() + ": has a squared error of ");
  }

  @Test
  void whatWasMeasuredComesWithTheNextChange() throws Exception {
    Schema schema = schema(Metric.L2);
    Random random = new Random(3);
    Model model = model(Metric.L2, random, 0, Quantizer.byDefault());
    create(schema, model, vectors(schema, random, 100, 3));
    DriftSample first = new DriftSample(1, 1.2, 0.9, 8, 100);
    DriftSample second = new DriftSample(2, 1.3, 0.5, 8, 100);
    Change change = append(schema, model, vectors(schema, random, 10, 3));

    Snapshot committed = committer.commit(change, List.of(first, second));

    assertThat(committed.version()).isEqualTo(2);
    assertThat(committed.drift().first()).isEqualTo(first);
    assertThat(committed.drift().latest()).isEqualTo(new DriftSample(2, 1.3, 0.85, 8, 100));
    assertThat(log.newest().drift()).isEqualTo(committed.drift());
    Change next = append(schema, model, vectors(schema, random, 10, 3));
    assertThat(committer.commit(next, List.of(first, second)).drift().latest())
        .as("not twice")
        .isEqualTo(committed.drift().latest());
  }

  @Test
  void aRetrainIsAskedForOnceAndOnlyOfTheListsThatWereJudged() throws Exception {
    Schema schema = schema(Metric.L2);
    Random random = new Random(4);
    Model model = model(Metric.L2, random, 0, Quantizer.byDefault());
    create(schema, model, vectors(schema, random, 100, 3));

    Snapshot asked = committer.askForRetrain(1, "because", List.of());

    assertThat(asked.version()).isEqualTo(2);
    assertThat(asked.operation()).isEqualTo("ask-for-retrain");
    assertThat(asked.drift().retrain()).isEqualTo(new RetrainRequest(2, "because"));
    assertThat(committer.askForRetrain(1, "again", List.of())).isEqualTo(asked);
    Model other = model(Metric.L2, random, LISTS, Quantizer.byDefault());
    ModelRef otherRef = ModelFile.write(storage, other);
    List<SegmentRef> rows = List.of(write(schema, other, vectors(schema, random, 50, 3)));
    Snapshot retrained = committer.commit(Change.overwrite("retrain", asked, otherRef, rows));
    assertThat(retrained.drift().retrain()).isNull();
    assertThat(committer.askForRetrain(1, "too late", List.of())).isEqualTo(retrained);
  }
}
