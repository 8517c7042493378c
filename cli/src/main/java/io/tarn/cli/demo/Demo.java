package io.tarn.cli.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tarn.cli.local.Cleanup;
import io.tarn.cli.local.LocalSpark;
import io.tarn.cli.print.Amounts;
import io.tarn.index.evaluate.Measurement;
import io.tarn.index.evaluate.RecallEvaluation;
import io.tarn.index.feature.Feature;
import io.tarn.index.search.Hit;
import io.tarn.index.search.Probe;
import io.tarn.index.search.SearchResult;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.verify.VerificationReport;
import io.tarn.settings.Settings;
import io.tarn.spark.BuildJob;
import io.tarn.spark.BuildResult;
import io.tarn.spark.BuildSettings;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The whole path on real input that every machine has: the methods of the JDK become an index by
 * Spark; Kafka and Flink change it; after each step searches and checks tell whether it is right.
 */
public final class Demo {
  private static final int K = 10;
  private static final int SHOWN_HITS = 3;

  private static final int LISTS = 256;
  private static final int TRAINING_ITERATIONS = 5;
  private static final int DIMENSION = 64;
  private static final int WARM_UP_SEARCHES = 300;
  private static final int RECALL_QUERIES = 200;
  private static final double LEAST_RECALL = 0.9;
  private static final long PATIENCE_NANOS = 180_000_000_000L;
  private static final long POLL_MS = 5;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What a method's name does not tell, told by a person. */
  private static final List<Description> DESCRIPTIONS =
      List.of(
          new Description(
              "java.lang.Math.abs(double)",
              "absolute value of a number",
              "what is the absolute value of this number"),
          new Description(
              "java.util.List.get(int)",
              "get the element of a list by its index",
              "get the element of a list by index"));

  private static final String STOP_QUERY = "stop a thread";
  private static final String STOP = "java.lang.Thread.stop()";

  private record Description(String id, String text, String query) {}

  private final Show show;
  private final Cleanup cleanup;
  private final Path keep;
  private final Path directory;
  private final Path indexDirectory;

  /** What must be in the index: the text of each live id. */
  private final Map<String, String> expected = new LinkedHashMap<>();

  private List<ApiMethod> jdk;
  private long builtAtMs;
  private MethodIndex index;
  private MethodStream stream;

  private Demo(Show show, Cleanup cleanup, Path keep) throws IOException {
    this.show = show;
    this.cleanup = cleanup;
    this.keep = keep;
    this.directory = cleanup.temporaryDirectory("tarn-demo-");
    this.indexDirectory = keep == null ? directory.resolve("index") : keep;
  }

  /**
   * Gives the demo.
   *
   * @param terminal whether a person watches
   * @param keep where to leave the index, or null to delete it
   * @return whether every check held
   */
  public static boolean run(PrintWriter out, boolean terminal, Path keep) throws Exception {
    if (keep != null && Files.exists(keep) && !isEmptyDirectory(keep)) {
      throw new IllegalArgumentException(
          keep + " exists and is not an empty directory: keep the index somewhere else");
    }
    try (Cleanup cleanup = new Cleanup();
        Show show = new Show(out, terminal)) {
      return new Demo(show, cleanup, keep).run();
    }
  }

  private static boolean isEmptyDirectory(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (Stream<Path> files = Files.list(path)) {
      return files.findAny().isEmpty();
    }
  }

  private boolean run() throws Exception {
    show.line(
        "Tarn demo: Spark builds one vector index, Kafka and Flink keep it fresh, plain Java"
            + " searches it.");
    show.line(
        "Java "
            + Runtime.version().feature()
            + ", "
            + Amounts.count(Runtime.getRuntime().availableProcessors(), "processor")
            + "; nothing leaves this machine, and nothing but "
            + (keep == null ? "this text" : keep)
            + " stays.");
    show.step("Read", "the JDK's own API out of its class files", this::read);
    show.step(
        "Build",
        "an index of it: Spark trains Word2Vec, embeds, trains lists, and writes Parquet",
        this::build);
    show.step(
        "Search", "in plain Java; only the lists nearest to the question are read", this::search);
    show.step(
        "Stream", "starts: changes come through Kafka, a Flink job publishes them", this::start);
    show.step("Add", "methods of the libraries on our class path, while searches go on", this::add);
    show.step("Update", "what names do not tell, a person describes", this::update);
    show.step("Delete", "what nobody should call any more: all that is deprecated", this::delete);
    show.step(
        "Verify", "that the index holds exactly what it should, to the last bit", this::verify);
    boolean sound = show.summary();
    if (keep != null) {
      show.line("");
      show.line("The index is in " + keep + ". Go on with:");
      show.line("    ./tarn search --index " + keep + " --text 'copy a file'");
    }
    return sound;
  }

