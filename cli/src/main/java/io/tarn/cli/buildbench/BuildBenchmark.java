package io.tarn.cli.buildbench;

import io.tarn.benchmark.DataSet;
import io.tarn.benchmark.Vectors;
import io.tarn.cli.local.Cleanup;
import io.tarn.cli.local.LocalSpark;
import io.tarn.cli.print.Amounts;
import io.tarn.cli.print.Table;
import io.tarn.cli.print.Table.Align;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Metric;
import io.tarn.index.format.ModelFile;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.settings.Settings;
import io.tarn.spark.BuildJob;
import io.tarn.spark.BuildResult;
import io.tarn.spark.BuildSettings;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/**
 * Runs the build job on a file of vectors, in this JVM, and looks at what it made.
 *
 * <p>Lists are compared with those that plain k-means finds in as many rows and iterations: by the
 * mean squared distance of all rows to their centroids, and by recall, the share of the true
 * neighbours of queries that lie in the lists nearest to them.
 */
public final class BuildBenchmark {
  private static final int ITERATIONS = 10;
  private static final long MAX_SAMPLE_BYTES = 256L << 20;
  private static final int ROWS_PER_LIST = 256;
  private static final long SEED = 42;
  private static final int[] NPROBES = {4, 16, 64};
  private static final double MILLIS_PER_SECOND = TimeUnit.SECONDS.toMillis(1);
  private static final List<String> PHASES =
      List.of("read", "check", "sample", "train lists", "write", "commit");

  private final String name;
  private final DataSet data;
  private final long jvmMs;
  private final Cleanup cleanup;
  private final Consumer<String> log;
  private final Table times = new Table().column("", Align.LEFT);
  private final Table lists = new Table().column("", Align.LEFT);
  private final Table mllib =
      new Table()
          .column("MLlib", Align.LEFT)
          .column("train s", Align.RIGHT)
          .column("assign, sort, write s", Align.RIGHT)
          .column("total s", Align.RIGHT)
          .column("÷ Tarn's first", Align.RIGHT)
          .column("÷ Tarn's fastest", Align.RIGHT);
  private SparkSession spark;
  private double startUpSeconds;

  /**
   * @param name what Spark calls the application
   * @param jvmMs how long it took until the JVM got to work
   * @param log is told what is being done
   */
  public BuildBenchmark(
      String name, DataSet data, long jvmMs, Cleanup cleanup, Consumer<String> log) {
    this.name = name;
    this.jvmMs = jvmMs;
    this.data = data;
    this.cleanup = cleanup;
    this.log = log;
    PHASES.forEach(phase -> times.column(phase, Align.RIGHT));
    for (String heading : List.of("total s", "with start-up s", "train…commit s", "MB/s")) {
      times.column(heading, Align.RIGHT);
    }
    lists.column("mean squared distance", Align.RIGHT).column("largest ÷ mean", Align.RIGHT);
    for (int nprobe : NPROBES) {
      lists.column("recall@10, nprobe " + nprobe, Align.RIGHT);
    }
    lists.column("train s", Align.RIGHT);
  }

  /**
   * Measures.
   *
   * @param rounds how often each index is built
   * @param quality whether to train by plain k-means too
   * @param solvers how MLlib does the same work; not at all if empty
   * @return the times, the quality, and MLlib's times if asked for
   */
  public List<Table> run(
      List<Integer> nlists, int rounds, boolean quality, List<MllibKMeans.Solver> solvers)
      throws IOException {
    Path directory = cleanup.temporaryDirectory("tarn-bench-build-");
    Path input = directory.resolve("base.fvecs");
    log.accept("writing " + Amounts.count(data.base().count(), "vector") + " to " + input);
    write(data.base(), input);
    long startNanos = System.nanoTime();
    spark = LocalSpark.inThisJvm(name, cleanup);
    startUpSeconds = jvmMs / MILLIS_PER_SECOND + seconds(startNanos);
    List<int[]> truth = ListQuality.truth(data);
    for (int nlist : nlists) {
      Path index = directory.resolve("index-" + nlist);
      double best = Double.POSITIVE_INFINITY;
      double first = 0;
      for (int round = 1; round <= rounds; round++) {
        delete(index);
        BuildResult result = build(input, index, nlist);
        double work = addTimes(result, nlist, round);
        best = Math.min(best, work);
        first = round == 1 ? work : first;
      }
      look(index, nlist, truth, quality);
      for (MllibKMeans.Solver solver : solvers) {
        compareWithMllib(nlist, solver, first, best, directory.resolve("mllib"));
      }
      delete(index);
    }
    return solvers.isEmpty() ? List.of(times, lists) : List.of(times, lists, mllib);
  }

