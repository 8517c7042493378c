package io.tarn.index.search;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * One snapshot, ready to be searched: immutable, safe for any number of threads, and unaffected by
 * later commits. Obtained from an {@link IndexReader}.
 */
public final class IndexView {
  /** Of how many filters it is remembered which rows they select: a bit a row each. */
  private static final int MAX_SELECTIONS = 16;

  private final Snapshot snapshot;
  private final SearchModel searchModel;
  private final Model model;
  private final List<LoadedSegment> segments;
  private final LiveRows live;
  private final Selection allLive;

  /** What filters select, the least recently used first; guarded by itself. */
  private final Map<Filter, Selection> selections =
      new LinkedHashMap<>(MAX_SELECTIONS, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Filter, Selection> eldest) {
          return size() > MAX_SELECTIONS;
        }
      };

  /** Counted when they are first asked for. */
  private volatile long[] rowsByList;

  IndexView(Snapshot snapshot, SearchModel model, List<LoadedSegment> segments, LiveRows live) {
    this.snapshot = snapshot;
    this.searchModel = model;
    this.model = model.model();
    this.segments = List.copyOf(segments);
    this.live = live;
    this.allLive = Selection.of(live);
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
    return listRows().clone();
  }

  /** The same, not to be changed. */
  long[] listRows() {
    long[] counts = rowsByList;
    if (counts == null) {
      counts = countRowsByList();
      rowsByList = counts;
    }
    return counts;
  }

  /** How many rows, live or dead, a list has in the mean. */
  double meanListRows() {
    long rows = 0;
    for (LoadedSegment segment : segments) {
      rows += segment.listEnd(model.listCount() - 1) - segment.listStart(0);
    }
    return (double) rows / model.listCount();
  }

  private long[] countRowsByList() {
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

  /**
   * Gives every live feature, in no particular order.
   *
   * @throws java.io.UncheckedIOException as {@link #search(Query)} does
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
   * Some live features of the newest segments.
   *
   * @param recent how many live features the segments have between them from which is drawn, at
   *     least, if there are so many
   * @param count how many are drawn, or all if there are fewer
   * @param seed the same view and seed give the same features
   * @throws java.io.UncheckedIOException as {@link #search(Query)} does
   */
  public List<Feature> sampleNewest(long recent, int count, long seed) {
    List<Integer> newest = new ArrayList<>();
    for (int s = 0; s < segments.size(); s++) {
      newest.add(s);
    }
    newest.sort(
        Comparator.comparingLong((Integer s) -> segments.get(s).segment.ref().sequence())
            .reversed());
    long left = 0;
    int chosen = 0;
    while (chosen < newest.size() && left < recent) {
      left += live.count(newest.get(chosen++));
    }
    Random random = new Random(seed);
    List<Feature> sample = new ArrayList<>();
    for (int s : newest.subList(0, chosen)) {
      Segment segment = segments.get(s).segment;
      for (int row = segment.deletes(); row < segment.rowCount(); row++) {
        // Each of those that are left is drawn as likely as any other.
        if (live.isLive(s, row) && random.nextDouble() * left-- < count - sample.size()) {
          sample.add(segment.feature(row));
        }
      }
    }
    return sample;
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
   * Finds the k live features nearest to a vector; see {@link #search(Query)}.
   *
   * @throws RejectedFeatureException if the query is no vector of this index
   */
  public SearchResult search(float[] query, int k, Probe probe) throws RejectedFeatureException {
    return search(Query.nearest(query, k).probing(probe));
  }

  /**
   * Finds what a query asks for. Fewer than k hits mean that there are no more: further lists than
   * asked for are looked at as long as there may be.
   *
   * @throws RejectedFeatureException if the query's vector is no vector of this index
   * @throws io.tarn.index.filter.FilterException if its filter does not fit the schema
   * @throws java.io.UncheckedIOException if vectors are not in memory and cannot be read; its cause
   *     is a {@link io.tarn.index.format.DamagedFileException} if they are damaged
   */
  public SearchResult search(Query query) throws RejectedFeatureException {
    return search(List.of(query)).get(0);
  }

  /**
   * Answers several queries, each as {@link #search(Query)} does. A list that several of them look
   * at is read from memory once for all.
   */
  public List<SearchResult> search(List<Query> queries) throws RejectedFeatureException {
    List<SearchResult> results = new ArrayList<>(queries.size());
    for (int from = 0; from < queries.size(); from += SearchBatch.MAX_QUERIES) {
      int to = Math.min(from + SearchBatch.MAX_QUERIES, queries.size());
      results.addAll(new SearchBatch(this, queries.subList(from, to)).run());
    }
    return results;
  }

  /** The rows that a search with this filter may return. */
  Selection selection(Filter filter) {
    Selection known;
    synchronized (selections) {
      known = selections.get(filter);
    }
    if (known == null) {
      known = Selection.of(live, segments, filter.bind(snapshot.schema()));
      synchronized (selections) {
        selections.put(filter, known);
      }
    }
    return known;
  }

  Selection allLive() {
    return allLive;
  }

  /** Asks memory for the ids of rows; see {@link IdColumn#touch}. */
  int touchIds(TopK nearest) {
    int touched = 0;
    for (int slot = 0; slot < nearest.size(); slot++) {
      touched += segments.get(nearest.segment(slot)).segment.ids().touch(nearest.row(slot));
    }
    return touched;
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
    List<Attribute> schema = snapshot.schema().attributes();
    if (schema.isEmpty()) {
      return new Hit(segment.ids().get(row), distance, Map.of());
    }
    Map<String, Object> attributes = new LinkedHashMap<>();
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
