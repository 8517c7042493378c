package io.tarn.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.NotAnIndexException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.Probe;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.S3Server;
import io.tarn.index.storage.hadoop.StorageLocation;
import io.tarn.index.verify.IndexVerifier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.extension.TestWatcher;
import org.junit.jupiter.api.io.TempDir;

/**
 * The batch jobs on a Spark cluster of separate processes, submitted as README.md says: in both
 * modes, on every kind of storage, and with processes killed under them.
 */
class SparkClusterIT {
  private static final int DIMENSION = 16;
  private static final Duration COMMAND_LIMIT = Duration.ofMinutes(3);
  private static final String JOB_JAR = System.getProperty("tarn.spark.jar");
  private static final String CONF = System.getProperty("tarn.root") + "/conf";

  private static final List<String> IN_CLUSTER =
      List.of(
          "--deploy-mode", "cluster", "--conf", "spark.standalone.submit.waitAppCompletion=true");

  private static final int WORKERS = 2;

  /** As many as give a build some seconds, in which processes can be killed. */
  private static final int ROWS = 60_000;

  @TempDir static Path shared;
  @TempDir Path directory;

  private static SparkCluster cluster;
  private static VectorTable table;
  private static VectorTable changes;
  private static Path application;

  private final Instant started = Instant.now();

  /** Shows, when a test fails, what the processes had to say meanwhile. */
  @RegisterExtension
  final TestWatcher logs =
      new TestWatcher() {
        @Override
        public void testFailed(ExtensionContext context, Throwable cause) {
          try {
            System.err.println(cluster.tails(started));
          } catch (IOException e) {
            cause.addSuppressed(e);
          }
        }
      };

  private final SplittableRandom random = new SplittableRandom(1);

  @BeforeAll
  static void startCluster() throws IOException {
    table = VectorTable.write(shared.resolve("table.bvecs"), ROWS);
    changes = VectorTable.write(shared.resolve("changes.bvecs"), 1_000);
    application = shared.resolve("application.jar");
    RacingWriter.writeJar(application);
    cluster = SparkCluster.start(shared.resolve("spark"), WORKERS);
  }

