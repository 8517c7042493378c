package io.tarn.index.commit;

import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.Upkeep;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What keeps a change that replaces segments, or the model, from being made on a snapshot. */
final class UpkeepConflicts {
  private UpkeepConflicts() {}

  /** The reason why the change cannot follow on the snapshot, or empty if it can. */
  static Optional<String> find(Snapshot newest, Change change) {
    Set<String> missing = new TreeSet<>(change.removed());
    newest.segments().forEach(segment -> missing.remove(segment.path()));
    if (!missing.isEmpty()) {
      return Optional.of(
          "version "
              + newest.version()
              + " no longer has the segments this change replaces: "
              + missing);
    }
    Upkeep upkeep = change.upkeep();
    if (upkeep == null) {
      return Optional.empty();
    }
    if (upkeep.newModel() != null && !newest.model().id().equals(upkeep.oldModelId())) {
      return Optional.of(
          "version "
              + newest.version()
              + " has the model "
              + newest.model().id()
              + ", and this change replaces "
              + upkeep.oldModelId());
    }
    return forgottenDeletes(newest, upkeep);
  }

  /** A row that came after its delete was found to be of no more use would come back to life. */
  private static Optional<String> forgottenDeletes(Snapshot newest, Upkeep upkeep) {
    String late =
        newest.segments().stream()
            .filter(segment -> segment.sequence() > upkeep.madeFrom())
            .filter(segment -> segment.minOrder() < upkeep.maxForgottenOrder())
            .map(SegmentRef::path)
            .collect(Collectors.joining(", "));
    return late.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "rows as old as the deletes that this change leaves out, up to order "
                + upkeep.maxForgottenOrder()
                + ", came after version "
                + upkeep.madeFrom()
                + " in "
                + late);
  }
}
