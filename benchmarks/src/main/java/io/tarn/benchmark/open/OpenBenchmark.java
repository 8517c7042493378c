package io.tarn.benchmark.open;

import io.tarn.benchmark.BenchmarkException;
import io.tarn.benchmark.Report;
import io.tarn.benchmark.Report.Sheet;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How long it takes from the start of a JVM to the first answer of an index. The JVM has this one's
 * flags, and of its class path what an application has that uses index-core and nothing else.
 *
 * <p>Every other JVM is given an archive of the classes that one before it has loaded, as anybody
 * can have who starts a service often; there is none where the class path has folders. The JVM that
 * makes the archive brings the files into the page cache, too, and is not shown.
 */
public final class OpenBenchmark {
  static final String MARK = "answered";

  private static final double NANOS_PER_SECOND = 1e9;

  /** What the names of the jars and folders begin with, or hold, that index-core runs with. */
  private static final List<String> NEEDED =
      List.of(
          "index-core",
          "benchmark",
          "jackson-",
          "parquet-",
          "jts-core",
          "snappy-java",
          "aircompressor",
          "zstd-jni",
          "hadoop-client-",
          "commons-logging",
          "slf4j-api");

  /** Not among the flags that Java has if nobody asks for others. */
  private static final String HUGE_PAGES = "UseTransparentHugePages";

  /** Java takes one only. */
  private static final String COLLECTOR = "-XX:\\+Use\\w*GC";

  /** What `./tarn search` gives Java, as it opens an index for one answer. */
  private static final List<String> ONE_ANSWER =
      List.of("-XX:+UseParallelGC", "-XX:LoopUnrollLimit=20");

  private OpenBenchmark() {}

  /** How a JVM is started. */
  private enum Start {
    PLAIN("as it is"),
    TUNED("as ./tarn search"),
    ARCHIVED("the same, class archive");

    private final String inWords;

    Start(String inWords) {
      this.inWords = inWords;
    }

    List<String> flags(Path archive) {
      List<String> flags = new ArrayList<>();
      if (this != PLAIN) {
        flags.addAll(ONE_ANSWER);
      }
      if (this == ARCHIVED) {
        flags.add("-XX:SharedArchiveFile=" + archive);
      }
      return flags;
    }
  }

  private record Round(
      Start start,
      double wallSeconds,
      double openSeconds,
      double searchSeconds,
      double processorSeconds,
      String rows,
      String dimension) {}

  /**
   * Measures.
   *
   * @param nprobe how many lists the query looks at
   * @throws BenchmarkException if there is no answer
   */
  public static Sheet run(Path index, int nprobe, int rounds) throws IOException {
    List<Round> measured = new ArrayList<>();
    Path directory = Files.createTempDirectory("tarn-bench-open-");
    Path archive = directory.resolve("classes.jsa");
    try {
      List<String> archiving = new ArrayList<>(ONE_ANSWER);
      archiving.add("-XX:ArchiveClassesAtExit=" + archive);
      start(index, nprobe, archiving);
      boolean archived = Files.exists(archive);
      for (int round = 0; round < rounds; round++) {
        for (Start start : Start.values()) {
          if (start != Start.ARCHIVED || archived) {
            measured.add(parse(start, start(index, nprobe, start.flags(archive))));
          }
        }
      }
    } finally {
      Files.deleteIfExists(archive);
      Files.delete(directory);
    }
    measured.sort(Comparator.comparing(Round::start).thenComparingDouble(Round::wallSeconds));
    Round first = measured.get(0);
    List<List<String>> rows = new ArrayList<>();
    for (Round round : measured) {
      rows.add(
          List.of(
              round.start.inWords,
              Report.number("%.2f", round.wallSeconds),
              Report.number("%.2f", round.openSeconds),
              Report.number("%.2f", round.searchSeconds),
              Report.number("%.2f", round.processorSeconds)));
    }
    return new Sheet(
        "From the start of a JVM to the first answer: "
            + first.rows
            + " rows of "
            + first.dimension
            + " values, nprobe "
            + nprobe
            + ", Java "
            + Runtime.version().feature()
            + ", the fastest first",
        1,
        List.of("Java", "all, s", "opening, s", "first answer, s", "processor time, s"),
        rows);
  }

  /** What a JVM printed that answered a query, and the seconds it took, start and all. */
  private record Answer(String[] words, double seconds) {}

  private static Answer start(Path index, int nprobe, List<String> flags) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("-X") || flag.startsWith("--"))
        .filter(flag -> !flag.endsWith(HUGE_PAGES))
        .filter(flag -> flags.isEmpty() || !flag.matches(COLLECTOR))
        .forEach(command::add);
    command.addAll(flags);
    command.addAll(List.of("-cp", classPath(), FirstAnswer.class.getName()));
    command.addAll(List.of(index.toString(), Integer.toString(nprobe)));
    long startNanos = System.nanoTime();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    Answer answer = null;
    List<String> said = new ArrayList<>();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      // To the end, as what is archived is archived there.
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith(MARK)) {
          answer = new Answer(line.split(" "), (System.nanoTime() - startNanos) / NANOS_PER_SECOND);
        }
        said.add(line);
      }
    } finally {
      process.destroyForcibly();
    }
    if (answer == null) {
      throw new BenchmarkException(
          index
              + " gave no answer: "
              + said.stream()
                  .filter(line -> line.startsWith("Exception") || line.startsWith("Error"))
                  .findFirst()
                  .orElse("see what " + String.join(" ", command) + " says"));
    }
    return answer;
  }

  private static Round parse(Start start, Answer answer) {
    String[] words = answer.words;
    return new Round(
        start,
        answer.seconds,
        Long.parseLong(words[1]) / NANOS_PER_SECOND,
        Long.parseLong(words[2]) / NANOS_PER_SECOND,
        Long.parseLong(words[3]) / NANOS_PER_SECOND,
        String.format("%,d", Long.parseLong(words[4])),
        words[5]);
  }

  private static String classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> NEEDED.stream().anyMatch(nameOf(entry)::contains))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** The file's name; of a folder of classes the module's. */
  private static String nameOf(String entry) {
    Path path = Path.of(entry);
    return entry.endsWith(".jar")
        ? path.getFileName().toString()
        : path.subpath(Math.max(0, path.getNameCount() - 3), path.getNameCount()).toString();
  }
}
