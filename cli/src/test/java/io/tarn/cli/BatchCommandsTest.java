package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Build, append and embed, with Spark in this JVM. */
class BatchCommandsTest {
  @TempDir Path dir;

  private static Run succeeds(Object... args) {
    Run run = Run.tarn(args);
    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    return run;
  }

  private Path lines(String name, String... lines) throws IOException {
    return Files.write(dir.resolve(name), List.of(lines));
  }

  /** Points (0, 0) to (19, 0) with a colour and a time. */
  private Path points() throws IOException {
    return lines(
        "points.json",
        IntStream.range(0, 20)
            .mapToObj(
                i ->
                    "{\"key\": \"p%d\", \"at\": [%d, 0], \"colour\": \"%s\", \"time\": %d}"
                        .formatted(i, i, i % 2 == 0 ? "red" : "blue", 100))
            .toArray(String[]::new));
  }

  @Test
  void joinsATableOfQueries() throws Exception {
    Path index = dir.resolve("index");
    SampleIndexes.numbered(
        index, List.of(new float[] {0, 0}, new float[] {5, 0}, new float[] {9, 0}), 2);
    Path queries =
        lines("queries.json", "{\"name\": \"a\", \"vector\": [1, 0]}", "{\"vector\": [8, 0]}");
    Path output = dir.resolve("neighbours");
    Object[] arguments = {
      "knn-join", "--index", index, "--queries", queries, "--k", 2, "--exact", "--output", output
    };
    assertThat(succeeds(arguments).out()).containsPattern("neighbours: 4 neighbours \\(");
    assertThat(output).isDirectoryContaining("glob:**.parquet");
    Run again = Run.tarn(arguments);
    assertThat(again.status()).isEqualTo(Tarn.FAILED);
    assertThat(again.err()).contains("exists already");
  }

  /** In a JVM of its own, whose log is that of users. */
  @Test
  void whatFailsInATaskIsSaidWithoutFrames() throws Exception {
    Path index = dir.resolve("index");
    SampleIndexes.numbered(index, List.of(new float[] {0, 0}, new float[] {5, 0}), 2);
    Path queries = lines("queries.json", "{\"name\": \"a\", \"vector\": [1, 0, 7]}");
    Object[] arguments = {
      "knn-join", "--index", index, "--queries", queries, "--output", dir.resolve("neighbours")
    };
    List<String> said = errors(arguments);
    assertThat(said)
        .last()
        .isEqualTo(
            "tarn knn-join: the query with name = a cannot be used: the vector has 3 values, the"
                + " index has 2");
    assertThat(said).anyMatch(line -> line.contains("Lost task 0.0"));
    assertThat(said).noneMatch(line -> line.startsWith("\tat ") || line.contains("SparkException"));
    Object[] debugged = Stream.concat(Stream.of("--debug"), Stream.of(arguments)).toArray();
    assertThat(errors(debugged)).anyMatch(line -> line.startsWith("\tat io.tarn."));
  }

