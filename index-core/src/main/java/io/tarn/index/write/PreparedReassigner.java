package io.tarn.index.write;

import io.tarn.index.commit.SegmentReassigner;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Brings segments to a model for which most of them have been assigned before, elsewhere; so that a
 * commit need not wait for what came in the course of a long change.
 */
public final class PreparedReassigner implements SegmentReassigner {
  private final SegmentReassigner others;
  private final String modelId;
  private final Map<Set<SegmentRef>, List<SegmentRef>> prepared = new HashMap<>();

  /**
   * @param modelId the model for which segments are prepared
   * @param others for segments that are not prepared
   */
  public PreparedReassigner(String modelId, SegmentReassigner others) {
    this.modelId = modelId;
    this.others = others;
  }

  /**
   * Remembers what stands in for some segments.
   *
   * @param segments all that have the same sequence
   * @param reassigned their rows, assigned with the model
   */
  public void add(List<SegmentRef> segments, List<SegmentRef> reassigned) {
    prepared.put(new HashSet<>(segments), List.copyOf(reassigned));
  }

  /** Whether these segments are prepared. */
  public boolean holds(List<SegmentRef> segments) {
    return prepared.containsKey(new HashSet<>(segments));
  }

  @Override
  public List<SegmentRef> reassign(List<SegmentRef> segments, Snapshot snapshot)
      throws IOException {
    List<SegmentRef> known =
        snapshot.model().id().equals(modelId) ? prepared.get(new HashSet<>(segments)) : null;
    return known == null ? others.reassign(segments, snapshot) : known;
  }
}
