package io.tarn.index.snapshot;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
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
 * @param upkeep what a change made by maintenance relies on; null for one that only brings rows
 */
public record Change(
    String commitId,
    String operation,
    String modelId,
    List<SegmentRef> added,
    List<String> removed,
    SortedMap<String, SourceAdvance> sources,
    Upkeep upkeep) {
  public Change {
    added = List.copyOf(added);
    removed = List.copyOf(removed);
    sources = Collections.unmodifiableSortedMap(new TreeMap<>(sources));
  }

  /** A change that brings rows. */
  public Change(
      String commitId,
      String operation,
      String modelId,
      List<SegmentRef> added,
      List<String> removed,
      SortedMap<String, SourceAdvance> sources) {
    this(commitId, operation, modelId, added, removed, sources, null);
  }

  /** The model this change brings, if it brings one. */
  public Optional<ModelRef> newModel() {
    return upkeep == null ? Optional.empty() : Optional.ofNullable(upkeep.newModel());
  }

  /** A change that adds rows which come from no positioned source. */
  public static Change append(String operation, String modelId, List<SegmentRef> added) {
    return new Change(
        UUID.randomUUID().toString(), operation, modelId, added, List.of(), new TreeMap<>());
  }
}