  private List<String> errors(Object... arguments) throws Exception {
    Path errors = dir.resolve("errors");
    Process process = TarnProcess.start(errors, arguments);
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
      assertThat(process.exitValue()).isEqualTo(Tarn.FAILED);
    } finally {
      process.destroyForcibly();
    }
    return Files.readAllLines(errors);
  }

  @Test
  void buildsAppendsAndDeletes() throws Exception {
    Path index = dir.resolve("index");
    Run built =
        succeeds(
            "build",
            "--input",
            points(),
            "--index",
            index,
            "--id-column",
            "key",
            "--vector-column",
            "at",
            "--attributes",
            "colour",
            "--order-column",
            "time",
            "--nlist",
            3,
            "--seed",
            7,
            "--iterations",
            4);
    assertThat(built.out())
        .containsPattern("index: version 1, 20 rows of dimension 2 in 3 lists and 1 segment \\(");
    JsonNode hit =
        Run.tarn("search", "--index", index, "--vector", "[7.1,0]", "--json").json().at("/hits/0");
    assertThat(hit.get("id").textValue()).isEqualTo("p7");
    assertThat(hit.at("/attributes/colour").textValue()).isEqualTo("blue");

    Path changes =
        lines(
            "changes.json",
            "{\"key\": \"p7\", \"at\": [70, 0], \"colour\": \"green\", \"time\": 101, \"op\": \"upsert\"}",
            "{\"key\": \"p8\", \"at\": [80, 0], \"colour\": \"late\", \"time\": 99, \"op\": \"upsert\"}",
            "{\"key\": \"p9\", \"at\": null, \"colour\": null, \"time\": 101, \"op\": \"delete\"}");
    Run appended =
        succeeds(
            "append",
            "--input",
            changes,
            "--index",
            index,
            "--id-column",
            "key",
            "--vector-column",
            "at",
            "--order-column",
            "time",
            "--op-column",
            "op");
    assertThat(appended.out()).contains("index: version 2, 2 upserts and 1 delete in 1 segment");
    assertThat(nearest(index, "[70,0]")).isEqualTo("p7");
    assertThat(nearest(index, "[8,0]")).isEqualTo("p8");
    Run.tarn("search", "--index", index, "--id", "p9").fails(1, "no feature 'p9'");

    Run deleted =
        succeeds(
            "append",
            "--input",
            lines("gone.csv", "key", "p1", "p2"),
            "--index",
            index,
            "--id-column",
            "key",
            "--delete");
    assertThat(deleted.out()).contains("version 3, 0 upserts and 2 deletes");
    assertThat(Run.tarn("inspect", "--index", index, "--json").json().get("rows").intValue())
        .isEqualTo(17);
    Run.tarn("verify", "--index", index).succeeds();
  }

  private static String nearest(Path index, String vector) throws Exception {
    return Run.tarn("search", "--index", index, "--vector", vector, "--exact", "--json")
        .json()
        .at("/hits/0/id")
        .textValue();
  }

  @Test
  void vectorFilesGetRowNumbersAndNeedNoFormat() throws Exception {
    Path images = dir.resolve("images-idx2-ubyte.gz");
    ByteBuffer idx = ByteBuffer.allocate(12 + 100 * 2);
    idx.put(new byte[] {0, 0, 8, 2}).putInt(100).putInt(2);
    for (int i = 0; i < 100; i++) {
      idx.put((byte) i).put((byte) 1);
    }
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(images))) {
      out.write(idx.array());
    }
    Path index = dir.resolve("images");
    succeeds("build", "--input", images, "--index", index, "--nlist", 4, "--quantizer", "rabitq4");
    assertThat(Run.tarn("inspect", "--index", index).succeeds().out())
        .contains("quantizer rabitq4");
    JsonNode answer =
        Run.tarn("search", "--index", index, "--vector", "[42,1]", "--k", 1, "--json").json();
    assertThat(answer.at("/hits/0/id").longValue()).isEqualTo(42);
    JsonNode curve =
        Run.tarn("evaluate", "--index", index, "--queries", images, "--limit", 20, "--json").json();
    assertThat(curve.get(curve.size() - 1).get("recall").doubleValue()).isEqualTo(1.0);
  }

  @Test
  void rejectedAndSupersededRowsAreReported() throws Exception {
    Path input =
        lines(
            "mixed.json",
            "{\"id\": 1, \"vector\": [1, 0]}",
            "{\"id\": 1, \"vector\": [2, 0]}",
            "{\"id\": 2, \"vector\": [1]}",
            "{\"id\": 3, \"vector\": null}",
            "{\"id\": 4, \"vector\": [3, 0]}",
            "{\"id\": 5, \"vector\": [4, 0]}");
    Path rejects = dir.resolve("rejects");
    Run run =
        succeeds(
            "build",
            "--input",
            input,
            "--index",
            dir.resolve("index"),
            "--set",
            "dimension=2",
            "--rejects",
            rejects);
    assertThat(run.out())
        .contains("3 rows of dimension 2")
        .contains("1 row left out: the input has a newer one of the id")
        .contains("2 rows set aside: ")
        .contains("missing_vector 1", "wrong_dimension 1")
        .contains("see " + rejects);
    assertThat(rejects).isDirectory();
  }

  @Test
  void embedsTextsAndBuildsOfThem() throws Exception {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      texts.add(
          "{\"id\": \"t%d\", \"text\": \"%s\"}"
              .formatted(i, i % 2 == 0 ? "red apple tree" : "fast blue car"));
    }
    Path input = lines("texts.json", texts.toArray(String[]::new));
    Path vectors = dir.resolve("vectors");
    Path embedder = dir.resolve("texts.embedder");
    Run embedded =
        succeeds(
            "embed",
            "--input",
            input,
            "--text-column",
            "text",
            "--output",
            vectors,
            "--embedder",
            embedder,
            "--dimension",
            8);
    assertThat(embedded.out()).contains("vectors: 30 vectors of dimension 8, embedder ");
    Path index = dir.resolve("index");
    succeeds(
        "build",
        "--input",
        vectors,
        "--format",
        "parquet",
        "--index",
        index,
        "--embedder",
        embedder,
        "--metric",
        "cosine",
        "--nlist",
        2);
    JsonNode hits =
        Run.tarn("search", "--index", index, "--text", "a blue car", "--json").json().get("hits");
    assertThat(hits.get(0).get("id").textValue()).matches("t\\d*[13579]");
  }

  @Test
  void whatCannotBeBuiltIsNamedAndLeavesNoIndex() throws Exception {
    Path index = dir.resolve("index");
    Path empty = lines("empty.json");
    Path points = points();
    Run.tarn("build", "--input", dir.resolve("no.json"), "--index", index).fails(1, "no.json");
    Run.tarn("build", "--input", empty, "--index", index).fails(1, "empty.json", "empty");
    Run.tarn("build", "--input", points, "--index", index).fails(1, "'id'", "key");
    Run.tarn("build", "--input", points, "--index", index, "--format", "xml")
        .fails(2, "xml", "parquet, json, csv, fvecs, bvecs, idx");
    Run.tarn("build", "--input", points, "--index", index, "--metric", "l3").fails(2, "l3", "l2");
    Run.tarn("build", "--input", points, "--index", index, "--quantizer", "rabitq3")
        .fails(2, "unknown quantizer 'rabitq3'", "rabitq, rabitq2, rabitq4, rabitq8, int8");
    Run.tarn("build", "--index", index).fails(2, "input.path");
    Run.tarn("build", "--input", points).fails(2, "index");
    Run.tarn("build", "--input", points, "--index", index, "--nlist", 0).fails(2, "'0' is not");
    Run.tarn("build", "--input", points, "--index", index, "--set", "nlists=4")
        .fails(2, "nlists", "nlist");
    Run.tarn("append", "--input", points, "--index", index).fails(1, index + " is no Tarn index");
    Run.tarn("verify", "--index", index).fails(1, "is no Tarn index");
    Path photos = SampleIndexes.photos(dir.resolve("photos"));
    Run.tarn("build", "--input", points, "--index", photos)
        .fails(1, photos + " holds an index already: append to it");
  }

  /** In a JVM of its own, because Spark remembers the first temporary directory of a JVM. */
  @Test
  void nothingButTheIndexIsLeft() throws Exception {
    Path temporary = Files.createDirectory(dir.resolve("tmp"));
    Path errors = dir.resolve("errors");
    Process process =
        TarnProcess.start(
            errors,
            List.of("-Djava.io.tmpdir=" + temporary),
            "build",
            "--input",
            points(),
            "--index",
            dir.resolve("index"),
            "--id-column",
            "key",
            "--vector-column",
            "at");
    process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
    try (Stream<Path> files = Files.list(temporary)) {
      assertThat(files.filter(f -> !f.getFileName().toString().startsWith("hsperfdata"))).isEmpty();
    }
  }
}
