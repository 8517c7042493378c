package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.Upkeep;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Writes settled segments anew: some of them here, others elsewhere at the same time, and in the
 * end one change puts all that was written in their place. The rules are those of {@link
 * Maintenance}; what differs is that the whole snapshot was settled before.
 */
public final class Rewriting {
  private Rewriting() {}

  /**
   * Writes the rows that are kept of some segments together, each list of one after that of the
   * other. All these segments are in memory meanwhile.
   *
   * @param model has the lists of the rows
   * @param forgetting whether deletes that can go are left out: all segments that are {@link
   *     SegmentFate#purged} have to be replaced by the same change then
   * @param names gives each new segment a name that no segment has
   * @return the new segments, none if nothing is kept
   */
  public static List<SegmentRef> merge(
      Storage storage,
      Schema schema,
      Model model,
      List<SegmentFate> group,
      boolean forgetting,
      Supplier<UUID> names)
      throws IOException {
    List<Segment> segments = new ArrayList<>();
    long sequence = 0;
    for (SegmentFate fate : group) {
      segments.add(SegmentReader.read(storage, fate.ref(), schema));
      sequence = Math.max(sequence, fate.ref().sequence());
    }
    try (SegmentOutput output = new SegmentOutput(storage, schema, model, sequence, names)) {
      ListOrder.merge(segments, (i, row) -> group.get(i).isKept(row, forgetting), output);
      return output.finish();
    }
  }

  /**
   * Puts new segments in the place of others.
   *
   * @param made from what the segments were settled
   * @param newModel the model of the new segments if it is another, else null
   * @param forgetting whether deletes that can go were left out
   * @throws IllegalArgumentException if segments stay that have to be replaced with these
   */
  public static Change change(
      String operation,
      Snapshot made,
      ModelRef newModel,
      Collection<SegmentFate> replaced,
      List<SegmentRef> added,
      boolean forgetting) {
    long maxForgottenOrder = Upkeep.NOTHING_FORGOTTEN;
    List<String> removed = new ArrayList<>();
    for (SegmentFate fate : replaced) {
      removed.add(fate.ref().path());
      if (forgetting && !fate.forgettable().isEmpty()) {
        maxForgottenOrder = Math.max(maxForgottenOrder, fate.maxForgottenOrder());
      }
    }
    for (SegmentFate fate : replaced) {
      if (!removed.containsAll(fate.tied())) {
        throw new IllegalArgumentException(
            fate.ref().path() + " can only be replaced together with " + fate.tied());
      }
    }
    return new Change(
        UUID.randomUUID().toString(),
        operation,
        newModel == null ? made.model().id() : newModel.id(),
        added,
        removed,
        new TreeMap<>(),
        new Upkeep(made.version(), made.model().id(), newModel, maxForgottenOrder, false));
  }
}
