package io.tarn.spark.live;

import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.maintain.Settlement;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * Settles what is to become of the rows of a snapshot when its segments are written anew, as {@link
 * SettledRows} settles which are live: of small indexes on the driver; of larger ones in tasks that
 * each see all rows of their share of the ids.
 */
public final class SettledFates {
  private static final long MAX_ROWS_AT_ONCE = 1 << 20;

  private SettledFates() {}

  /**
   * The fates of all segments of a snapshot, in its order.
   *
   * @param forgetDeletesBelow deletes of a smaller order need not be remembered
   * @throws io.tarn.index.format.DamagedFileException if a file is missing or damaged
   */
  public static List<SegmentFate> of(
      SparkSession spark, IndexLocation location, Snapshot snapshot, long forgetDeletesBelow)
      throws IOException {
    return settle(spark, location, snapshot, forgetDeletesBelow, MAX_ROWS_AT_ONCE);
  }

  static List<SegmentFate> settle(
      SparkSession spark,
      IndexLocation location,
      Snapshot snapshot,
      long forgetDeletesBelow,
      long maxRowsAtOnce)
      throws IOException {
    long rows = snapshot.segments().stream().mapToLong(ref -> ref.rows() + ref.deletes()).sum();
    if (rows > maxRowsAtOnce) {
      int shares = Math.toIntExact(rows / maxRowsAtOnce + 1);
      return onExecutors(spark, location, snapshot, forgetDeletesBelow, shares);
    }
    List<Segment> segments = new ArrayList<>();
    try (Storage storage = location.open()) {
      for (SegmentRef ref : snapshot.segments()) {
        segments.add(read(storage, ref, snapshot.schema()));
      }
    }
    return SegmentFate.of(segments, forgetDeletesBelow);
  }

  private static Segment read(Storage storage, SegmentRef ref, Schema schema) throws IOException {
    try (SegmentReader reader = SegmentReader.open(storage, ref, schema)) {
      return reader.readColumns(Set.of());
    }
  }

  private static List<SegmentFate> onExecutors(
      SparkSession spark,
      IndexLocation location,
      Snapshot snapshot,
      long forgetDeletesBelow,
      int shares) {
    Schema schema = snapshot.schema();
    List<Packed<SegmentRef>> packed = snapshot.segments().stream().map(Packed::of).toList();
    List<Packed<Part>> parts =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(packed, Math.max(1, packed.size()))
            .mapPartitionsToPair(each -> split(each, location, schema, shares))
            .partitionBy(new HashPartitioner(shares))
            .values()
            .mapPartitions(each -> settle(each, schema.idType(), forgetDeletesBelow))
            .collect();
    Map<String, SegmentFate.Builder> fates = new LinkedHashMap<>();
    snapshot.segments().forEach(ref -> fates.put(ref.path(), new SegmentFate.Builder(ref)));
    for (Packed<Part> each : parts) {
      Part part = each.get();
      fates
          .get(part.path())
          .add(
              part.superseded(),
              part.forgettable(),
              part.purged(),
              part.maxForgottenOrder(),
              part.tied());
    }
    return fates.values().stream().map(SegmentFate.Builder::build).toList();
  }

  private static Iterator<Tuple2<Integer, Packed<IdRows>>> split(
      Iterator<Packed<SegmentRef>> refs, IndexLocation location, Schema schema, int shares)
      throws IOException {
    List<Tuple2<Integer, Packed<IdRows>>> parts = new ArrayList<>();
    try (Storage storage = location.open()) {
      while (refs.hasNext()) {
        Segment segment = read(storage, refs.next().get(), schema);
        IdRows[] byShare = IdRows.split(segment, schema.idType(), shares);
        for (int share = 0; share < shares; share++) {
          if (byShare[share].size() > 0) {
            parts.add(new Tuple2<>(share, Packed.of(byShare[share])));
          }
        }
      }
    }
    return parts.iterator();
  }

  private static Iterator<Packed<Part>> settle(
      Iterator<Packed<IdRows>> each, IdType idType, long forgetDeletesBelow) {
    List<IdRows> rows = new ArrayList<>();
    each.forEachRemaining(part -> rows.add(part.get()));
    Settlement settlement =
        new Settlement(
            rows.stream().map(part -> part.segment(idType)).toList(), forgetDeletesBelow);
    List<Packed<Part>> parts = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      int s = i;
      String path = rows.get(s).of().ref().path();
      parts.add(
          Packed.of(
              new Part(
                  path,
                  rows.get(s).rowsWhere(row -> settlement.isSuperseded(s, row)),
                  rows.get(s).rowsWhere(row -> settlement.isForgettable(s, row)),
                  settlement.isPurged(s),
                  settlement.maxForgottenOrder(),
                  new TreeSet<>(settlement.tiedTo(Set.of(path))))));
    }
    return parts.iterator();
  }

  /** What a task says of its rows of a segment. */
  private record Part(
      String path,
      int[] superseded,
      int[] forgettable,
      boolean purged,
      long maxForgottenOrder,
      TreeSet<String> tied)
      implements Serializable {}
}