  private BuildResult build(Path input, Path index, int nlist) throws IOException {
    BuildSettings settings =
        Settings.load(
            BuildSettings.class,
            Optional.empty(),
            List.of(
                "index=" + index,
                "input.path=" + input,
                "input.format=fvecs",
                "nlist=" + nlist,
                "training.iterations=" + ITERATIONS,
                "training.seed=" + SEED,
                "training.sample-rows-per-list=" + ROWS_PER_LIST,
                "training.max-sample-bytes=" + MAX_SAMPLE_BYTES));
    return BuildJob.run(spark, settings);
  }

  /** The seconds of training and of all that follows, which are what others are compared with. */
  private double addTimes(BuildResult result, int nlist, int round) {
    Map<String, Double> phases = result.seconds();
    List<String> row = new ArrayList<>();
    row.add(
        nlist + " lists, round " + round + (round == 1 && startUpSeconds > 0 ? ", first job" : ""));
    PHASES.forEach(phase -> row.add(number(phases.getOrDefault(phase, 0.0))));
    double total = phases.values().stream().mapToDouble(Double::doubleValue).sum();
    double work = phases.get("train lists") + phases.get("write") + phases.get("commit");
    row.add(number(total));
    row.add(startUpSeconds > 0 ? number(total + startUpSeconds) : "");
    row.add(number(work));
    row.add(number(4e-6 * data.base().values().length / total));
    times.row(row);
    startUpSeconds = 0;
    return work;
  }

  private void look(Path index, int nlist, List<int[]> truth, boolean quality) throws IOException {
    float[] built;
    try (Storage storage = new LocalStorage(index)) {
      Model model = ModelFile.read(storage, new SnapshotLog(storage).newest().model());
      built = model.centroids();
    }
    addQuality("tarn, " + nlist + " lists", built, truth, "");
    if (quality) {
      log.accept("training " + nlist + " lists by plain k-means");
      long startNanos = System.nanoTime();
      float[] plain =
          KMeans.trainFlat(
              Metric.L2,
              data.base().dimension(),
              sample(sampleRows(nlist)),
              nlist,
              ITERATIONS,
              SEED,
              Runtime.getRuntime().availableProcessors());
      double taken = seconds(startNanos);
      addQuality("plain k-means, " + nlist + " lists", plain, truth, number(taken));
    }
  }

  private void addQuality(String what, float[] centroids, List<int[]> truth, String taken) {
    ListQuality quality = ListQuality.of(data.base(), centroids);
    List<String> row = new ArrayList<>();
    row.add(what);
    row.add("%.6g".formatted(quality.meanSquaredDistance()));
    row.add("%.2f".formatted(quality.largestOverMean()));
    for (int nprobe : NPROBES) {
      row.add("%.4f".formatted(quality.recall(data.queries(), truth, nprobe)));
    }
    row.add(taken);
    lists.row(row);
  }

  private void compareWithMllib(
      int nlist, MllibKMeans.Solver solver, double first, double best, Path output)
      throws IOException {
    log.accept("training " + nlist + " lists with MLlib, solver " + solver);
    Vectors sample = new Vectors(data.base().dimension(), sample(sampleRows(nlist)));
    MllibKMeans.Taken taken =
        new MllibKMeans(spark, SEED).run(sample, data.base(), nlist, ITERATIONS, solver, output);
    delete(output);
    double total = taken.trainSeconds() + taken.assignSeconds();
    mllib.row(
        List.of(
            nlist + " lists, " + solver.name().toLowerCase(Locale.ROOT),
            number(taken.trainSeconds()),
            number(taken.assignSeconds()),
            number(total),
            number(total / first),
            number(total / best)));
  }

  /** As many rows as the job trains on. */
  private int sampleRows(int nlist) {
    long rows =
        Math.min(
            (long) nlist * ROWS_PER_LIST,
            MAX_SAMPLE_BYTES / ((long) data.base().dimension() * Float.BYTES));
    return (int) Math.min(rows, data.base().count());
  }

  private float[] sample(int rows) {
    int dimension = data.base().dimension();
    float[] sample = new float[rows * dimension];
    SplittableRandom random = new SplittableRandom(SEED);
    int taken = 0;
    // Each row is taken with the chance that makes every sample of this size as likely.
    for (int row = 0; taken < rows; row++) {
      if (random.nextInt(data.base().count() - row) < rows - taken) {
        System.arraycopy(
            data.base().values(), row * dimension, sample, taken++ * dimension, dimension);
      }
    }
    return sample;
  }

  private static void write(Vectors vectors, Path file) throws IOException {
    ByteBuffer row =
        ByteBuffer.allocate(Integer.BYTES + vectors.dimension() * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
      for (int r = 0; r < vectors.count(); r++) {
        row.clear().putInt(vectors.dimension());
        row.asFloatBuffer().put(vectors.values(), r * vectors.dimension(), vectors.dimension());
        out.write(row.array());
      }
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static double seconds(long startNanos) {
    return (System.nanoTime() - startNanos) / (double) TimeUnit.SECONDS.toNanos(1);
  }

  private static String number(double seconds) {
    return String.format(Locale.ROOT, "%.1f", seconds);
  }
}