  private void read() throws IOException {
    jdk = ApiMethods.ofRunningJdk();
    for (ApiMethod method : jdk) {
      expected.put(method.id(), method.text());
    }
    try (BufferedWriter table = Files.newBufferedWriter(table())) {
      for (ApiMethod method : jdk) {
        ObjectNode row = JSON.createObjectNode();
        row.put("id", method.id());
        row.put("text", method.text());
        row.put("origin", method.origin());
        row.put("deprecated", method.deprecated());
        table.write(JSON.writeValueAsString(row));
        table.newLine();
      }
    }
    long modules = jdk.stream().map(ApiMethod::origin).distinct().count();
    show.say(
        Amounts.count(jdk.size(), "method")
            + " of "
            + Amounts.count(modules, "module")
            + " become texts: names split at camel case, types, package.");
    jdk.stream()
        .filter(method -> method.id().equals("java.nio.file.Files.readAllLines(Path)"))
        .forEach(method -> show.say("  " + method.id() + "  →  " + method.text()));
  }

  private Path table() {
    return directory.resolve("methods.json");
  }

  private void build() throws Exception {
    Map<String, Object> flags = new LinkedHashMap<>();
    flags.put("index", indexDirectory);
    flags.put("input.path", table());
    flags.put("input.format", "json");
    flags.put("input.text-column", "text");
    flags.put("input.attributes", List.of("origin", "deprecated"));
    flags.put("metric", "cosine");
    flags.put("nlist", LISTS);
    flags.put("training.iterations", TRAINING_ITERATIONS);
    flags.put("word2vec.dimension", DIMENSION);
    flags.put("word2vec.iterations", 1);
    flags.put("word2vec.min-count", 5);
    BuildSettings settings = Settings.load(BuildSettings.class, Optional.empty(), List.of(), flags);
    builtAtMs = System.currentTimeMillis();
    BuildResult result;
    try (Cleanup spark = new Cleanup()) {
      result =
          show.waiting(
              "Spark at work",
              () -> BuildJob.run(LocalSpark.inThisJvm("tarn demo", spark), settings));
    }
    index = MethodIndex.open(indexDirectory);
    expected.values().removeIf(text -> index.vectorOf(text).isEmpty());
    show.say(
        result.seconds().entrySet().stream()
            .map(e -> e.getKey() + String.format(Locale.ROOT, " %.1f s", e.getValue()))
            .collect(Collectors.joining(", ")));
    Snapshot snapshot = index.snapshot();
    show.say(
        "Version "
            + snapshot.version()
            + ": "
            + Amounts.count(result.rows(), "row")
            + " of "
            + result.dimension()
            + " floats in "
            + Amounts.count(result.lists(), "list")
            + ", "
            + Amounts.bytes(
                snapshot.segments().stream().map(SegmentRef::file).mapToLong(f -> f.bytes()).sum())
            + " of Parquet; the trained embedder lies beside them.");
    show.check(
        result.rows() == expected.size() && index.reader().view().liveRowCount() == result.rows(),
        "every method is in the index");
  }

  private void search() throws Exception {
    for (int i = 0; i < WARM_UP_SEARCHES; i++) {
      index.search(jdk.get(i * (jdk.size() / WARM_UP_SEARCHES)).text(), K);
    }
    ask(
        "read all lines of a file",
        "java\\.nio\\.file\\.Files\\.(readAllLines|lines)\\(.*",
        "Files.readAllLines or Files.lines");
    ask(
        "convert string to integer",
        "java\\.lang\\.Integer\\.(parseInt|valueOf|decode)\\((String|CharSequence).*",
        "Integer.parseInt or Integer.valueOf");
    ask(
        "delete a file if it exists",
        "java\\.nio\\.file\\.Files\\.deleteIfExists\\(.*",
        "Files.deleteIfExists");
  }

