package io.tarn.index.snapshot;

import io.tarn.index.feature.Attribute;
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
 * @param newAttributes attributes that the added rows may have and the index may lack: they become
 *     part of its schema
 */
public record Change(
    String commitId,
    String operation,
    String modelId,
    List<SegmentRef> added,
    List<String> removed,
    SortedMap<String, SourceAdvance> sources,
    Upkeep upkeep,
    List<Attribute> newAttributes) {
  public Change {
    added = List.copyOf(added);
    removed = List.copyOf(removed);
    sources = Collections.unmodifiableSortedMap(new TreeMap<>(sources));
    newAttributes = List.copyOf(newAttributes);
  }

  /** A change made by maintenance, or one that brings rows if {@code upkeep} is null. */
  public Change(
      String commitId,
      String operation,
      String modelId,
      List<SegmentRef> added,
      List<String> removed,
      SortedMap<String, SourceAdvance> sources,
      Upkeep upkeep) {
    this(commitId, operation, modelId, added, removed, sources, upkeep, List.of());
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

  /** Whether it brings lists that were trained anew. */
  public boolean retrains() {
    return upkeep != null && upkeep.trained();
  }

  /** This change, whose model was trained anew. */
  public Change retraining() {
    Upkeep trained =
        new Upkeep(
            upkeep.madeFrom(),
            upkeep.oldModelId(),
            upkeep.newModel(),
            upkeep.maxForgottenOrder(),
            true);
    return new Change(
        commitId, operation, modelId, added, removed, sources, trained, newAttributes);
  }

  /** Whether it does nothing but add attributes. */
  public boolean isSchemaOnly() {
    return added.isEmpty() && removed.isEmpty() && sources.isEmpty() && upkeep == null;
  }

  /** This change, which also adds attributes to the schema. */
  public Change adding(List<Attribute> attributes) {
    return new Change(commitId, operation, modelId, added, removed, sources, upkeep, attributes);
  }

  /**
   * A change that puts other rows, assigned with a model of their own, in the place of all that a
   * version has. What others commit meanwhile stays, under the new model; positions of sources do
   * not move.
   *
   * @param base the version whose rows go
   * @param model its lists have numbers that {@code base} never had
   * @param added the rows that come
   */
  public static Change overwrite(
      String operation, Snapshot base, ModelRef model, List<SegmentRef> added) {
    return new Change(
        UUID.randomUUID().toString(),
        operation,
        model.id(),
        added,
        base.segments().stream().map(SegmentRef::path).toList(),
        new TreeMap<>(),
        new Upkeep(base.version(), base.model().id(), model, Upkeep.NOTHING_FORGOTTEN, true));
  }

  /** A change that adds rows which come from no positioned source. */
  public static Change append(String operation, String modelId, List<SegmentRef> added) {
    return new Change(
        UUID.randomUUID().toString(), operation, modelId, added, List.of(), new TreeMap<>());
  }
}
