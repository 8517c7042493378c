package io.tarn.spark.neighbours;

import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.spark.reduce.PrincipalAxes;
import io.tarn.spark.rows.ByNumber;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.Optional;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * Groups the live rows of an index by density (Ester, Kriegel, Sander and Xu, "A density-based
 * algorithm for discovering clusters in large spatial databases with noise", 1996). Rows no farther
 * apart than a limit are neighbours; a row with enough of them, itself counted, is core; cores that
 * are neighbours are of one cluster, and so is each other row with a core among its neighbours: of
 * the cluster of the nearest one, and of several at that distance the one with the smallest id. The
 * remaining rows are noise.
 *
 * <p>Neighbours are found exactly, by comparing blocks of the index two by two in tasks that hold
 * no more than two. A first pass counts neighbours, a second one, over pairs that the first has
 * kept on disk as far as there was room, joins cores. The driver joins their sets: it takes 4 bytes
 * a row, and so does each executor in the end.
 */
public final class DensityClusters implements Serializable, AutoCloseable {
  /** The columns of the result: the smallest number of a core of the cluster, null for noise… */
  public static final String CLUSTER = "cluster_row";

  /** …core, border or noise… */
  public static final String KIND = "kind";

  /** …how many rows are in reach, itself counted… */
  public static final String NEIGHBOURS = "neighbours";

  /** …the nearest core and its distance, if it was asked for or decides on the cluster. */
  public static final String NEAREST = "nearest_id";

  public static final String DISTANCE = "distance";

  /** Pairs kept by a task, 12 bytes each. */
  private static final int MAX_KEPT_PAIRS = 4 << 20;

  private static final int SAMPLE_ROWS = 4096;
  private static final long SAMPLE_SEED = 1;

  private final transient SparkSession spark;
  private final transient JavaSparkContext context;
  private final transient RowBlocks driverBlocks;
  private final transient List<RDD<?>> persisted = new ArrayList<>();
  private final IndexLocation location;
  private final long version;
  private final Schema schema;
  private final Reach reach;
  private final int minPts;
  private final boolean nearestOfAll;
  private final Broadcast<Packed<RowBlocks>> blocks;
  private final Broadcast<Packed<Setup>> setup;
  private final int maxKeptPairs;

  /** What all tasks need; empty where vectors are short or few. */
  private record Setup(Projection projection) implements Serializable {}

  /**
   * Prepares.
   *
   * @param limit the largest distance of neighbours: squared l2, or 1 - cosine
   * @param minPts neighbours of a core, itself counted
   * @param nearestOfAll whether the nearest core is wanted of cores, too
   * @throws IllegalArgumentException under inner product, which is no distance
   */
  public DensityClusters(
      SparkSession spark,
      IndexLocation location,
      Snapshot snapshot,
      RowBlocks blocks,
      float limit,
      int minPts,
      boolean nearestOfAll) {
    this(spark, location, snapshot, blocks, limit, minPts, nearestOfAll, MAX_KEPT_PAIRS);
  }

  DensityClusters(
      SparkSession spark,
      IndexLocation location,
      Snapshot snapshot,
      RowBlocks blocks,
      float limit,
      int minPts,
      boolean nearestOfAll,
      int maxKeptPairs) {
    this.spark = spark;
    this.context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    this.driverBlocks = blocks;
    this.location = location;
    this.version = snapshot.version();
    this.schema = snapshot.schema();
    this.reach = new Reach(schema.metric(), schema.dimension(), limit);
    this.minPts = minPts;
    this.nearestOfAll = nearestOfAll;
    this.maxKeptPairs = maxKeptPairs;
    this.blocks = context.broadcast(Packed.of(blocks));
    this.setup = context.broadcast(Packed.of(new Setup(projection())));
  }

  private Projection projection() {
    int dimension = schema.dimension();
    if (dimension < Projection.MIN_DIMENSION || driverBlocks.rows() < SAMPLE_ROWS) {
      return null;
    }
    float[] sample =
        IndexSample.draw(
                spark, location, version, driverBlocks, dimension, SAMPLE_ROWS, SAMPLE_SEED)
            .vectors();
    for (float value : sample) {
      if (Math.abs(value) > Reach.MAX_MEASURED) {
        return null;
      }
    }
    return new Projection(PrincipalAxes.of(spark, sample, dimension, Projection.AXES));
  }

  /**
   * Groups the rows.
   *
   * @return for each live row its {@code id} and what the constants of this class name; to be used
   *     before this is closed
   */
  public Dataset<Row> run() {
    ByNumber byBlock = new ByNumber(driverBlocks.count());
    List<Integer> all = IntStream.range(0, driverBlocks.count()).boxed().toList();
    JavaRDD<Compared> compared =
        keep(context.parallelize(all, all.size()).flatMap(this::compareWithPartners));
    JavaPairRDD<Integer, int[]> counts =
        compared
            .flatMapToPair(DensityClusters::counts)
            .reduceByKey(byBlock, DensityClusters::sum)
            .persist(StorageLevel.DISK_ONLY());
    persisted.add(counts.rdd());
    long[] core = cores(counts);
    Broadcast<long[]> sharedCore = context.broadcast(core);
    JavaRDD<Linked> linked =
        keep(compared.mapPartitions(each -> new LinkedBlocks(this, each, sharedCore.value())));
    Broadcast<int[]> clusters = context.broadcast(clusters(linked, core));
    JavaPairRDD<Integer, NearestCores> nearest =
        linked.flatMapToPair(DensityClusters::nearest).reduceByKey(byBlock, NearestCores::with);
    JavaRDD<Row> rows =
        counts
            .leftOuterJoin(nearest, byBlock)
            .flatMap(each -> rows(each._1, each._2._1, each._2._2, clusters.value()));
    return spark.createDataFrame(rows, type());
  }

  private <T> JavaRDD<T> keep(JavaRDD<T> rdd) {
    persisted.add(rdd.persist(StorageLevel.DISK_ONLY()).rdd());
    return rdd;
  }

  private StructType type() {
    var id = schema.idType() == IdType.INT64 ? DataTypes.LongType : DataTypes.StringType;
    return new StructType()
        .add("id", id, false)
        .add(CLUSTER, DataTypes.IntegerType)
        .add(KIND, DataTypes.StringType, false)
        .add(NEIGHBOURS, DataTypes.IntegerType, false)
        .add(NEAREST, id)
        .add(DISTANCE, DataTypes.FloatType);
  }

  /** Compares a block with its partners, one after the other. */
  private Iterator<Compared> compareWithPartners(int a) throws IOException {
    RowBlocks all = blocks.value().get();
    int[] partners = all.partners(a);
    Opened opened = new Opened();
    BlockRows mine = opened.rows(a);
    return new Iterator<>() {
      private int next;
      private int room = maxKeptPairs;

      @Override
      public boolean hasNext() {
        return next < partners.length;
      }

      @Override
      public Compared next() {
        int b = partners[next++];
        try {
          Compared compared = compare(a, mine, b, b == a ? mine : opened.rows(b), room);
          room -= compared.pairs.size();
          return compared;
        } catch (IOException e) {
          throw new UncheckedIOException(e.getMessage(), e);
        }
      }

      private Compared compare(int a, BlockRows rowsOfA, int b, BlockRows rowsOfB, int room) {
        int[] ofA = new int[rowsOfA.count];
        int[] ofB = a == b ? ofA : new int[rowsOfB.count];
        PairBuffer pairs = new PairBuffer(room);
        opened
            .join(rowsOfA, rowsOfB)
            .run(
                (offsetA, offsetB, distance) -> {
                  ofA[offsetA]++;
                  ofB[offsetB]++;
                  pairs.add(offsetA, offsetB, distance);
                });
        boolean none = pairs.isComplete() && pairs.size() == 0;
        return new Compared(
            a, b, none && a != b ? null : ofA, none || a == b ? null : ofB, pairs.trimmed());
      }
    };
  }

  /** The index as a task reads it; closed with the task. */
  private final class Opened {
    private final BlockReader reader;

    Opened() throws IOException {
      reader = new BlockReader(location, version, blocks.value().get());
      TaskCompletionListener end = task -> close();
      TaskContext.get().addTaskCompletionListener(end);
    }

    private void close() {
      try {
        reader.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
      }
    }

    BlockRows rows(int block) throws IOException {
      return reader.rows(block, setup.value().get().projection());
    }

    FeatureId[] ids(int block) throws IOException {
      return reader.ids(block);
    }

    BlockJoin join(BlockRows a, BlockRows b) {
      return new BlockJoin(reader.model(), reach, a, b);
    }
  }

  private static Iterator<Tuple2<Integer, int[]>> counts(Compared compared) {
    List<Tuple2<Integer, int[]>> counts = new ArrayList<>(2);
    if (compared.neighboursOfA != null) {
      counts.add(new Tuple2<>(compared.a, compared.neighboursOfA));
    }
    if (compared.neighboursOfB != null) {
      counts.add(new Tuple2<>(compared.b, compared.neighboursOfB));
    }
    return counts.iterator();
  }

  private static int[] sum(int[] some, int[] others) {
    int[] sums = some.clone();
    for (int i = 0; i < sums.length; i++) {
      sums[i] += others[i];
    }
    return sums;
  }

  /** The bitmap of the core rows. */
  private long[] cores(JavaPairRDD<Integer, int[]> counts) {
    long[] core = new long[(driverBlocks.rows() + 63) / 64];
    List<Tuple2<Integer, long[]>> parts = counts.mapValues(this::coresOfBlock).collect();
    for (Tuple2<Integer, long[]> part : parts) {
      int first = driverBlocks.firstRow(part._1);
      for (int i = 0; i < driverBlocks.rows(part._1); i++) {
        if ((part._2[i >> 6] & 1L << i) != 0) {
          core[(first + i) >> 6] |= 1L << (first + i);
        }
      }
    }
    return core;
  }

  private long[] coresOfBlock(int[] counts) {
    long[] core = new long[(counts.length + 63) / 64];
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] + 1L >= minPts) {
        core[i >> 6] |= 1L << i;
      }
    }
    return core;
  }

  /** Goes through pairs again, those kept or those found anew. */
  private static final class LinkedBlocks implements Iterator<Linked> {
    private final DensityClusters job;
    private final Iterator<Compared> compared;
    private final long[] core;
    private final Opened opened;
    private int blockOfIds = -1;
    private FeatureId[] ids;
    private Compared next;

    LinkedBlocks(DensityClusters job, Iterator<Compared> compared, long[] core) throws IOException {
      this.job = job;
      this.compared = compared;
      this.core = core;
      this.opened = job.new Opened();
    }

    @Override
    public boolean hasNext() {
      while (next == null && compared.hasNext()) {
        Compared candidate = compared.next();
        next = candidate.isEmpty() ? null : candidate;
      }
      return next != null;
    }

    @Override
    public Linked next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Compared pairs = next;
      next = null;
      try {
        if (blockOfIds != pairs.a) {
          ids = opened.ids(pairs.a);
          blockOfIds = pairs.a;
        }
        FeatureId[] idsOfB = pairs.a == pairs.b ? ids : opened.ids(pairs.b);
        RowBlocks blocks = job.blocks.value().get();
        Linking linking =
            new Linking(blocks, pairs.a, pairs.b, core, job.nearestOfAll, ids, idsOfB);
        if (pairs.pairs.isComplete()) {
          pairs.pairs.forEach(linking);
        } else {
          BlockRows a = opened.rows(pairs.a);
          opened.join(a, pairs.a == pairs.b ? a : opened.rows(pairs.b)).run(linking);
        }
        return linking.linked(pairs.a, pairs.b);
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
      }
    }
  }

  /** For each core row the smallest number of a core of its cluster; -1 for other rows. */
  private int[] clusters(JavaRDD<Linked> linked, long[] core) {
    UnionFind sets = new UnionFind(driverBlocks.rows());
    // All tasks at once; then their edges, of one task at a time.
    linked.count();
    Iterator<int[]> edges = linked.map(each -> each.edges).toLocalIterator();
    while (edges.hasNext()) {
      int[] some = edges.next();
      for (int i = 0; i < some.length; i += 2) {
        sets.join(some[i], some[i + 1]);
      }
    }
    int[] clusters = new int[driverBlocks.rows()];
    Arrays.setAll(clusters, row -> (core[row >> 6] & 1L << row) == 0 ? -1 : sets.find(row));
    return clusters;
  }

  private static Iterator<Tuple2<Integer, NearestCores>> nearest(Linked linked) {
    List<Tuple2<Integer, NearestCores>> nearest = new ArrayList<>(2);
    if (linked.ofA != null) {
      nearest.add(new Tuple2<>(linked.a, linked.ofA));
    }
    if (linked.ofB != null) {
      nearest.add(new Tuple2<>(linked.b, linked.ofB));
    }
    return nearest.iterator();
  }

  private Iterator<Row> rows(
      int block, int[] counts, Optional<NearestCores> nearest, int[] clusters) throws IOException {
    List<Row> rows = new ArrayList<>(counts.length);
    int first = blocks.value().get().firstRow(block);
    FeatureId[] ids = new Opened().ids(block);
    for (int i = 0; i < counts.length; i++) {
      boolean hasNearest = nearest.isPresent() && nearest.get().has(i);
      int cluster = clusters[first + i];
      String kind = cluster >= 0 ? "core" : hasNearest ? "border" : "noise";
      if (cluster < 0 && hasNearest) {
        cluster = clusters[nearest.get().cores[i]];
      }
      rows.add(
          RowFactory.create(
              ids[i].toObject(),
              cluster < 0 ? null : cluster,
              kind,
              counts[i] + 1,
              hasNearest ? nearest.get().ids[i] : null,
              hasNearest ? nearest.get().distances[i] : null));
    }
    return rows.iterator();
  }

  /** Removes what was kept on disks. */
  @Override
  public void close() {
    persisted.forEach(rdd -> rdd.unpersist(false));
    blocks.unpersist();
    setup.unpersist();
  }
}
