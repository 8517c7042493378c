package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
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
  private static final int SCAN_ROWS = 256;

  private final Snapshot snapshot;
  private final Model model;
  private final List<LoadedSegment> segments;
  private final LiveRows live;
  private final VectorKernels kernels = Kernels.best();

  IndexView(Snapshot snapshot, Model model, List<LoadedSegment> segments, LiveRows live) {
    this.snapshot = snapshot;
    this.model = model;
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

  /** How many rows, live or dead, each list has, in the order of {@link Model#listIds()}. */
  public long[] rowsByList() {
    long[] counts = new long[model.listCount()];
    for (LoadedSegment segment : segments) {
      for (int list = 0; list < counts.length; list++) {
        counts[list] += segment.listEnd(list) - segment.listStart(list);
      }
    }
    return counts;
  }

  /** How many live features each segment of the snapshot has, by its path. */
  public Map<String, Long> liveRowsBySegment() {
    Map<String, Long> counts = new HashMap<>();
    for (int s = 0; s < segments.size(); s++) {
      Segment segment = segments.get(s).segment;
      long count = 0;
      for (int row = segment.deletes(); row < segment.rowCount(); row++) {
        count += live.isLive(s, row) ? 1 : 0;
      }
      counts.put(segment.ref().path(), count);
    }
    return counts;
  }

  /** Gives every live feature, in no particular order. */
  public void forEachLive(Consumer<Feature> consumer) {
    for (int s = 0; s < segments.size(); s++) {
      Segment segment = segments.get(s).segment;
      for (int row = segment.deletes(); row < segment.rowCount(); row++) {
        if (live.isLive(s, row)) {
          consumer.accept(segment.feature(row, model.dimension()));
        }
      }
    }
  }

  /** The live feature of an id, or empty if there is none or it is deleted. */
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
        return Optional.of(segments.get(s).segment.feature(found[0], model.dimension()));
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
   */
  public SearchResult search(float[] query, int k, Probe probe) throws RejectedFeatureException {
    if (k < 1) {
      throw new IllegalArgumentException("k " + k + " is less than 1");
    }
    float[] vector = VectorRules.accept(snapshot.schema(), query);
    int wanted = probe.listsWanted(model.listCount());
    int possible = (int) Math.min(k, live.count());
    TopK nearest = new TopK(this, Math.max(1, possible));
    float[] scores = new float[Math.max(SCAN_ROWS, model.listCount())];
    long[] ranked = rankLists(vector, scores);
    int probed = 0;
    long scanned = 0;
    while (probed < wanted || (nearest.size() < possible && probed < ranked.length)) {
      scanned += scan((int) ranked[probed], vector, scores, nearest);
      probed++;
    }
    return new SearchResult(snapshot, hits(nearest), probed, scanned);
  }

  /** The lists by ascending distance of their centroids, as (ordered distance, list) pairs. */
  private long[] rankLists(float[] query, float[] scores) {
    int lists = model.listCount();
    distances(query, model.centroids(), 0, lists, scores);
    long[] ranked = new long[lists];
    for (int list = 0; list < lists; list++) {
      ranked[list] = (long) sortable(scores[list]) << 32 | list;
    }
    Arrays.sort(ranked);
    return ranked;
  }

  /** An int that orders as the float does. */
  private static int sortable(float value) {
    int bits = Float.floatToIntBits(value);
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }

  private long scan(int list, float[] query, float[] scores, TopK nearest) {
    int dimension = model.dimension();
    long scanned = 0;
    for (int s = 0; s < segments.size(); s++) {
      LoadedSegment loaded = segments.get(s);
      Segment segment = loaded.segment;
      int end = loaded.listEnd(list);
      for (int row = loaded.listStart(list); row < end; row += SCAN_ROWS) {
        int count = Math.min(SCAN_ROWS, end - row);
        distances(query, segment.vectors(), segment.vectorOffset(row, dimension), count, scores);
        for (int i = 0; i < count; i++) {
          if (scores[i] <= nearest.threshold() && live.isLive(s, row + i)) {
            nearest.offer(scores[i], s, row + i);
          }
        }
        scanned += count;
      }
    }
    return scanned;
  }

  /** Distances just as hits report them: rounded first, ranked then, so that ties show. */
  private void distances(float[] query, float[] rows, int offset, int count, float[] out) {
    Metric metric = snapshot.schema().metric();
    if (metric == Metric.L2) {
      kernels.squaredL2(query, rows, offset, count, model.dimension(), out);
      return;
    }
    kernels.dot(query, rows, offset, count, model.dimension(), out);
    for (int i = 0; i < count; i++) {
      if (metric == Metric.COSINE) {
        out[i] = Math.max(0, 1 - out[i]);
      } else {
        // Opposite overflows cancel to NaN, which compares with nothing; such a row still exists.
        out[i] = Float.isNaN(out[i]) ? Float.POSITIVE_INFINITY : 0 - out[i];
      }
    }
  }

  private List<Hit> hits(TopK nearest) {
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
      attributes.put(schema.get(i).name(), segment.attributes()[i][row]);
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

  List<LoadedSegment> segments() {
    return segments;
  }

  LiveRows live() {
    return live;
  }
}
