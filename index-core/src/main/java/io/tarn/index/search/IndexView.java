package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One snapshot, ready to be searched: immutable, safe for any number of threads, and unaffected by
 * later commits. Obtained from an {@link IndexReader}.
 */
public final class IndexView {
  private final Snapshot snapshot;
  private final SearchModel searchModel;
  private final Model model;
  private final List<LoadedSegment> segments;
  private final LiveRows live;

  IndexView(Snapshot snapshot, SearchModel model, List<LoadedSegment> segments, LiveRows live) {
    this.snapshot = snapshot;
    this.searchModel = model;
    this.model = model.model();
    this.segments = List.copyOf(segments);
    this.live = live;
  }

  /** The snapshot this view shows. */
  public Snapshot snapshot() {
    return snapshot;
  }

  /** The model of the snapshot. */
  public Model model() {
    return model;
  }

  /** How many features are live: neither superseded nor deleted. */
  public long liveRowCount() {
    return live.count();
  }

  /** How many live features each list has, in the order of {@link Model#listIds()}. */
  public long[] liveRowsByList() {
    long[] counts = new long[model.listCount()];
    for (int s = 0; s < segments.size(); s++) {
      LoadedSegment segment = segments.get(s);
      for (int list = 0; list < counts.length; list++) {
        for (int row = segment.listStart(list); row < segment.listEnd(list); row++) {
          counts[list] += live.isLive(s, row) ? 1 : 0;
        }
      }
    }
    return counts;
  }

  /**
   * Gives every live feature, in no particular order.
   *
   * @throws java.io.UncheckedIOException as {@link #search} does
   */
  public void forEachLive(Consumer<Feature> consumer) {
    for (int s = 0; s < segments.size(); s++) {
      Segment segment = segments.get(s).segment;
      for (int row = segment.deletes(); row < segment.rowCount(); row++) {
        if (live.isLive(s, row)) {
          consumer.accept(segment.feature(row));
        }
      }
    }
  }

  /**
   * The live feature of an id, or empty if there is none or it is deleted.
   *
   * @throws java.io.UncheckedIOException as {@link #search} does
   */
  public Optional<Feature> get(FeatureId id) {
    checkIdType(id);
    IdColumn key = IdColumn.single(id);
    int[] found = {-1};
    for (int s = 0; s < segments.size(); s++) {
      int segment = s;
      segments
          .get(s)
          .forEachRowOf(key, 0, row -> found[0] = live.isLive(segment, row) ? row : found[0]);
      if (found[0] >= 0) {
        return Optional.of(segments.get(s).segment.feature(found[0]));
      }
    }
    return Optional.empty();
  }

  private void checkIdType(FeatureId id) {
    Schema schema = snapshot.schema();
    if (id.type() != schema.idType()) {
      throw new IllegalArgumentException(
          "id '"
              + id
              + "' is "
              + id.type().externalName()
              + ", the ids of this index are "
              + schema.idType().externalName());
    }
  }

  /**
   * Finds the k live features nearest to a vector. Fewer than k hits mean that there are no more.
   *
   * @param query a vector of the index's dimension; under cosine of any length but zero
   * @throws RejectedFeatureException if the query is no such vector
   * @throws java.io.UncheckedIOException if vectors are not in memory and cannot be read; its cause
   *     is a {@link io.tarn.index.format.DamagedFileException} if they are damaged
   */
  public SearchResult search(float[] query, int k, Probe probe) throws RejectedFeatureException {
    if (k < 1) {
      throw new IllegalArgumentException("k " + k + " is less than 1");
    }
    float[] vector = VectorRules.accept(snapshot.schema(), query);
    SearchScratch scratch = searchModel.takeScratch();
    try {
      return new ListSearch(this, scratch, vector, k).run(probe);
    } finally {
      searchModel.giveBack(scratch);
    }
  }

  List<Hit> hits(TopK nearest) {
    List<Hit> hits = new ArrayList<>(nearest.size());
    while (nearest.size() > 0) {
      nearest.removeWorst((distance, segment, row) -> hits.add(hit(distance, segment, row)));
    }
    Collections.reverse(hits);
    return hits;
  }

  private Hit hit(float distance, int segmentIndex, int row) {
    Segment segment = segments.get(segmentIndex).segment;
    Map<String, Object> attributes = new LinkedHashMap<>();
    List<Attribute> schema = snapshot.schema().attributes();
    for (int i = 0; i < schema.size(); i++) {
      attributes.put(schema.get(i).name(), segment.attributes().get(i).get(row));
    }
    return new Hit(segment.ids().get(row), distance, Collections.unmodifiableMap(attributes));
  }

  int compareIds(int segment, int row, int otherSegment, int otherRow) {
    return segments
        .get(segment)
        .segment
        .ids()
        .compare(row, segments.get(otherSegment).segment.ids(), otherRow);
  }

  /** Bytes of heap it takes, what it shares with other views included; no cache of pages. */
  long memoryBytes() {
    long bytes = searchModel.memoryBytes() + live.memoryBytes();
    for (LoadedSegment segment : segments) {
      bytes += segment.memoryBytes();
    }
    return bytes;
  }

  SearchModel searchModel() {
    return searchModel;
  }

  List<LoadedSegment> segments() {
    return segments;
  }

  LiveRows live() {
    return live;
  }
}
