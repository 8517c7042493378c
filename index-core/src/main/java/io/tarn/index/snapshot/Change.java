package io.tarn.index.snapshot;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What one commit is to do to the index. It can be stored and committed again: its identity, and
 * the positions it covers, tell whether that has happened already.
 *
 * @param commitId unique to this change
 * @param operation what made it, such as {@code append} or {@code stream}; for people
 * @param modelId the model with which the added rows were assigned to lists
 * @param added the new segments
 * @param removed the paths of the segments that {@code added} replaces
 * @param sources the records taken in, by source
 */
public record Change(
    String commitId,
    String operation,
    String modelId,
    List<SegmentRef> added,
    List<String> removed,
    SortedMap<String, SourceAdvance> sources) {
  public Change {
    added = List.copyOf(added);
    removed = List.copyOf(removed);
    sources = Collections.unmodifiableSortedMap(new TreeMap<>(sources));
  }

  /** A change that adds rows which come from no positioned source. */
  public static Change append(String operation, String modelId, List<SegmentRef> added) {
    return new Change(
        UUID.randomUUID().toString(), operation, modelId, added, List.of(), new TreeMap<>());
  }
}
