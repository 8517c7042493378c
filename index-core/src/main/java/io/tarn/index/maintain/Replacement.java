package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.Upkeep;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/** Replaces subjects of a survey, and remembers what a change needs to know of it. */
final class Replacement {
  private final Storage storage;
  private final Snapshot snapshot;
  private final Survey survey;
  private final Model model;
  private final List<SegmentRef> added = new ArrayList<>();
  private final Set<String> removed = new HashSet<>();
  private long maxForgottenOrder = Upkeep.NOTHING_FORGOTTEN;

  /**
   * @param model has the lists of the rows that are written
   */
  Replacement(Storage storage, Snapshot snapshot, Survey survey, Model model) {
    this.storage = storage;
    this.snapshot = snapshot;
    this.survey = survey;
    this.model = model;
  }

  Change change(String operation, ModelRef newModel) {
    return new Change(
        UUID.randomUUID().toString(),
        operation,
        newModel == null ? snapshot.model().id() : newModel.id(),
        added,
        List.copyOf(removed),
        new TreeMap<>(),
        new Upkeep(snapshot.version(), snapshot.model().id(), newModel, maxForgottenOrder, false));
  }

  private SegmentOutput output(long sequence) {
    return new SegmentOutput(storage, snapshot.schema(), model, sequence, UUID::randomUUID);
  }

  /** Writes the rows of some subjects together, each list of one after that of the other. */
  void merge(List<Integer> subjects) throws IOException {
    long sequence = 0;
    List<Segment> segments = new ArrayList<>();
    for (int s : subjects) {
      segments.add(survey.segment(s));
      sequence = Math.max(sequence, survey.outline(s).ref().sequence());
      removed.add(survey.outline(s).ref().path());
    }
    try (SegmentOutput output = output(sequence)) {
      ListOrder.merge(segments, (i, row) -> isKept(subjects.get(i), segments.get(i), row), output);
      added.addAll(output.finish());
    }
  }

  /** Writes the rows of a subject under other lists, of the model that was given. */
  void move(int s, Segment segment, int[] lists) throws IOException {
    removed.add(segment.ref().path());
    try (SegmentOutput output = output(segment.ref().sequence())) {
      ListOrder.move(segment, lists, (i, row) -> isKept(s, segment, row), output);
      added.addAll(output.finish());
    }
  }

  /** Whether a row is written; of deletes that are not, though they are newest, a note is made. */
  private boolean isKept(int s, Segment segment, int row) {
    boolean kept = survey.isKept(s, row);
    if (!kept && segment.isDelete(row) && survey.isNewest(s, row)) {
      maxForgottenOrder = Math.max(maxForgottenOrder, segment.orders().get(row));
    }
    return kept;
  }
}
