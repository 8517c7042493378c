package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.util.List;

/**
 * An index under a model that was trained anew: all rows that are kept are written again, assigned
 * with it. Rows that others commit meanwhile are assigned as the change is committed.
 */
public final class Retraining {
  private Retraining() {}

  /** The model of new centroids; its lists get numbers that no list of the index ever had. */
  public static Model model(Model old, float[] centroids, Quantizer quantizer) {
    int[] listIds = new int[centroids.length / old.dimension()];
    for (int i = 0; i < listIds.length; i++) {
      listIds[i] = Math.addExact(old.nextListId(), i);
    }
    return new Model(
        old.metric(),
        old.dimension(),
        listIds,
        Math.addExact(old.nextListId(), listIds.length),
        centroids,
        quantizer);
  }

  /**
   * The change to a snapshot of which all rows were written again.
   *
   * @param fates of all segments; deletes that can go were left out
   * @param written the new segments, without sequences
   */
  public static Change change(
      Snapshot made, ModelRef model, List<SegmentFate> fates, List<SegmentRef> written) {
    long sequence = fates.stream().mapToLong(fate -> fate.ref().sequence()).max().orElse(1);
    List<SegmentRef> added = written.stream().map(ref -> ref.committedIn(sequence)).toList();
    return Rewriting.change("retrain", made, model, fates, added, true).retraining();
  }
}