  @AfterAll
  static void stopCluster() throws IOException {
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void replaceKilledWorkers() throws IOException {
    cluster.startWorkers(WORKERS);
  }

  @Test
  void buildAndAppendRunFromTheJobJarAndFromTheCommandLine() throws Exception {
    Path index = directory.resolve("index");
    List<float[]> vectors = new ArrayList<>();
    Path base = directory.resolve("base.json");
    write(base, vectors, 0, 2_000);
    Path more = directory.resolve("more.json");
    write(more, vectors, 2_000, 500);
    Path last = directory.resolve("last.json");
    write(last, vectors, 2_500, 100);

    cluster.run(
        Readme.read()
            .words(
                "spark-submit",
                Map.of(
                    "spark://master:7077", cluster.master(),
                    "pipeline-spark/target/tarn-spark.jar", JOB_JAR,
                    "conf/build.yaml", CONF + "/build.yaml",
                    "/data/vectors.json", base.toString(),
                    "/data/index", index.toString())));
    ChildProcess appending = cluster.submit(appendJson(more, index));
    appendByCommandLine(last, index);
    SparkCluster.awaitSuccess(appending);

    Storage storage = new LocalStorage(index);
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    IndexReader reader = IndexReader.open(storage);
    assertThat(reader.view().snapshot().version()).isEqualTo(3);
    assertThat(reader.view().liveRowCount()).isEqualTo(2_600);
    for (int id = 0; id < vectors.size(); id += 97) {
      assertThat(reader.search(vectors.get(id), 1, Probe.exact()).hits().get(0).id())
          .isEqualTo(FeatureId.of((long) id));
    }
  }

  @Test
  void theJobJarHasNoSparkInside() throws IOException {
    try (JarFile jar = new JarFile(JOB_JAR)) {
      assertThat(jar.stream().map(JarEntry::getName))
          .contains("io/tarn/spark/BuildJob.class")
          .noneMatch(name -> name.startsWith("org/apache/spark/") || name.startsWith("scala/"))
          .noneMatch(name -> name.startsWith("org/apache/hadoop/") || name.startsWith("org/slf4j/"))
          .noneMatch(name -> name.startsWith("com/fasterxml/jackson/"))
          .noneMatch(name -> name.startsWith("org/apache/parquet/"));
    }
  }

  @Test
  void killedProcessesChangeNothing() throws Exception {
    Path undisturbed = directory.resolve("undisturbed");
    ChildProcess first = cluster.submit(concat(IN_CLUSTER, build(undisturbed)));
    awaitSegments(first, undisturbed, 1);
    // It asks for the driver's state now and then: its end comes later than that of the job.
    cluster.awaitIdle();

    Path disturbed = directory.resolve("disturbed");
    killTheDriverOfABuild(disturbed);
    killExecutorAndWorkerOfABuild(disturbed);
    SparkCluster.awaitSuccess(first);
    assertThat(first.output()).contains("FINISHED");
    assertThat(models(disturbed)).isEqualTo(models(undisturbed));
    assertThat(lists(new LocalStorage(disturbed))).isEqualTo(lists(new LocalStorage(undisturbed)));

    killTheDriverOfAnAppend(disturbed);
    assertHoldsTheTable(disturbed, 1);
    cluster.run(append(changes, disturbed));
    assertHoldsTheTable(disturbed, 2);
  }

  private static void killTheDriverOfABuild(Path index) throws IOException {
    ChildProcess building = cluster.submit(build(index));
    awaitSegments(building, index, 1);
    building.kill();
    cluster.awaitIdle();
    assertThatThrownBy(() -> IndexReader.open(new LocalStorage(index)))
        .isInstanceOf(NotAnIndexException.class);
  }

  private static void killExecutorAndWorkerOfABuild(Path index) throws IOException {
    List<Path> before = files(index.resolve("segments"));
    ChildProcess building = cluster.submit(build(index));
    building.awaitOutput("with ID 0", COMMAND_LIMIT);
    building.awaitOutput("with ID 1", COMMAND_LIMIT);
    awaitSegments(building, index, before.size() + 1);
    cluster.killAnExecutorOf(0);
    building.awaitOutput("Lost executor", COMMAND_LIMIT);
    awaitSegments(building, index, before.size() + 5);
    // The other one, whose executor is at work.
    cluster.killWorker(1);
    SparkCluster.awaitSuccess(building);

    assertThat(building.output().split("Lost executor")).hasSizeGreaterThan(2);
    assertHoldsTheTable(index, 1);
    List<Path> left = strayFiles(index);
    left.removeAll(before);
    assertThat(left).allMatch(file -> file.getFileName().toString().startsWith(".pending-"));
  }

  private static void killTheDriverOfAnAppend(Path index) throws IOException {
    int before = files(index.resolve("segments")).size();
    ChildProcess appending = cluster.submit(append(table, index));
    awaitSegments(appending, index, before + 1);
    appending.kill();
  }

  @Test
  void writersRaceOnALocalDisk() throws Exception {
    race(directory.resolve("index").toString(), Map.of());
  }

  @Test
  void writersRaceInHdfs() throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, directory.resolve("hdfs").toString());
    MiniDFSCluster hdfs = new MiniDFSCluster.Builder(configuration).numDataNodes(1).build();
    try {
      hdfs.waitActive();
      race(hdfs.getFileSystem().getUri() + "/indexes/one", Map.of());
    } finally {
      hdfs.shutdown(true);
    }
  }

  @Test
  void writersRaceInS3() throws Exception {
    try (S3Server s3 = new S3Server()) {
      race("s3a://" + S3Server.BUCKET + "/indexes/one", s3.settings());
    }
  }

  /**
   * Two applications make the same index at the same time, of which one is refused, and then append
   * to it at the same time: no commit and no row is lost.
   */
  private void race(String index, Map<String, String> hadoop) throws Exception {
    List<String> settings = new ArrayList<>();
    Configuration configuration = new Configuration();
    hadoop.forEach(
        (key, value) -> {
          settings.addAll(List.of("--conf", "spark.hadoop." + key + "=" + value));
          configuration.set(key, value);
        });
    List<Long> firstIds = List.of(1_000_000L, 2_000_000L);
    List<ChildProcess> writers = new ArrayList<>();
    for (long firstId : firstIds) {
      writers.add(cluster.submit(concat(settings, racingWriter(index, firstId))));
    }
    // Both have seen that there is no index.
    meet(writers, "build read:");
    meet(writers, RacingWriter.WARM);
    for (ChildProcess writer : writers) {
      SparkCluster.awaitSuccess(writer);
      assertThat(writer.output()).contains("build write:");
    }

    try (Storage storage = StorageLocation.open(index, configuration)) {
      assertHolds(storage, 1 + writers.size() * RacingWriter.APPENDS, written(writers, firstIds));
    }
    assertTheCommandLineFinds(firstIds.get(0) + RacingWriter.BUILT_ROWS, index, configuration);
  }

  /** The ids of what two writers have written, of which one made the index. */
  private static Set<Long> written(List<ChildProcess> writers, List<Long> firstIds) {
    Set<Long> ids = new TreeSet<>();
    int refused = 0;
    for (int i = 0; i < writers.size(); i++) {
      String output = writers.get(i).output();
      int firstRow = 0;
      if (output.contains(RacingWriter.REFUSED)) {
        assertThat(output).containsPattern("refused: .* holds an index already");
        firstRow = RacingWriter.BUILT_ROWS;
        refused++;
      }
      for (int row = firstRow; row < RacingWriter.ROWS; row++) {
        ids.add(firstIds.get(i) + row);
      }
    }
    assertThat(refused).isEqualTo(1);
    return ids;
  }

  private static void assertHolds(Storage storage, long version, Set<Long> ids) throws IOException {
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    IndexReader reader = IndexReader.open(storage);
    assertThat(reader.view().snapshot().version()).isEqualTo(version);
    Set<Long> found = new TreeSet<>();
    reader
        .view()
        .forEachLive(
            row -> {
              long id = (Long) row.id().toObject();
              assertThat(row.vector()).isEqualTo(RacingWriter.vector(id));
              found.add(id);
            });
    assertThat(found).isEqualTo(ids);
  }

  /** Lets two processes go on together from something that both print. */
  private static void meet(List<ChildProcess> two, String printed) throws IOException {
    ChildProcess one = two.get(0);
    ChildProcess other = two.get(1);
    one.await(
        "one of two to print '" + printed + "'",
        COMMAND_LIMIT,
        () -> one.output().contains(printed) || other.output().contains(printed));
    boolean oneIsFirst = one.output().contains(printed);
    ChildProcess first = oneIsFirst ? one : other;
    ChildProcess second = oneIsFirst ? other : one;
    first.suspend();
    try {
      second.awaitOutput(printed, COMMAND_LIMIT);
    } finally {
      first.resume();
    }
  }

  /** By way of its vector, which is read from where the index lies. */
  private void assertTheCommandLineFinds(long id, String index, Configuration hadoop)
      throws IOException {
    Path conf = Files.createDirectories(directory.resolve("hadoop-conf"));
    try (Writer core = Files.newBufferedWriter(conf.resolve("core-site.xml"))) {
      hadoop.writeXml(core);
    }
    List<String> words = new ArrayList<>(List.of("search", "--index", index));
    words.addAll(List.of("--id", Long.toString(id), "--k", "1", "--exact"));
    words.addAll(List.of("--tier", "remote", "--json"));
    assertThat(tarn(words, Map.of("HADOOP_CONF_DIR", conf.toString())))
        .containsPattern("\"id\" ?: ?" + id);
  }

  /** Runs the command line to its end, which must be a good one; gives what it printed. */
  private String tarn(List<String> words, Map<String, String> environment) throws IOException {
    List<String> command = concat(List.of(System.getProperty("tarn.root") + "/tarn"), words);
    try (ChildProcess process =
        ChildProcess.start("tarn-" + words.get(0), directory, environment, command)) {
      assertThat(process.awaitExit(COMMAND_LIMIT)).as(process.tail()).isZero();
      return process.output();
    }
  }

  private static void assertHoldsTheTable(Path index, long version) throws IOException {
    Storage storage = new LocalStorage(index);
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
    IndexReader reader = IndexReader.open(storage);
    assertThat(reader.view().snapshot().version()).isEqualTo(version);
    assertThat(reader.view().liveRowCount()).isEqualTo(table.rows());
    reader
        .view()
        .forEachLive(
            row -> {
              int id = Math.toIntExact((Long) row.id().toObject());
              if (id % 97 == 0) {
                assertThat(row.vector()).isEqualTo(VectorTable.vector(id));
              }
            });
  }

  /** Which rows are in which list, whatever segments they are in. */
  private static Map<Integer, Long> lists(Storage storage) throws IOException {
    Map<Integer, Long> sums = new TreeMap<>();
    Snapshot snapshot = new SnapshotLog(storage).newest();
    for (SegmentRef ref : snapshot.segments()) {
      Segment segment = SegmentReader.read(storage, ref, snapshot.schema());
      for (int row = 0; row < segment.rowCount(); row++) {
        long id = (Long) segment.feature(row).id().toObject();
        sums.merge(segment.lists().listOf(row), id * id + 1, Long::sum);
      }
    }
    return sums;
  }

  private static Map<String, String> models(Path index) throws IOException {
    Map<String, String> models = new TreeMap<>();
    for (Path model : files(index.resolve("models"))) {
      byte[] bytes = Files.readAllBytes(model);
      models.put(model.getFileName().toString(), HexFormat.of().formatHex(bytes));
    }
    return models;
  }

  /** What is among the segments and no version names. */
  private static List<Path> strayFiles(Path index) throws IOException {
    List<Path> stray = new ArrayList<>(files(index.resolve("segments")));
    for (SegmentRef ref : new SnapshotLog(new LocalStorage(index)).newest().segments()) {
      stray.remove(index.resolve(ref.path()));
    }
    return stray;
  }

  private static void awaitSegments(ChildProcess submit, Path index, int count) {
    submit.await(
        count + " segments", COMMAND_LIMIT, () -> files(index.resolve("segments")).size() >= count);
  }

  private static List<Path> files(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> build(Path index) {
    return job("BuildJob", table, index, "nlist=64");
  }

  private static List<String> append(VectorTable input, Path index) {
    return job("AppendJob", input, index, "delete=false");
  }

  /** The words of a job; segments are small, so that there are many, and time between them. */
  private static List<String> job(String name, VectorTable input, Path index, String setting) {
    List<String> words = new ArrayList<>(List.of("--master", cluster.master()));
    words.addAll(List.of("--class", "io.tarn.spark." + name, JOB_JAR));
    for (String each :
        List.of(
            "input.path=" + input.file(),
            "input.format=bvecs",
            "segment-bytes=1048576",
            "index=" + index,
            setting)) {
      words.addAll(List.of("--set", each));
    }
    return words;
  }

  private static List<String> racingWriter(String index, long firstId) {
    List<String> words = new ArrayList<>(List.of("--master", cluster.master()));
    words.addAll(List.of("--class", RacingWriter.class.getName(), "--jars", JOB_JAR));
    words.addAll(List.of("--conf", "spark.cores.max=1"));
    words.addAll(List.of(application.toString(), index, Long.toString(firstId)));
    return words;
  }

  private static List<String> concat(List<String> first, List<String> second) {
    List<String> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  private void write(Path file, List<float[]> vectors, int firstId, int rows) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int id = firstId; id < firstId + rows; id++) {
      float[] vector = new float[DIMENSION];
      for (int i = 0; i < DIMENSION; i++) {
        vector[i] = (float) random.nextDouble(-1, 1);
      }
      vectors.add(vector);
      lines.add("{\"id\":" + id + ",\"vector\":" + Arrays.toString(vector) + "}");
    }
    Files.write(file, lines);
  }

  /** The command line's JVM is the driver; its classes are not those of the executors' jar. */
  private void appendByCommandLine(Path input, Path index) throws IOException {
    List<String> words = new ArrayList<>(List.of("append", "--master", cluster.master()));
    words.addAll(List.of("--input", input.toString(), "--index", index.toString()));
    tarn(words, Map.of("SPARK_LOCAL_IP", "127.0.0.1"));
  }

  private static List<String> appendJson(Path input, Path index) {
    List<String> words = new ArrayList<>(List.of("--master", cluster.master()));
    words.addAll(List.of("--class", "io.tarn.spark.AppendJob", JOB_JAR));
    words.addAll(List.of("--conf-file", CONF + "/append.yaml"));
    for (String each : List.of("input.path=" + input, "input.format=json", "index=" + index)) {
      words.addAll(List.of("--set", each));
    }
    return words;
  }
}
