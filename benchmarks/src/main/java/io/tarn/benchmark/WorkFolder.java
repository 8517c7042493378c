package io.tarn.benchmark;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What is kept between runs for one data set, under the name and the checksum of its vectors:
 * indexes, how long they took to build, and exact answers. What was not completed is made again.
 */
final class WorkFolder {
  private static final ObjectMapper JSON = JsonMapper.builder().build();
  private static final String INDEX = "index";
  private static final String COST = "built.json";

  private final Path folder;

  WorkFolder(Path work, DataSet data) {
    this.folder = work.resolve(data.name() + "-" + data.base().checksum());
  }

  /**
   * How long an index took to build. Its file is written last, so where it is, the index is whole.
   *
   * @param threads how many threads built
   * @param seconds the seconds of each phase
   * @param processorSeconds of this JVM, all threads together; 0 where it was not recorded
   */
  record Cost(int threads, Map<String, Double> seconds, double processorSeconds) {}

  /**
   * An index that is ready to be opened.
   *
   * @param folder where it lies
   * @param reused whether an earlier run built it
   */
  record Ready(Path folder, Cost cost, boolean reused) {
    long bytes() throws IOException {
      try (Stream<Path> files = Files.walk(folder)) {
        long bytes = 0;
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          bytes += Files.size(file);
        }
        return bytes;
      }
    }
  }

  /** Makes an index. */
  interface Build {
    /**
     * @param index empty
     * @param phases is told how long each phase of it took
     */
    void run(Path index, Phases phases) throws IOException;
  }

  /** Builds an index, unless an earlier run did. */
  Ready index(Contender contender, Vectors base, int threads) throws IOException {
    return index(
        contender.key(), threads, (index, phases) -> contender.build(base, index, threads, phases));
  }

  /** Makes an index, unless an earlier run did under this name. */
  Ready index(String key, int threads, Build build) throws IOException {
    Path place = folder.resolve(key);
    Path index = place.resolve(INDEX);
    Path cost = place.resolve(COST);
    if (Files.exists(cost)) {
      return new Ready(index, JSON.readValue(cost.toFile(), Cost.class), true);
    }
    delete(place);
    Files.createDirectories(index);
    Phases phases = new Phases();
    Duration before = processorTime();
    build.run(index, phases);
    double processorSeconds = processorTime().minus(before).toNanos() / 1e9;
    Cost paid = new Cost(threads, phases.seconds(), processorSeconds);
    JSON.writeValue(cost.toFile(), paid);
    return new Ready(index, paid, false);
  }

  /** The processor time that this JVM has had; zero where the system does not tell. */
  static Duration processorTime() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** The exact answers to some queries, computed unless an earlier run did. */
  List<int[]> exactAnswers(Vectors queries, int k, Supplier<List<int[]>> search)
      throws IOException {
    Path file = folder.resolve("exact-%d-of-%s.ints".formatted(k, queries.checksum()));
    if (Files.exists(file)) {
      return read(file);
    }
    List<int[]> answers = search.get();
    Files.createDirectories(folder);
    Path unfinished = Files.createTempFile(folder, "exact", null);
    write(unfinished, answers);
    Files.move(unfinished, file);
    return answers;
  }

  private static void write(Path file, List<int[]> answers) throws IOException {
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
      out.writeInt(answers.size());
      for (int[] rows : answers) {
        out.writeInt(rows.length);
        for (int row : rows) {
          out.writeInt(row);
        }
      }
    }
  }

  private static List<int[]> read(Path file) throws IOException {
    List<int[]> answers = new ArrayList<>();
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      int count = in.readInt();
      for (int q = 0; q < count; q++) {
        int[] rows = new int[in.readInt()];
        for (int i = 0; i < rows.length; i++) {
          rows[i] = in.readInt();
        }
        answers.add(rows);
      }
    }
    return answers;
  }

  static void delete(Path place) throws IOException {
    if (!Files.exists(place)) {
      return;
    }
    try (Stream<Path> files = Files.walk(place)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
