package io.tarn.spark.live;

import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.NewestRows;
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
import java.util.Optional;
import java.util.Set;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * Settles which rows of a snapshot are live. Neither vectors nor attributes are read for it, and
 * the driver gets no more than a bit a row and the places of rows that are not live.
 *
 * <p>Small indexes are settled on the driver. Of larger ones every id is sent, by its hash, to the
 * task that sees all rows of that id; a task holds about as many rows as the driver would.
 */
public final class SettledRows {
  /** So many rows are settled in one go: some 60 MB of memory, and less than a second. */
  private static final long MAX_ROWS_AT_ONCE = 1 << 20;

  /** Of how many snapshots it is remembered: a bit a row each. */
  private static final int MAX_REMEMBERED = 8;

  /** By snapshot, the least recently used first; guarded by itself. */
  private static final Map<String, List<LiveSegment>> REMEMBERED =
      new LinkedHashMap<>(MAX_REMEMBERED, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, List<LiveSegment>> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  private SettledRows() {}

  /**
   * The segments of a snapshot in its order, each with its live rows.
   *
   * @throws io.tarn.index.format.DamagedFileException if a file is missing or damaged
   */
  public static List<LiveSegment> of(SparkSession spark, IndexLocation location, Snapshot snapshot)
      throws IOException {
    Optional<List<LiveSegment>> known = ifKnown(location, snapshot);
    if (known.isPresent()) {
      return known.get();
    }
    List<LiveSegment> settled = settle(spark, location, snapshot, MAX_ROWS_AT_ONCE);
    synchronized (REMEMBERED) {
      REMEMBERED.put(key(location, snapshot), settled);
    }
    return settled;
  }

  /** The same, if it is known already. */
  public static Optional<List<LiveSegment>> ifKnown(IndexLocation location, Snapshot snapshot) {
    synchronized (REMEMBERED) {
      return Optional.ofNullable(REMEMBERED.get(key(location, snapshot)));
    }
  }

  // The commit's identity is random: no other index that ever lies there has it.
  private static String key(IndexLocation location, Snapshot snapshot) {
    return location + " " + snapshot.commitId();
  }

  static List<LiveSegment> settle(
      SparkSession spark, IndexLocation location, Snapshot snapshot, long maxRowsAtOnce)
      throws IOException {
    long rows = snapshot.segments().stream().mapToLong(ref -> ref.rows() + ref.deletes()).sum();
    return rows <= maxRowsAtOnce
        ? onDriver(location, snapshot)
        : onExecutors(spark, location, snapshot, Math.toIntExact(rows / maxRowsAtOnce + 1));
  }

  private static List<LiveSegment> onDriver(IndexLocation location, Snapshot snapshot)
      throws IOException {
    List<Segment> segments = new ArrayList<>();
    try (Storage storage = location.open()) {
      for (SegmentRef ref : snapshot.segments()) {
        segments.add(read(storage, ref, snapshot.schema()));
      }
    }
    NewestRows newest = new NewestRows(segments);
    List<LiveSegment> settled = new ArrayList<>();
    for (int s = 0; s < segments.size(); s++) {
      Segment segment = segments.get(s);
      long[] live = new long[words(segment.ref())];
      for (int row = segment.deletes(); row < segment.rowCount(); row++) {
        if (newest.isNewest(s, row)) {
          live[row >> 6] |= 1L << row;
        }
      }
      settled.add(new LiveSegment(segment.ref(), IdRows.lists(segment), live));
    }
    return settled;
  }

  private static Segment read(Storage storage, SegmentRef ref, Schema schema) throws IOException {
    try (SegmentReader reader = SegmentReader.open(storage, ref, schema)) {
      return reader.readColumns(Set.of());
    }
  }

  private static int words(SegmentRef ref) {
    return Math.toIntExact((ref.rows() + ref.deletes() + 63) / 64);
  }

  private static List<LiveSegment> onExecutors(
      SparkSession spark, IndexLocation location, Snapshot snapshot, int shares) {
    List<SegmentRef> refs = snapshot.segments();
    Schema schema = snapshot.schema();
    List<Packed<SegmentRef>> packed = refs.stream().map(Packed::of).toList();
    JavaPairRDD<Integer, Packed<IdRows>> rows =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(packed, Math.max(1, packed.size()))
            .mapPartitionsToPair(each -> split(each, location, schema, shares));
    List<Packed<DeadRows>> dead =
        rows.partitionBy(new HashPartitioner(shares))
            .values()
            .mapPartitions(each -> deadRows(each, schema.idType()))
            .collect();
    Map<String, LiveSegment> settled = new LinkedHashMap<>();
    for (Packed<DeadRows> part : dead) {
      IdRows.Origin of = part.get().of();
      LiveSegment segment =
          settled.computeIfAbsent(
              of.ref().path(),
              path -> new LiveSegment(of.ref(), of.lists(), allFeatures(of.ref())));
      for (int row : part.get().rows()) {
        segment.live()[row >> 6] &= ~(1L << row);
      }
    }
    return refs.stream()
        .map(
            ref ->
                settled.getOrDefault(
                    ref.path(), new LiveSegment(ref, new int[0], new long[words(ref)])))
        .toList();
  }

  private static long[] allFeatures(SegmentRef ref) {
    long[] bitmap = new long[words(ref)];
    for (int row = (int) ref.deletes(); row < ref.rows() + ref.deletes(); row++) {
      bitmap[row >> 6] |= 1L << row;
    }
    return bitmap;
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

  private static Iterator<Packed<DeadRows>> deadRows(Iterator<Packed<IdRows>> each, IdType idType) {
    List<IdRows> parts = new ArrayList<>();
    each.forEachRemaining(part -> parts.add(part.get()));
    NewestRows newest = new NewestRows(parts.stream().map(part -> part.segment(idType)).toList());
    List<Packed<DeadRows>> dead = new ArrayList<>();
    for (int s = 0; s < parts.size(); s++) {
      int subject = s;
      IdRows part = parts.get(s);
      int[] rows = part.rowsWhere(row -> !newest.isNewest(subject, row));
      dead.add(Packed.of(new DeadRows(part.of(), rows)));
    }
    return dead.iterator();
  }

  /** Rows of a segment that are not the newest of their ids. */
  private record DeadRows(IdRows.Origin of, int[] rows) implements Serializable {}

  /** The share of all ids, from 0 on, to which an id belongs. */
  static int share(IdColumn ids, int row, int shares) {
    // By the upper bits: the lower ones are those by which a share finds its ids again.
    return (int) (Integer.toUnsignedLong(ids.hash(row)) * shares >>> Integer.SIZE);
  }
}
