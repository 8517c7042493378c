package io.tarn.index.storage.hadoop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.commit.RacingWriters;
import io.tarn.index.storage.OutcomeUnknownException;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.StorageContractTest;
import java.io.IOException;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.metrics2.lib.MutableCounterLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract, on a real name node and data node in this JVM. */
class HdfsStorageTest extends StorageContractTest {
  private static final AtomicInteger ROOTS = new AtomicInteger();

  @TempDir static java.nio.file.Path directory;
  private static Configuration configuration;
  private static MiniDFSCluster cluster;
  private static DistributedFileSystem hdfs;

  private String root;

  @BeforeAll
  static void startCluster() throws Exception {
    configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, directory.toString());
    configuration.setLong("dfs.namenode.fs-limits.min-block-size", 1024);
    configuration.setLong("dfs.blocksize", 1024 * 1024);
    cluster = new MiniDFSCluster.Builder(configuration).numDataNodes(1).build();
    cluster.waitActive();
    hdfs = cluster.getFileSystem();
  }

  @AfterAll
  static void stopCluster() {
    if (cluster != null) {
      cluster.shutdown(true);
    }
  }

  @Override
  protected Storage open() throws Exception {
    root = hdfs.getUri() + "/indexes/" + ROOTS.incrementAndGet();
    return StorageLocation.open(root, configuration);
  }

  @Override
  protected Storage openBelow(String path) throws Exception {
    return StorageLocation.open(root + "/" + path, configuration);
  }

  @Override
  protected List<String> filesOnDisk() throws Exception {
    Path rootPath = new Path(root);
    List<String> found = new ArrayList<>();
    if (hdfs.exists(rootPath)) {
      collect(rootPath, found);
    }
    return found;
  }

  private void collect(Path path, List<String> found) throws IOException {
    for (FileStatus entry : hdfs.listStatus(path)) {
      if (entry.isDirectory()) {
        collect(entry.getPath(), found);
      } else {
        found.add(entry.getPath().toString().substring(root.length() + 1));
      }
    }
  }

  @Test
  void writersInTwoProcessesAllSucceed() throws Exception {
    RacingWriters.race(root, Map.of());
  }

  @Test
  void everyBlockIsSyncedToDisk() throws Exception {
    long before = syncs();
    write("segments/a", new byte[3 * 1024 * 1024]);

    assertThat(syncs() - before).isGreaterThanOrEqualTo(3);
  }

  /** Read from the counter itself: its MBean is up to ten seconds late. */
  private static long syncs() throws Exception {
    Object metrics = cluster.getDataNodes().get(0).getMetrics();
    Field counter = metrics.getClass().getDeclaredField("fsyncCount");
    counter.setAccessible(true);
    return ((MutableCounterLong) counter.get(metrics)).value();
  }

  @Test
  void aFileWhoseRenameWasLostIsCertainlyNotPublished() throws Exception {
    try (Storage faulty = faulty((pending, target) -> fail())) {
      assertThatThrownBy(() -> publish(faulty))
          .isExactlyInstanceOf(IOException.class)
          .hasMessage("the answer is missing");
    }

    assertThat(storage.stat("versions/1")).isEmpty();
    assertThat(filesOnDisk()).isEmpty();
  }

  @Test
  void aRenameWhoseAnswerWasLostHasAnUnknownOutcome() throws Exception {
    RenamedFile.Publication renamesAndFails =
        (pending, target) -> {
          hdfs.rename(pending, target, Options.Rename.NONE);
          fail();
        };
    try (Storage faulty = faulty(renamesAndFails)) {
      assertThatThrownBy(() -> publish(faulty))
          .isInstanceOf(OutcomeUnknownException.class)
          .hasMessageContaining("versions/1");
    }

    assertThat(storage.read("versions/1", 0, 5)).isEqualTo(bytes("hello"));
    assertThat(filesOnDisk()).containsExactly("versions/1");
  }

  private static void fail() throws IOException {
    throw new IOException("the answer is missing");
  }

  private Storage faulty(RenamedFile.Publication publication) throws IOException {
    FileSystem files = FileSystem.newInstance(hdfs.getUri(), configuration);
    return HadoopStorage.open(files, new Path(root), new RenamedFiles(files, publication));
  }

  private static void publish(Storage storage) throws IOException {
    try (PendingFile file = storage.create("versions/1")) {
      file.write(bytes("hello"));
      file.publish();
    }
  }
}
