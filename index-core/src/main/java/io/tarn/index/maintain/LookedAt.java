package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What there was when lists were last looked at, to tell what came after. Segments never change, so
 * lists that were made since have no rows in a segment that there was.
 *
 * @param segments paths
 * @param nextList lists with this id or a larger one were made since
 */
record LookedAt(Set<String> segments, int nextList) {
  LookedAt {
    segments = Set.copyOf(segments);
  }

  /**
   * @param written what the look wrote, beside what it looked at
   */
  static LookedAt of(Snapshot snapshot, Collection<SegmentRef> written, Model model) {
    return new LookedAt(
        Stream.concat(snapshot.segments().stream(), written.stream())
            .map(SegmentRef::path)
            .collect(Collectors.toSet()),
        model.nextListId());
  }

  /** After segments were written anew: what comes of those there were counts as one of them. */
  LookedAt after(Change change) {
    if (!segments.containsAll(change.removed())) {
      return this;
    }
    Set<String> all = new HashSet<>(segments);
    change.added().forEach(ref -> all.add(ref.path()));
    return new LookedAt(all, nextList);
  }

  /** The segments that came since. */
  List<SegmentRef> newSegments(Snapshot snapshot) {
    return snapshot.segments().stream().filter(ref -> !segments.contains(ref.path())).toList();
  }
}
