package io.tarn.index.commit;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.search.IndexReader;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.ModelReassigner;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;

/** Two processes that commit to one index, wherever it lies: every commit must be there, once. */
public final class RacingWriters {
  private static final int PROCESSES = 2;
  private static final int COMMITS_PER_WRITER = 10;

  private RacingWriters() {}

  /**
   * Creates an index, lets the writers race, and looks at what they left.
   *
   * @param hadoop settings with which the location is opened
   */
  public static void race(String location, Map<String, String> hadoop) throws Exception {
    try (Storage storage = StorageLocation.open(location, configuration(hadoop))) {
      CommitterTest.create(storage);
      assertHoldsAll(storage, PROCESSES, runProcesses(location, hadoop));
    }
  }

  private static List<Long> runProcesses(String location, Map<String, String> hadoop)
      throws Exception {
    List<Process> processes = new ArrayList<>();
    try {
      for (int writer = 0; writer < PROCESSES; writer++) {
        processes.add(start(location, writer, hadoop));
      }
      List<BufferedReader> outputs = processes.stream().map(Process::inputReader).toList();
      for (BufferedReader output : outputs) {
        assertThat(output.readLine()).isEqualTo("ready");
      }
      for (Process process : processes) {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
      }
      List<Long> versions = new ArrayList<>();
      for (BufferedReader output : outputs) {
        versions.addAll(output.lines().map(Long::valueOf).toList());
      }
      for (Process process : processes) {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
      }
      return versions;
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
  }

  private static Process start(String location, int writer, Map<String, String> hadoop)
      throws IOException {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-cp", classPath, RacingWriters.class.getName()));
    command.addAll(List.of(location, Integer.toString(writer)));
    hadoop.forEach((key, value) -> command.add(key + "=" + value));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** The body of a process: {@code location writer key=value…}; begins when it is told to. */
  public static void main(String[] arguments) throws IOException {
    Configuration configuration = new Configuration();
    for (int i = 2; i < arguments.length; i++) {
      String[] setting = arguments[i].split("=", 2);
      configuration.set(setting[0], setting[1]);
    }
    try (Storage storage = StorageLocation.open(arguments[0], configuration)) {
      System.out.println("ready");
      System.out.flush();
      if (System.in.read() >= 0) {
        commitMany(storage, Integer.parseInt(arguments[1])).forEach(System.out::println);
      }
    }
  }

  private static Configuration configuration(Map<String, String> settings) {
    Configuration configuration = new Configuration();
    settings.forEach(configuration::set);
    return configuration;
  }

  /** Commits rows of ids that no other writer has, one by one; returns the versions it made. */
  static List<Long> commitMany(Storage storage, int writer) throws IOException {
    Committer committer = new Committer(new SnapshotLog(storage), new ModelReassigner(storage));
    List<Long> versions = new ArrayList<>();
    for (int i = 0; i < COMMITS_PER_WRITER; i++) {
      SegmentRef segment = CommitterTest.write(storage, CommitterTest.feature(writer * 1000L + i));
      versions.add(committer.commit(CommitterTest.append(storage, segment)).version());
    }
    return versions;
  }

  static void assertHoldsAll(Storage storage, int writers, List<Long> versions) throws IOException {
    int commits = writers * COMMITS_PER_WRITER;
    assertThat(versions).hasSize(commits).doesNotHaveDuplicates();
    assertThat(new SnapshotLog(storage).newestVersion()).isEqualTo(commits + 1);
    Set<Long> expected = new TreeSet<>();
    for (long writer = 0; writer < writers; writer++) {
      for (long i = 0; i < COMMITS_PER_WRITER; i++) {
        expected.add(writer * 1000 + i);
      }
    }
    assertThat(CommitterTest.ids(IndexReader.open(storage).view())).isEqualTo(expected);
    assertThat(IndexVerifier.verify(storage).problems()).isEmpty();
  }
}
