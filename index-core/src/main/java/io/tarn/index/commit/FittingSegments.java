package io.tarn.index.commit;

import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The segments of an index after a change, all of them with lists of one model. Those of the change
 * are assigned anew if the index got a new model; those that others committed after the change was
 * made, if the change brings one. What was written anew for one attempt serves the next, so that a
 * change catches up with however many others.
 */
final class FittingSegments {
  private static final Logger LOG = LoggerFactory.getLogger(FittingSegments.class);

  private final Change change;
  private final SegmentReassigner reassigner;
  private List<SegmentRef> added;
  private String assignedWith;
  private boolean filesChecked;

  /** What stands in for the segments, all those there are, of one sequence. */
  private final Map<List<SegmentRef>, List<SegmentRef>> overtaken = new HashMap<>();

  FittingSegments(Change change, SegmentReassigner reassigner) {
    this.change = change;
    this.reassigner = reassigner;
    this.added = change.added();
    this.assignedWith = change.modelId();
  }

  /**
   * Makes sure, once, that the files of the change are there and will stay until it is committed:
   * expiry removes what no snapshot names when it is older ({@link UncommittedFiles}).
   *
   * @throws CommitConflictException if they are not, or may not
   */
  void checkFiles(Storage storage) throws IOException {
    if (!filesChecked) {
      UncommittedFiles.check(storage, change, System.currentTimeMillis());
      filesChecked = true;
    }
  }

  /** The segments that follow on those of {@code base}, which has all that the change replaces. */
  List<SegmentRef> on(Snapshot base) throws IOException {
    ModelRef model = change.newModel().orElse(base.model());
    Set<String> removed = new HashSet<>(change.removed());
    List<SegmentRef> segments = new ArrayList<>();
    Map<Long, List<SegmentRef>> foreign = new TreeMap<>();
    for (SegmentRef segment : base.segments()) {
      if (change.newModel().isPresent() && segment.sequence() > change.upkeep().madeFrom()) {
        foreign.computeIfAbsent(segment.sequence(), s -> new ArrayList<>()).add(segment);
      } else if (!removed.contains(segment.path())) {
        segments.add(segment);
      }
    }
    Snapshot remodelled = base.withModel(model);
    for (List<SegmentRef> together : foreign.values()) {
      segments.addAll(overtaken(together, remodelled));
    }
    if (!added.isEmpty() && !assignedWith.equals(model.id())) {
      LOG.info("Version {} has a new model: re-assigning the rows", base.version());
      added = reassigner.reassign(added, remodelled);
      assignedWith = model.id();
    }
    segments.addAll(added);
    return segments;
  }

  private List<SegmentRef> overtaken(List<SegmentRef> together, Snapshot remodelled)
      throws IOException {
    List<SegmentRef> reassigned = overtaken.get(together);
    if (reassigned == null) {
      LOG.info(
          "Version {} came before the new model: re-assigning its rows",
          together.get(0).sequence());
      reassigned = reassigner.reassign(together, remodelled);
      overtaken.put(List.copyOf(together), reassigned);
    }
    return reassigned;
  }
}
