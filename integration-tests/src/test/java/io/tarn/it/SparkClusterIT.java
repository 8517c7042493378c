package io.tarn.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.NotAnIndexException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.OpenOptions;
import io.tarn.index.search.Probe;
import io.tarn.index.search.VectorTier;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import io.tarn.index.verify.IndexVerifier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
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

  private static final int WORKERS = 2;

  /** As many as give a build some seconds, in which processes can be killed. */
  private static final int ROWS = 60_000;

  private static final int FEW_ROWS = 4_000;

  @TempDir static Path shared;
  @TempDir Path directory;

  private static SparkCluster cluster;
  private static VectorTable table;
  private static VectorTable few;
  private static VectorTable changes;

  private final SplittableRandom random = new SplittableRandom(1);

  @BeforeAll
  static void startCluster() throws IOException {
    table = VectorTable.write(shared.resolve("table.bvecs"), ROWS);
    few = VectorTable.write(shared.resolve("few.bvecs"), FEW_ROWS);
    changes = VectorTable.write(shared.resolve("changes.bvecs"), 1_000);
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
    cluster.run(appendJson(more, index));
    appendByCommandLine(last, index, cluster.master());

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
  void aKilledExecutorAndAKilledWorkerChangeNothing() throws Exception {
    Path undisturbed = directory.resolve("undisturbed");
    List<String> inCluster = new ArrayList<>();
    inCluster.addAll(List.of("--deploy-mode", "cluster"));
    inCluster.addAll(List.of("--conf", "spark.standalone.submit.waitAppCompletion=true"));
    inCluster.addAll(build(table, undisturbed.toString()));
    ChildProcess first = cluster.submit(inCluster);
    awaitSegments(first, undisturbed, 1);
    // It asks for the driver's state now and then: its end comes later than that of the job.
    first.await("an idle cluster", COMMAND_LIMIT, cluster::isIdle);

    Path disturbed = directory.resolve("disturbed");
    ChildProcess submit = cluster.submit(build(table, disturbed.toString()));
    submit.awaitOutput("with ID 0", COMMAND_LIMIT);
    submit.awaitOutput("with ID 1", COMMAND_LIMIT);
    awaitSegments(submit, disturbed, 1);
    cluster.killAnExecutorOf(0);
    submit.awaitOutput("Lost executor", COMMAND_LIMIT);
    awaitSegments(submit, disturbed, 5);
    // The other one, whose executor is at work.
    cluster.killWorker(1);
    SparkCluster.awaitSuccess(submit);
    SparkCluster.awaitSuccess(first);

    assertThat(first.output()).contains("FINISHED");
    assertThat(submit.output().split("Lost executor")).hasSizeGreaterThan(2);
    Storage storage = new LocalStorage(disturbed);
    assertHolds(table, storage, 1);
    assertThat(models(disturbed)).isEqualTo(models(undisturbed));
    assertThat(lists(storage)).isEqualTo(lists(new LocalStorage(undisturbed)));
    assertThat(strayFiles(disturbed)).allMatch(name -> name.startsWith(".pending-"));
  }

  @Test
  void whatAKilledDriverLeavesIsNoObstacle() throws Exception {
    Path index = directory.resolve("index");
    Storage storage = new LocalStorage(index);
    ChildProcess building = cluster.submit(build(table, index.toString()));
    awaitSegments(building, index, 1);
    building.kill();
    assertThatThrownBy(() -> IndexReader.open(storage)).isInstanceOf(NotAnIndexException.class);

    cluster.run(build(table, index.toString()));
    assertHolds(table, storage, 1);

    int before = files(index.resolve("segments")).size();
    ChildProcess appending = cluster.submit(append(table, index.toString()));
    awaitSegments(appending, index, before + 1);
    appending.kill();
    assertHolds(table, storage, 1);

    cluster.run(append(changes, index.toString()));
    assertHolds(table, storage, 2);
  }

  @Test
  void anIndexLiesInHdfs() throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, directory.resolve("hdfs").toString());
    MiniDFSCluster hdfs = new MiniDFSCluster.Builder(configuration).numDataNodes(1).build();
    try {
      hdfs.waitActive();
      String index = hdfs.getFileSystem().getUri() + "/indexes/one";
      buildAppendAndLookAt(index, Map.of());
    } finally {
      hdfs.shutdown(true);
    }
  }

  @Test
  void anIndexLiesInS3() throws Exception {
    try (S3Server s3 = S3Server.start()) {
      buildAppendAndLookAt(S3Server.location("indexes/one"), s3.settings());
    }
  }

  /** By spark-submit; then by the command line, and with nearly no memory for vectors. */
  private void buildAppendAndLookAt(String index, Map<String, String> hadoop) throws Exception {
    List<String> settings = new ArrayList<>();
    Configuration configuration = new Configuration();
    hadoop.forEach(
        (key, value) -> {
          settings.addAll(List.of("--conf", "spark.hadoop." + key + "=" + value));
          configuration.set(key, value);
        });
    cluster.run(concat(settings, build(few, index)));
    cluster.run(concat(settings, append(changes, index)));

    Path conf = Files.createDirectories(directory.resolve("hadoop-conf"));
    try (Writer core = Files.newBufferedWriter(conf.resolve("core-site.xml"))) {
      configuration.writeXml(core);
    }
    assertThat(tarn(conf, "verify", "--index", index)).contains("version 2");
    String found =
        tarn(conf, "search", "--index", index, "--id", "17", "--k", "1", "--tier", "remote");
    assertThat(found).contains("17");
    try (Storage storage = StorageLocation.open(index, configuration)) {
      assertHolds(few, storage, 2);
      OpenOptions remote = new OpenOptions(32L << 20, VectorTier.REMOTE);
      IndexReader reader = IndexReader.open(storage, remote);
      int last = FEW_ROWS - 1;
      assertThat(reader.search(VectorTable.vector(last), 1, Probe.exact()).hits().get(0).id())
          .isEqualTo(FeatureId.of((long) last));
    }
  }

  private String tarn(Path hadoopConf, String... words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("tarn.root") + "/tarn");
    command.addAll(List.of(words));
    try (ChildProcess process =
        ChildProcess.start(
            "tarn-" + words[0],
            directory,
            Map.of("HADOOP_CONF_DIR", hadoopConf.toString()),
            command)) {
      assertThat(process.awaitExit(COMMAND_LIMIT)).as(process.tail()).isZero();
      return process.output();
    }
  }

  private static void assertHolds(VectorTable table, Storage storage, long version)
      throws IOException {
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
  private static List<String> strayFiles(Path index) throws IOException {
    Set<String> named = new HashSet<>();
    for (SegmentRef ref : new SnapshotLog(new LocalStorage(index)).newest().segments()) {
      named.add(index.resolve(ref.path()).getFileName().toString());
    }
    return files(index.resolve("segments")).stream()
        .map(file -> file.getFileName().toString())
        .filter(name -> !named.contains(name))
        .toList();
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

  private static List<String> build(VectorTable input, String index) {
    return job("BuildJob", input, index, "nlist=64");
  }

  private static List<String> append(VectorTable input, String index) {
    return job("AppendJob", input, index, "input.format=bvecs");
  }

  /** The words of a job; segments are small, so that there are many, and time between them. */
  private static List<String> job(String name, VectorTable input, String index, String setting) {
    String flag = "--add-modules=jdk.incubator.vector";
    return List.of(
        "--master",
        cluster.master(),
        "--class",
        "io.tarn.spark." + name,
        "--conf",
        "spark.driver.extraJavaOptions=" + flag,
        "--conf",
        "spark.executor.extraJavaOptions=" + flag,
        JOB_JAR,
        "--set",
        "input.path=" + input.file(),
        "--set",
        "input.format=bvecs",
        "--set",
        "segment-bytes=1048576",
        "--set",
        setting,
        "--set",
        "index=" + index);
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
  private void appendByCommandLine(Path input, Path index, String master) throws IOException {
    List<String> command =
        List.of(
            System.getProperty("tarn.root") + "/tarn",
            "append",
            "--master",
            master,
            "--input",
            input.toString(),
            "--index",
            index.toString());
    try (ChildProcess process =
        ChildProcess.start(
            "tarn-append", directory, Map.of("SPARK_LOCAL_IP", "127.0.0.1"), command)) {
      assertThat(process.awaitExit(COMMAND_LIMIT)).as(process.tail()).isZero();
    }
  }

  private static List<String> appendJson(Path input, Path index) {
    return List.of(
        "--class",
        "io.tarn.spark.AppendJob",
        JOB_JAR,
        "--conf-file",
        CONF + "/append.yaml",
        "--set",
        "input.path=" + input,
        "--set",
        "input.format=json",
        "--set",
        "index=" + index);
  }
}
