package io.tarn.spark.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.maintain.ListChange;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.maintain.SplitSettings;
import io.tarn.index.segment.ListRuns;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * Splits and dissolves lists of a snapshot from executors: a task a segment, and a task a list that
 * is divided.
 *
 * @param spark the session
 * @param location the index
 * @param snapshot whose lists
 * @param fates of all its segments
 */
public record ListRewrite(
    SparkSession spark, IndexLocation location, Snapshot snapshot, List<SegmentFate> fates) {
  /** A list with more is divided by a sample: 32 MiB. */
  private static final long MAX_FLOATS_PER_LIST = 8 << 20;

  /**
   * Segments in the place of others.
   *
   * @param replaced those others
   */
  public record Moved(List<SegmentFate> replaced, List<SegmentRef> written) {}

  private JavaSparkContext context() {
    return JavaSparkContext.fromSparkContext(spark.sparkContext());
  }

  private static List<Packed<SegmentFate>> packed(Collection<SegmentFate> fates) {
    return fates.stream().map(Packed::of).toList();
  }

  /** How many live rows each list has, in the order of {@code listIds}. */
  public long[] liveByList(int[] listIds) {
    IndexLocation index = location;
    Schema schema = snapshot.schema();
    long[] live = new long[listIds.length];
    context()
        .parallelize(packed(fates), Math.max(1, fates.size()))
        .map(fate -> Packed.of(liveRows(index, schema, fate.get())))
        .collect()
        .forEach(
            part ->
                part.get()
                    .forEach((list, rows) -> live[Arrays.binarySearch(listIds, list)] += rows));
    return live;
  }

  private static HashMap<Integer, Long> liveRows(
      IndexLocation location, Schema schema, SegmentFate fate) throws IOException {
    HashMap<Integer, Long> counts = new HashMap<>();
    try (Storage storage = location.open();
        SegmentReader reader = SegmentReader.open(storage, fate.ref(), schema)) {
      ListRuns runs = reader.readColumns(Set.of()).lists();
      BitSet kept = fate.kept(false);
      for (int run = 0; run < runs.count(); run++) {
        if (runs.list(run) >= 0) {
          long rows = kept.get(runs.start(run), runs.end(run)).cardinality();
          counts.merge(runs.list(run), rows, Long::sum);
        }
      }
    }
    return counts;
  }

  /** Which rows of a list to divide it by: every n-th of those that a segment has. */
  private record Wanted(HashMap<Integer, Long> strides) implements Serializable {}

  /** Rows of a list from one segment. */
  private record Drawn(int segment, float[] rows) implements Serializable {}

  /**
   * Finds centroids for each of some lists, which it is divided by.
   *
   * @param live by list how many live rows it has
   * @return without the lists whose rows do not fall into parts
   */
  public SortedMap<Integer, float[]> divide(
      Map<Integer, Long> live, Model model, SplitSettings settings) {
    long mostRows = Math.max(2, MAX_FLOATS_PER_LIST / model.dimension());
    HashMap<Integer, Long> strides = new HashMap<>();
    live.forEach((list, rows) -> strides.put(list, Math.max(1, (rows + mostRows - 1) / mostRows)));
    Packed<Wanted> wanted = Packed.of(new Wanted(strides));
    Broadcast<Packed<Model>> sharedModel = context().broadcast(Packed.of(model));
    List<Tuple2<Integer, Packed<SegmentFate>>> numbered = new ArrayList<>();
    for (int i = 0; i < fates.size(); i++) {
      numbered.add(new Tuple2<>(i, Packed.of(fates.get(i))));
    }
    IndexLocation index = location;
    Schema schema = snapshot.schema();
    Packed<SplitSettings> split = Packed.of(settings);
    HashMap<Integer, Long> rowsByList = new HashMap<>(live);
    SortedMap<Integer, float[]> divided = new TreeMap<>();
    context()
        .parallelize(numbered, Math.max(1, numbered.size()))
        .flatMapToPair(
            each -> draw(index, schema, each._1(), each._2().get(), wanted.get()).iterator())
        .groupByKey(Math.max(1, Math.min(live.size(), spark.sparkContext().defaultParallelism())))
        .mapToPair(
            list ->
                new Tuple2<>(
                    list._1(),
                    ListChange.divide(
                        sharedModel.value().get(),
                        split.get(),
                        joined(list._2()),
                        rowsByList.get(list._1()))))
        .collect()
        .forEach(
            list -> {
              if (list._2().length > 0) {
                divided.put(list._1(), list._2());
              }
            });
    return divided;
  }

  private static List<Tuple2<Integer, Packed<Drawn>>> draw(
      IndexLocation location, Schema schema, int number, SegmentFate fate, Wanted wanted)
      throws IOException {
    List<Tuple2<Integer, Packed<Drawn>>> drawn = new ArrayList<>();
    try (Storage storage = location.open();
        SegmentReader reader = SegmentReader.open(storage, fate.ref(), schema)) {
      Segment segment = reader.readColumnsAndVectors(Set.of());
      BitSet kept = fate.kept(false);
      ListRuns runs = segment.lists();
      for (int run = 0; run < runs.count(); run++) {
        Long stride = wanted.strides().get(runs.list(run));
        if (stride != null) {
          float[] rows = rows(segment, kept, runs.start(run), runs.end(run), stride);
          if (rows.length > 0) {
            drawn.add(new Tuple2<>(runs.list(run), Packed.of(new Drawn(number, rows))));
          }
        }
      }
    }
    return drawn;
  }

  private static float[] rows(Segment segment, BitSet kept, int from, int to, long stride) {
    int dimension = segment.vectors().dimension();
    int live = kept.get(from, to).cardinality();
    float[] rows = new float[Math.toIntExact((live + stride - 1) / stride * dimension)];
    long passed = 0;
    int used = 0;
    for (int row = kept.nextSetBit(from); row >= 0 && row < to; row = kept.nextSetBit(row + 1)) {
      if (passed++ % stride == 0) {
        segment.vectors().copy(row - segment.deletes(), rows, used);
        used += dimension;
      }
    }
    return rows;
  }

  /** The rows of a list in the order of the segments, whatever order they came in. */
  private static float[] joined(Iterable<Packed<Drawn>> parts) {
    SortedMap<Integer, float[]> bySegment = new TreeMap<>();
    int length = 0;
    for (Packed<Drawn> part : parts) {
      bySegment.put(part.get().segment(), part.get().rows());
      length += part.get().rows().length;
    }
    float[] rows = new float[length];
    int used = 0;
    for (float[] part : bySegment.values()) {
      System.arraycopy(part, 0, rows, used, part.length);
      used += part.length;
    }
    return rows;
  }

  /** Moves rows to the lists where they belong then. */
  public Moved move(ListChange change) {
    Broadcast<Packed<ListChange>> shared = context().broadcast(Packed.of(change));
    Map<String, SegmentFate> byPath = new LinkedHashMap<>();
    fates.forEach(fate -> byPath.put(fate.ref().path(), fate));
    Map<String, List<SegmentRef>> written = new LinkedHashMap<>(move(shared, fates, false));
    for (Set<String> tied = tiedTo(written.keySet(), byPath);
        !tied.isEmpty();
        tied = tiedTo(written.keySet(), byPath)) {
      written.putAll(move(shared, tied.stream().map(byPath::get).toList(), true));
    }
    return new Moved(
        written.keySet().stream().map(byPath::get).toList(),
        written.values().stream().flatMap(List::stream).toList());
  }

  private static Set<String> tiedTo(Set<String> replaced, Map<String, SegmentFate> byPath) {
    Set<String> tied = new HashSet<>();
    replaced.forEach(path -> tied.addAll(byPath.get(path).tied()));
    tied.removeAll(replaced);
    return tied;
  }

  private Map<String, List<SegmentRef>> move(
      Broadcast<Packed<ListChange>> change, Collection<SegmentFate> subjects, boolean always) {
    IndexLocation index = location;
    Schema schema = snapshot.schema();
    Map<String, List<SegmentRef>> written = new LinkedHashMap<>();
    context()
        .parallelize(packed(subjects), Math.max(1, subjects.size()))
        .flatMap(
            packed -> {
              SegmentFate fate = packed.get();
              try (Storage storage = index.open()) {
                Optional<List<SegmentRef>> moved =
                    change.value().get().move(storage, schema, fate, always);
                List<Tuple2<String, Packed<ArrayList<SegmentRef>>>> result = new ArrayList<>();
                moved.ifPresent(
                    refs ->
                        result.add(
                            new Tuple2<>(fate.ref().path(), Packed.of(new ArrayList<>(refs)))));
                return result.iterator();
              }
            })
        .collect()
        .forEach(moved -> written.put(moved._1(), moved._2().get()));
    return written;
  }
}