  /** Searches, and checks that a method of the expected kind is among the first hits. */
  private void ask(String query, String idPattern, String kind) throws Exception {
    SearchResult result = look(query, SHOWN_HITS);
    show.check(
        anyHit(result, hit -> hit.id().toString().matches(idPattern)),
        kind + " is among the first " + K);
  }

  private SearchResult look(String query, int shownHits) throws Exception {
    long beganNanos = System.nanoTime();
    SearchResult result = index.search(query, K);
    show.hits(query, result, shownHits, System.nanoTime() - beganNanos);
    return result;
  }

  private static boolean anyHit(SearchResult result, Predicate<Hit> predicate) {
    return result.hits().stream().anyMatch(predicate);
  }

  private void start() throws Exception {
    stream = show.waiting("Kafka starts", () -> MethodStream.startKafka(cleanup));
    show.waiting(
        "Flink starts",
        () -> {
          stream.startFlink(indexDirectory, cleanup);
          return null;
        });
    show.say(
        "Kafka listens on "
            + stream.bootstrapServers()
            + ", topic '"
            + MethodStream.TOPIC
            + "'; the job publishes a version a second if there is news,");
    show.say("and the topic's positions are part of it: so nothing is lost or doubled, ever.");
  }

  private void add() throws Exception {
    List<ApiMethod> added = new ArrayList<>();
    for (Library library : Library.ALL) {
      added.addAll(library.methods());
    }
    int unusable = 0;
    for (ApiMethod method : added) {
      stream.upsert(method, method.text());
      if (index.vectorOf(method.text()).isPresent()) {
        expected.put(method.id(), method.text());
      } else {
        unusable++;
      }
    }
    stream.send("broken", "this is no JSON");
    stream.send("of-another-model", "{\"vector\": [1, 2, 3]}");
    stream.send("unknown-words", "{\"text\": \"qwertz uiopasdf\"}");
    show.say(
        Amounts.count(added.size(), "method")
            + " of "
            + Library.ALL.stream().map(Library::name).collect(Collectors.joining(", "))
            + ", and 3 bad records");
    awaitVersion();
    ask(
        "subscribe a consumer to topics",
        "org\\.apache\\.kafka\\..*\\.subscribe\\(.*",
        "Kafka's subscribe");
    ask("parse command line arguments", "picocli\\.CommandLine\\.parse.*", "picocli's parse");
    show.check(
        added.stream()
            .filter(method -> expected.containsKey(method.id()))
            .allMatch(method -> index.get(method.id()).isPresent()),
        "each of them is found by its id");
    List<String> reasons = new ArrayList<>(List.of("UNPARSABLE", "WRONG_DIMENSION"));
    for (int i = 0; i < unusable + 1; i++) {
      reasons.add(0, "NOT_EMBEDDABLE");
    }
    show.check(
        stream.reasonsOfDeadLetters().equals(reasons),
        "the bad records, and only they, lie in topic '"
            + MethodStream.DEAD_LETTERS
            + "', each with its reason");
  }

  private void update() throws Exception {
    long rowsBefore = index.reader().view().liveRowCount();
    Map<Description, Optional<Integer>> before = new LinkedHashMap<>();
    for (Description description : DESCRIPTIONS) {
      before.put(description, index.rank(description.id(), description.query(), K));
      ApiMethod method = method(description.id());
      stream.upsert(method, description.text());
      expected.put(method.id(), description.text());
    }
    awaitVersion();
    for (Description description : DESCRIPTIONS) {
      Optional<Integer> after = index.rank(description.id(), description.query(), K);
      // How near depends on what this JDK's names taught; that it came nearer does not.
      boolean nearer =
          after.isPresent() && before.get(description).map(b -> after.get() <= b).orElse(true);
      show.check(
          nearer,
          "“"
              + description.query()
              + "”: "
              + description.id()
              + " was "
              + ordinal(before.get(description))
              + ", and is "
              + ordinal(after));
    }
    show.check(
        index.reader().view().liveRowCount() == rowsBefore,
        "an update replaces: there are as many rows as before");
  }

  private static String ordinal(Optional<Integer> rank) {
    return rank.map(number -> "number " + number).orElse("not among the first " + K);
  }

  private ApiMethod method(String id) {
    return jdk.stream().filter(method -> method.id().equals(id)).findFirst().orElseThrow();
  }

