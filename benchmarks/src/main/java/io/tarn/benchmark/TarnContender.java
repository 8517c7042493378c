package io.tarn.benchmark;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.Format;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentWriter;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Tarn, through index-core alone: what the batch job does, without Spark. Ids are row numbers.
 *
 * @param nlist how many lists
 * @param adaptive whether efforts are those of {@link Probe.Adaptive}, in the same index
 * @param withShares whether each row has an attribute {@link #SHARE}, for filters
 */
record TarnContender(int nlist, boolean adaptive, boolean withShares) implements Contender {
  static final String SYSTEM = "tarn";

  /** An attribute of values spread evenly from 0 to 1, whatever the vector. */
  static final String SHARE = "share";

  private static final int SAMPLE_ROWS_PER_LIST = 256;
  private static final int MAX_SAMPLE_FLOATS = (256 << 20) / Float.BYTES;
  private static final int ITERATIONS = 10;
  private static final long SEED = 42;
  private static final Quantizer QUANTIZER = Quantizer.byDefault();

  /** A segment starts with the list in which it reaches this size, as the batch job's do. */
  private static final long SEGMENT_BYTES = 256L << 20;

  TarnContender(int nlist) {
    this(nlist, false, false);
  }

  /** The same index, whose searches stop by themselves. */
  TarnContender stoppingEarly() {
    return new TarnContender(nlist, true, withShares);
  }

  /** With the attribute {@link #SHARE}. */
  TarnContender sharing() {
    return new TarnContender(nlist, adaptive, true);
  }

  /** The value of {@link #SHARE} in a row. */
  static double share(int row) {
    return new SplittableRandom(row).nextDouble();
  }

  @Override
  public String system() {
    return SYSTEM;
  }

  @Override
  public String settings() {
    return "nlist " + nlist + (adaptive ? ", adaptive" : "");
  }

  @Override
  public String key() {
    return "tarn-format%d-%s-nlist%d%s"
        .formatted(Format.VERSION, QUANTIZER.type(), nlist, withShares ? "-shares" : "");
  }

  @Override
  public String version() {
    return "format " + Format.VERSION;
  }

  @Override
  public String kernels() {
    return Kernels.best().description();
  }

  @Override
  public String effortName() {
    return "nprobe";
  }

  @Override
  public int leastEffort(int k) {
    return 1;
  }

  @Override
  public int mostEffort(int rows) {
    return nlist;
  }

  @Override
  public void build(Vectors base, Path folder, int threads, Phases phases) throws IOException {
    Storage storage = new LocalStorage(folder);
    List<Attribute> attributes =
        withShares ? List.of(new Attribute(SHARE, AttributeType.DOUBLE)) : List.of();
    Schema schema = new Schema(IdType.INT64, base.dimension(), Metric.L2, attributes);
    float[] centroids =
        KMeans.train(Metric.L2, base.dimension(), sample(base), nlist, ITERATIONS, SEED, threads);
    Model model = Model.of(Metric.L2, base.dimension(), centroids, QUANTIZER);
    phases.done("train");
    ByList byList = ByList.of(assign(base, model, threads), model.listCount());
    phases.done("assign");
    List<SegmentRef> segments = writeSegments(storage, schema, model, base, byList);
    Committer.create(
        new SnapshotLog(storage),
        new NewIndex("bench", schema, ModelFile.write(storage, model), null, segments));
    phases.done("encode and write");
  }

  private float[] sample(Vectors base) {
    int dimension = base.dimension();
    long wanted = Math.min((long) nlist * SAMPLE_ROWS_PER_LIST, MAX_SAMPLE_FLOATS / dimension);
    if (wanted >= base.count()) {
      return base.values();
    }
    float[] sample = new float[(int) wanted * dimension];
    SplittableRandom random = new SplittableRandom(SEED);
    int taken = 0;
    // Each row is taken with the chance that makes every sample of this size as likely.
    for (int row = 0; taken < wanted; row++) {
      if (random.nextInt(base.count() - row) < wanted - taken) {
        System.arraycopy(base.values(), row * dimension, sample, taken * dimension, dimension);
        taken++;
      }
    }
    return sample;
  }

  private static int[] assign(Vectors base, Model model, int threads) {
    int[] lists = new int[base.count()];
    Parallel.ranges(
        base.count(),
        threads,
        (from, to) ->
            new Assigner(model)
                .assign(base.values(), from * base.dimension(), to - from, lists, from));
    return lists;
  }

  /**
   * The rows in the order of their lists.
   *
   * @param rows list after list, each list's rows ascending
   * @param starts where each list begins in {@code rows}, and at last where the last one ends
   */
  private record ByList(int[] rows, int[] starts) {
    static ByList of(int[] lists, int listCount) {
      int[] starts = new int[listCount + 1];
      for (int list : lists) {
        starts[list + 1]++;
      }
      for (int list = 0; list < listCount; list++) {
        starts[list + 1] += starts[list];
      }
      int[] rows = new int[lists.length];
      int[] next = starts.clone();
      for (int row = 0; row < rows.length; row++) {
        rows[next[lists[row]]++] = row;
      }
      return new ByList(rows, starts);
    }
  }

  private List<SegmentRef> writeSegments(
      Storage storage, Schema schema, Model model, Vectors base, ByList byList) throws IOException {
    List<SegmentRef> segments = new ArrayList<>();
    long segmentRows = Math.max(1, SEGMENT_BYTES / ((long) base.dimension() * Float.BYTES));
    int[] starts = byList.starts;
    int list = 0;
    while (list < model.listCount()) {
      int first = list;
      while (list < model.listCount() && starts[list] - starts[first] < segmentRows) {
        list++;
      }
      if (starts[list] > starts[first]) {
        try (SegmentWriter segment = new SegmentWriter(storage, schema, model)) {
          for (int l = first; l < list; l++) {
            for (int i = starts[l]; i < starts[l + 1]; i++) {
              segment.add(model.listIds()[l], feature(base, byList.rows[i]));
            }
          }
          segments.add(segment.finish());
        }
      }
    }
    return segments;
  }

  private Feature feature(Vectors base, int row) {
    Object[] attributes = withShares ? new Object[] {share(row)} : new Object[0];
    return new Feature(FeatureId.of((long) row), base.row(row), 0, row, attributes);
  }

  /** The row that was found. */
  static int row(Hit hit) {
    return (int) ((FeatureId.Int64) hit.id()).value();
  }

  @Override
  public Engine open(Vectors base, Path folder) throws IOException {
    try {
      Kernels.awaitWarm();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchmarkException("interrupted while kernels were compiled", e);
    }
    return new OpenIndex(IndexReader.open(new LocalStorage(folder)).view(), adaptive);
  }

  /** Searches one snapshot. */
  private record OpenIndex(IndexView view, boolean adaptive) implements Engine {
    @Override
    public int search(float[] query, int nprobe, int[] rows) throws IOException {
      try {
        Probe probe = adaptive ? Probe.adaptive(nprobe) : Probe.nearest(nprobe);
        int found = 0;
        for (Hit hit : view.search(query, rows.length, probe).hits()) {
          rows[found++] = row(hit);
        }
        return found;
      } catch (RejectedFeatureException e) {
        throw new BenchmarkException("a query is rejected: " + e.getMessage(), e);
      }
    }

    @Override
    public void close() {
      // Its storage holds nothing open.
    }
  }
}
