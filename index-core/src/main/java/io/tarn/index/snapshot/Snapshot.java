package io.tarn.index.snapshot;

import io.tarn.index.feature.Schema;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One version of the index: everything a reader needs to know, immutable. See docs/FORMAT.md.
 *
 * @param formatVersion the version of the format it is written in
 * @param indexId identifies the index through all its versions
 * @param version 1 for the first commit, then one more for each
 * @param commitId the {@link Change#commitId} of the commit that made it
 * @param operation the {@link Change#operation} of that commit
 * @param timestampMs when it was committed; never less than its predecessor's
 * @param schema what the features look like
 * @param model centroids and quantizer
 * @param embedder what embeds content for this index; null if vectors come ready-made
 * @param segments all segments, oldest sequence first
 * @param sources the positions up to which each source is contained
 * @param calibration measured recall by nprobe; empty until measured
 * @param history what is remembered of versions before
 * @param drift how far the rows have moved away from those that the lists were trained for
 */
public record Snapshot(
    int formatVersion,
    String indexId,
    long version,
    String commitId,
    String operation,
    long timestampMs,
    Schema schema,
    ModelRef model,
    EmbedderRef embedder,
    List<SegmentRef> segments,
    SortedMap<String, SourceState> sources,
    List<CalibrationPoint> calibration,
    History history,
    Drift drift) {
  public Snapshot {
    Objects.requireNonNull(indexId, "indexId");
    Objects.requireNonNull(commitId, "commitId");
    Objects.requireNonNull(schema, "schema");
    Objects.requireNonNull(model, "model");
    segments = List.copyOf(segments);
    sources = Collections.unmodifiableSortedMap(new TreeMap<>(sources));
    calibration = List.copyOf(calibration);
    history = history == null ? History.none() : history;
    drift = drift == null ? Drift.unknown() : drift;
  }

  /** The embedder, if the index has one. */
  public Optional<EmbedderRef> embedderIfAny() {
    return Optional.ofNullable(embedder);
  }

  /** This snapshot with another model; what was measured with the old one is not true of it. */
  public Snapshot withModel(ModelRef other) {
    return with(schema, other, other.equals(model) ? calibration : List.of(), history, drift);
  }

  /** This snapshot with another schema. */
  public Snapshot withSchema(Schema other) {
    return with(other, model, calibration, history, drift);
  }

  /** This snapshot, remembering that its commit brought rows without positions. */
  public Snapshot rememberingItself() {
    return with(schema, model, calibration, history.after(commitId, timestampMs), drift);
  }

  /** This snapshot, saying that those before {@code oldest} have expired. */
  public Snapshot withOldestVersion(long oldest) {
    return with(schema, model, calibration, history.expiredBefore(oldest), drift);
  }

  /** This snapshot with another account of its drift. */
  public Snapshot withDrift(Drift other) {
    return with(schema, model, calibration, history, other);
  }

  private Snapshot with(
      Schema otherSchema,
      ModelRef otherModel,
      List<CalibrationPoint> otherCalibration,
      History otherHistory,
      Drift otherDrift) {
    return new Snapshot(
        formatVersion,
        indexId,
        version,
        commitId,
        operation,
        timestampMs,
        otherSchema,
        otherModel,
        embedder,
        segments,
        sources,
        otherCalibration,
        otherHistory,
        otherDrift);
  }

  /** The state of a source; {@link SourceState#unread()} if the snapshot does not know it. */
  public SourceState source(String name) {
    return sources.getOrDefault(name, SourceState.unread());
  }
}
