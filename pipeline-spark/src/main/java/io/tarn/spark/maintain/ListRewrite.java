package io.tarn.spark.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.maintain.CentroidSum;
import io.tarn.index.maintain.ListChange;
import io.tarn.index.maintain.ListSampling;
import io.tarn.index.maintain.MovingCentroids;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.maintain.SplitSettings;
import io.tarn.index.segment.ListRuns;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.segment.IndexLocation;
import io.tarn.spark.segment.SegmentNames;
import io.tarn.spark.segment.WrittenSegments;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;

/**
 * Splits and dissolves lists of a snapshot from executors: a task a segment, and lists that are
 * divided, or whose centroids move, one at a time in a task. What happens to lists and rows is
 * index-core's business ({@link ListChange}, {@link MovingCentroids}); it does not depend on how
 * many tasks there are, nor on how often they run.
 *
 * @param spark the session
 * @param location the index
 * @param snapshot whose lists
 * @param fates of all its segments
 */
public record ListRewrite(
    SparkSession spark, IndexLocation location, Snapshot snapshot, List<SegmentFate> fates) {
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

  /**
   * Finds centroids for each of some lists, which it is divided by.
   *
   * @param live by list how many live rows it has
   * @return without the lists whose rows do not fall into parts
   */
  public SortedMap<Integer, float[]> divide(
      SortedMap<Integer, Long> live, Model model, SplitSettings settings) {
    Broadcast<Packed<Model>> sharedModel = context().broadcast(Packed.of(model));
    Packed<SplitSettings> split = Packed.of(settings);
    HashMap<Integer, Long> rowsByList = new HashMap<>(live);
    SortedMap<Integer, float[]> divided = new TreeMap<>();
    samples(ListSampling.toDivide(model.dimension(), live), live.size())
        .mapToPair(
            list ->
                new Tuple2<>(
                    list._1(),
                    ListChange.divide(
                        sharedModel.value().get(),
                        split.get(),
                        list._2(),
                        rowsByList.get(list._1()))))
        .collect()
        .forEach(
            list -> {
              if (list._2().length > 0) {
                divided.put(list._1(), list._2());
              }
            });
    sharedModel.destroy();
    return divided;
  }

  /** By list the rows that are drawn of it, whatever tasks they came from. */
  private JavaPairRDD<Integer, float[]> samples(ListSampling sampling, int lists) {
    Broadcast<Packed<ListSampling>> shared = context().broadcast(Packed.of(sampling));
    List<Tuple2<Integer, Packed<SegmentFate>>> numbered = new ArrayList<>();
    for (int i = 0; i < fates.size(); i++) {
      numbered.add(new Tuple2<>(i, Packed.of(fates.get(i))));
    }
    IndexLocation index = location;
    Schema schema = snapshot.schema();
    return context()
        .parallelize(numbered, Math.max(1, numbered.size()))
        .flatMapToPair(
            each -> new DrawnRows(index, schema, each._1(), each._2().get(), shared.value().get()))
        .groupByKey(Math.max(1, Math.min(lists, spark.sparkContext().defaultParallelism())))
        .mapValues(DrawnRows::joined);
  }

  /** Rows of one list that are nearest to a centroid. */
  record SumOfList(int list, CentroidSum sum) implements Serializable {}

  /**
   * Brings centroids to where the rows of their lists are.
   *
   * @param live by list how many live rows it has
   * @param rounds of k-means
   */
  public MovingCentroids moved(
      MovingCentroids centroids, SortedMap<Integer, Long> live, int rounds) {
    JavaPairRDD<Integer, float[]> samples =
        samples(centroids.sampling(live), live.size()).persist(StorageLevel.DISK_ONLY());
    try {
      MovingCentroids moving = centroids;
      for (int round = 0; round < rounds; round++) {
        moving = moved(moving, samples);
      }
      return moving;
    } finally {
      samples.unpersist(false);
    }
  }

  private MovingCentroids moved(MovingCentroids centroids, JavaPairRDD<Integer, float[]> samples) {
    Broadcast<Packed<MovingCentroids>> shared = context().broadcast(Packed.of(centroids));
    Map<Integer, float[]> moved =
        samples
            .flatMapToPair(list -> sums(shared.value().get(), list._1(), list._2()).iterator())
            .groupByKey()
            .mapToPair(
                place ->
                    new Tuple2<>(
                        place._1(), shared.value().get().moved(place._1(), sum(place._2()))))
            .collectAsMap();
    shared.destroy();
    return centroids.after(moved);
  }

  private static List<Tuple2<Integer, Packed<SumOfList>>> sums(
      MovingCentroids centroids, int list, float[] rows) {
    List<Tuple2<Integer, Packed<SumOfList>>> sums = new ArrayList<>();
    centroids
        .sums(rows)
        .forEach(
            (place, sum) -> sums.add(new Tuple2<>(place, Packed.of(new SumOfList(list, sum)))));
    return sums;
  }

  /** Added in the order of the lists, whatever order they came in. */
  static CentroidSum sum(Iterable<Packed<SumOfList>> sums) {
    SortedMap<Integer, CentroidSum> byList = new TreeMap<>();
    sums.forEach(each -> byList.put(each.get().list(), each.get().sum()));
    return byList.values().stream().reduce(CentroidSum::plus).orElseThrow();
  }

  /** Moves rows to the lists where they belong then. */
  public Moved move(ListChange change) {
    Broadcast<Packed<ListChange>> shared = context().broadcast(Packed.of(change));
    Map<String, SegmentFate> byPath = new LinkedHashMap<>();
    fates.forEach(fate -> byPath.put(fate.ref().path(), fate));
    Map<String, List<SegmentRef>> written = new LinkedHashMap<>();
    SegmentNames names = new SegmentNames();
    List<SegmentRef> segments =
        WrittenSegments.of(
            spark.sparkContext(),
            location,
            names,
            () -> {
              written.putAll(move(shared, names, fates, false));
              for (Set<String> tied = tiedTo(written.keySet(), byPath);
                  !tied.isEmpty();
                  tied = tiedTo(written.keySet(), byPath)) {
                List<SegmentFate> subjects = tied.stream().map(byPath::get).toList();
                written.putAll(move(shared, names, subjects, true));
              }
              return written.values().stream().flatMap(List::stream).toList();
            });
    return new Moved(written.keySet().stream().map(byPath::get).toList(), segments);
  }

  private static Set<String> tiedTo(Set<String> replaced, Map<String, SegmentFate> byPath) {
    Set<String> tied = new TreeSet<>();
    replaced.forEach(path -> tied.addAll(byPath.get(path).tied()));
    tied.removeAll(replaced);
    return tied;
  }

  private Map<String, List<SegmentRef>> move(
      Broadcast<Packed<ListChange>> change,
      SegmentNames names,
      Collection<SegmentFate> subjects,
      boolean always) {
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
                    change.value().get().move(storage, schema, fate, always, names::next);
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
