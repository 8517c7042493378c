package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.format.Format;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.Upkeep;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
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
        new Upkeep(snapshot.version(), snapshot.model().id(), newModel, maxForgottenOrder));
  }

  private SegmentOutput output(long sequence) {
    return new SegmentOutput(storage, snapshot.schema(), model, sequence);
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
      for (int i = 0; i < segments.size(); i++) {
        writeDeletes(subjects.get(i), segments.get(i), output);
      }
      int[] next = segments.stream().mapToInt(Segment::deletes).toArray();
      for (int list = leastList(segments, next);
          list != Format.DELETES_LIST;
          list = leastList(segments, next)) {
        for (int i = 0; i < next.length; i++) {
          next[i] = writeList(subjects.get(i), segments.get(i), next[i], list, output);
        }
      }
      added.addAll(output.finish());
    }
  }

  private static int leastList(List<Segment> segments, int[] next) {
    int least = Format.DELETES_LIST;
    for (int i = 0; i < next.length; i++) {
      Segment segment = segments.get(i);
      if (next[i] < segment.rowCount()) {
        int list = segment.lists().listOf(next[i]);
        least = least == Format.DELETES_LIST ? list : Math.min(least, list);
      }
    }
    return least;
  }

  private int writeList(int s, Segment segment, int from, int list, SegmentOutput output)
      throws IOException {
    int row = from;
    for (; row < segment.rowCount() && segment.lists().listOf(row) == list; row++) {
      if (survey.isKept(s, row)) {
        output.add(list, segment.feature(row));
      }
    }
    return row;
  }

  /** Writes the rows of a subject under other lists, of the model that was given. */
  void move(int s, Segment segment, int[] lists) throws IOException {
    removed.add(segment.ref().path());
    long[] sorted = new long[segment.rowCount() - segment.deletes()];
    for (int i = 0; i < sorted.length; i++) {
      int row = segment.deletes() + i;
      sorted[i] = (long) lists[row] << 32 | row;
    }
    Arrays.sort(sorted);
    try (SegmentOutput output = output(segment.ref().sequence())) {
      writeDeletes(s, segment, output);
      for (long listAndRow : sorted) {
        int row = (int) listAndRow;
        if (survey.isKept(s, row)) {
          output.add((int) (listAndRow >>> 32), segment.feature(row));
        }
      }
      added.addAll(output.finish());
    }
  }

  private void writeDeletes(int s, Segment segment, SegmentOutput output) throws IOException {
    for (int row = 0; row < segment.deletes(); row++) {
      Feature delete = segment.feature(row);
      if (survey.isKept(s, row)) {
        output.addDelete(delete);
      } else if (survey.isNewest(s, row)) {
        maxForgottenOrder = Math.max(maxForgottenOrder, delete.order());
      }
    }
  }
}
