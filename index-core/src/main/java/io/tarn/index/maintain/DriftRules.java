package io.tarn.index.maintain;

import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.DriftSample;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How far an index may move away from what its lists were trained for before they should be trained
 * anew. Each is a change since then: an index that is uneven by nature is so after a retrain, too.
 *
 * @param maxErrorRatio how many times the assignment error of the rows the lists were trained for
 *     that of recent rows may be; less than {@link Drift#MAX_RATIO}, which it never exceeds
 * @param maxImbalanceRatio how many times as uneven lists may be as when it was measured first
 * @param maxRecallLoss how much smaller recall may be than when it was measured first
 */
public record DriftRules(double maxErrorRatio, double maxImbalanceRatio, double maxRecallLoss) {

  /** Why lists should be trained anew, if they should. */
  public Optional<String> reasonToRetrain(Drift drift) {
    List<String> reasons = new ArrayList<>();
    double errorRatio = drift.errorRatio().orElse(1);
    if (errorRatio > maxErrorRatio) {
      reasons.add(
          format(
              "recent rows are %.2f times as far from their centroids, squared, as those that the"
                  + " lists were trained for, and %.2f times is allowed",
              errorRatio, maxErrorRatio));
    }
    DriftSample first = drift.first();
    DriftSample latest = drift.latest();
    if (latest != null && latest.imbalance() > maxImbalanceRatio * first.imbalance()) {
      reasons.add(
          format(
              "the imbalance of lists is %.2f, and was %.2f in version %d; %.2f times that is"
                  + " allowed",
              latest.imbalance(), first.imbalance(), first.version(), maxImbalanceRatio));
    }
    if (latest != null && latest.recall() < first.recall() - maxRecallLoss) {
      reasons.add(
          format(
              "recall@%d at nprobe %d is %.3f, and was %.3f in version %d; %.3f less is allowed",
              DriftSample.K,
              latest.nprobe(),
              latest.recall(),
              first.recall(),
              first.version(),
              maxRecallLoss));
    }
    return reasons.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", reasons));
  }

  private static String format(String text, Object... values) {
    return String.format(Locale.ROOT, text, values);
  }
}