  private void delete() throws Exception {
    SearchResult before = look(STOP_QUERY, 1);
    List<String> deprecated =
        jdk.stream().filter(ApiMethod::deprecated).map(ApiMethod::id).toList();
    deprecated.forEach(stream::delete);
    expected.keySet().removeAll(deprecated);
    show.say(Amounts.count(deprecated.size(), "record") + " with a key and no value: deletes");
    awaitVersion();
    SearchResult after = look(STOP_QUERY, SHOWN_HITS);
    show.check(
        anyHit(before, hit -> hit.id().toString().equals(STOP))
            && !anyHit(after, hit -> hit.id().toString().equals(STOP)),
        "Thread.stop was found before, and is no more");
    show.check(
        deprecated.stream().allMatch(id -> index.get(id).isEmpty()),
        "none of the deleted ids is left");
    stream.upsert(method(STOP), method(STOP).text(), builtAtMs - 1);
    awaitVersion();
    show.check(
        index.get(STOP).isEmpty(),
        "a change that is older than the delete, and comes late, does not revive it");
  }

  /**
   * Waits until a version holds everything that was sent, moving the reader on to each new one, and
   * searching meanwhile.
   */
  private void awaitVersion() throws Exception {
    stream.flush();
    long sentNanos = System.nanoTime();
    int[] searches = {0};
    long lag =
        show.waiting(
            "Flink at work",
            () -> {
              long behind = stream.lag(index.snapshot());
              while (behind > 0 && System.nanoTime() - sentNanos < PATIENCE_NANOS) {
                index.search(STOP_QUERY, K);
                searches[0]++;
                Thread.sleep(POLL_MS);
                index.reader().refresh();
                behind = stream.lag(index.snapshot());
              }
              return behind;
            });
    show.check(
        lag == 0,
        String.format(
            Locale.ROOT,
            "version %d answers %.1f s after the last record was sent: %s behind Kafka's %s",
            index.snapshot().version(),
            (System.nanoTime() - sentNanos) / 1e9,
            Amounts.count(lag, "record"),
            Amounts.count(stream.records())));
    show.say("  (" + Amounts.count(searches[0]) + " searches were answered meanwhile)");
  }

  private void verify() throws Exception {
    stream.stopFlink();
    index.reader().refresh();
    show.check(
        stream.lag(index.snapshot()) == 0,
        "the job stopped with a last checkpoint; all of the topic is in version "
            + index.snapshot().version());
    long[] wrong = {0};
    index.reader().view().forEachLive(feature -> wrong[0] += isAsExpected(feature) ? 0 : 1);
    long rows = index.reader().view().liveRowCount();
    show.check(
        wrong[0] == 0 && rows == expected.size(),
        "the "
            + Amounts.count(rows, "row")
            + " are exactly those expected, and each vector is,"
            + " bit for bit, that of its text");
    VerificationReport report = IndexVerifier.verify(index.storage());
    report.problems().forEach(show::say);
    show.check(
        report.sound(),
        "every checksum and rule holds in "
            + Amounts.count(report.versions(), "version")
            + " and "
            + Amounts.count(report.files(), "file")
            + ", "
            + Amounts.bytes(report.bytes()));
    checkRecall();
  }

  private boolean isAsExpected(Feature feature) {
    String text = expected.get(feature.id().toString());
    return text != null && Arrays.equals(index.vectorOf(text).orElseThrow(), feature.vector());
  }

  private void checkRecall() throws Exception {
    List<float[]> queries = new ArrayList<>();
    List<String> texts = new ArrayList<>(expected.values());
    for (int q = 0; q < RECALL_QUERIES; q++) {
      String text = texts.get(q * (texts.size() / RECALL_QUERIES));
      queries.add(index.vectorOf(text).orElseThrow());
    }
    RecallEvaluation evaluation =
        RecallEvaluation.againstExactSearch(
            index.reader().view(),
            queries,
            K,
            Runtime.getRuntime().availableProcessors(),
            answered -> {});
    Probe.Nearest probe = (Probe.Nearest) index.defaultProbe();
    Measurement measured = evaluation.measure(probe.nprobe(), 1, answered -> {});
    show.check(
        measured.recall() >= LEAST_RECALL,
        String.format(
            Locale.ROOT,
            "recall@%d against exact search is %.3f with %d of %d lists, at %,.0f searches a second"
                + " on one core",
            K,
            measured.recall(),
            measured.nprobe(),
            index.snapshot().model().lists(),
            measured.queriesPerSecond()));
  }
}
