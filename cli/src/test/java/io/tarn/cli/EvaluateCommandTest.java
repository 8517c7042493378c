package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rows are the integers 0 to 63 in one dimension, so that neighbours are known. */
class EvaluateCommandTest {
  private static final int ROWS = 64;
  private static final int LISTS = 8;

  @TempDir static Path shared;
  static Path index;

  @TempDir Path dir;

  @BeforeAll
  static void writeIndex() throws Exception {
    List<float[]> rows = new ArrayList<>();
    for (int r = 0; r < ROWS; r++) {
      rows.add(new float[] {r});
    }
    index = SampleIndexes.numbered(shared.resolve("index"), rows, LISTS);
  }

  /** Queries a little above 0, 1, 2, …, of which the nearest two rows are n and n + 1. */
  private static List<Float> queries(int count) {
    return IntStream.range(0, count).mapToObj(q -> q + 0.25f).toList();
  }

  private static byte[] fvecs(List<Float> values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.size() * 8).order(ByteOrder.LITTLE_ENDIAN);
    values.forEach(value -> bytes.putInt(1).putFloat(value));
    return bytes.array();
  }

  private static byte[] ivecs(int count) {
    ByteBuffer bytes = ByteBuffer.allocate(count * 12).order(ByteOrder.LITTLE_ENDIAN);
    IntStream.range(0, count).forEach(q -> bytes.putInt(2).putInt(q).putInt(q + 1));
    return bytes.array();
  }

  private Path file(String name, byte[] bytes) throws Exception {
    Path file = dir.resolve(name);
    try (OutputStream out =
        name.endsWith(".gz")
            ? new GZIPOutputStream(Files.newOutputStream(file))
            : Files.newOutputStream(file)) {
      out.write(bytes);
    }
    return file;
  }

  @Test
  void jsonHoldsOnePointForEachNprobe() throws Exception {
    Path queries = file("q.fvecs.gz", fvecs(queries(40)));
    JsonNode curve =
        Run.tarn("evaluate", "--index", index, "--queries", queries, "--nprobe", "1,8", "--json")
            .json();
    assertThat(curve).hasSize(2);
    assertThat(curve.at("/0/nprobe").intValue()).isEqualTo(1);
    assertThat(curve.at("/0/recall").doubleValue()).isBetween(0.1, 0.999);
    assertThat(curve.at("/1/recall").doubleValue()).isEqualTo(1.0);
    for (JsonNode point : curve) {
      assertThat(point.fieldNames())
          .toIterable()
          .containsExactly("nprobe", "adaptive", "lists", "recall", "qps", "p50_us", "p99_us");
      assertThat(point.get("lists")).isEqualTo(new DoubleNode(point.get("nprobe").doubleValue()));
      assertThat(point.get("adaptive").booleanValue()).isFalse();
      assertThat(point.get("qps").doubleValue()).isPositive();
      assertThat(point.get("p99_us").doubleValue())
          .isGreaterThanOrEqualTo(point.get("p50_us").doubleValue());
    }
  }

  @Test
  void givenTruthIsComparedById() throws Exception {
    Path queries = file("q.fvecs", fvecs(queries(40)));
    Path truth = file("t.ivecs.gz", ivecs(40));
    assertThat(recall("--queries", queries, "--ground-truth", truth, "--k", 2)).isEqualTo(1.0);
    Path shifted = file("shifted.ivecs", ivecs(41));
    byte[] bytes = Files.readAllBytes(shifted);
    Files.write(shifted, Arrays.copyOfRange(bytes, 12, bytes.length));
    assertThat(recall("--queries", queries, "--ground-truth", shifted, "--k", 2)).isEqualTo(0.5);
  }

  @Test
  void readsEveryFormat() throws Exception {
    byte[] bvecs = {1, 0, 0, 0, 10, 1, 0, 0, 0, (byte) 20};
    assertThat(recall("--queries", file("q.bvecs", bvecs))).isEqualTo(1.0);
    byte[] idx = {0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 1, 5, 6, 7};
    assertThat(recall("--queries", file("q-idx2-ubyte.gz", idx))).isEqualTo(1.0);
    assertThat(recall("--queries", file("told-by-magic", idx))).isEqualTo(1.0);
    assertThat(recall("--queries", file("also.gz", idx))).isEqualTo(1.0);
    assertThat(recall("--queries", file("whatever", fvecs(queries(3))), "--query-format", "fvecs"))
        .isEqualTo(1.0);
    byte[] json = "[1.5]\n{\"vector\": [2], \"id\": 7}\n".getBytes(StandardCharsets.UTF_8);
    assertThat(recall("--queries", file("q.jsonl", json))).isEqualTo(1.0);
    assertThat(recall("--queries", file("q.json.gz", json))).isEqualTo(1.0);
    assertThat(recall("--queries", parquet("float"))).isEqualTo(1.0);
    assertThat(recall("--queries", parquet("double"))).isEqualTo(1.0);
  }

  private static double recall(Object... args) throws Exception {
    List<Object> all = new ArrayList<>(List.of("evaluate", "--index", index, "--json"));
    all.addAll(List.of("--nprobe", LISTS));
    all.addAll(List.of(args));
    return Run.tarn(all.toArray()).json().at("/0/recall").doubleValue();
  }

  private Path parquet(String type) throws Exception {
    MessageType schema =
        MessageTypeParser.parseMessageType(
            "message q { optional group vector (LIST) { repeated group list { required "
                + type
                + " element; } } }");
    Path file = dir.resolve(type + ".parquet");
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(file))
            .withConf(new PlainParquetConfiguration())
            .withType(schema)
            .build()) {
      Group row = new SimpleGroup(schema);
      Group element = row.addGroup("vector").addGroup("list");
      if (type.equals("float")) {
        element.add("element", 3f);
      } else {
        element.add("element", 3d);
      }
      writer.write(row);
    }
    return file;
  }

  @Test
  void theTableGrowsByPowersOfTwoToAllLists() throws Exception {
    Path queries = file("q.fvecs", fvecs(queries(9)));
    String out =
        Run.tarn("evaluate", "--index", index, "--queries", queries, "--limit", 5, "--threads", 2)
            .succeeds()
            .out();
    List<String> lines = out.lines().toList();
    assertThat(lines.get(0))
        .isEqualTo("version 1, 8 lists; 5 queries, k 10, 2 threads, truth from exact search");
    assertThat(lines.stream().skip(2).map(line -> line.strip().replaceAll(" .*", "")))
        .containsExactly("1", "2", "4", "8");
    assertThat(lines.get(5)).contains(" 1.0000 ");
  }

  @Test
  void whatDoesNotFitIsNamed() throws Exception {
    Path missing = dir.resolve("missing.fvecs");
    fails(1, missing + " does not exist", "--queries", missing);
    fails(1, "holds no vectors", "--queries", file("empty.fvecs", new byte[0]));
    fails(
        1,
        "ends in the middle of a row",
        "--queries",
        file("cut.fvecs", new byte[] {1, 0, 0, 0, 9}));
    fails(1, "tells its format: give --query-format", "--queries", file("odd.txt", new byte[9]));
    fails(
        1,
        "query 1: has no 'vector': name what holds",
        "--queries",
        file("q.json", "[1]\n{\"v\":[1]}".getBytes(StandardCharsets.UTF_8)));
    fails(
        1,
        "query 0: is no JSON",
        "--queries",
        file("no.json", "vector".getBytes(StandardCharsets.UTF_8)));
    fails(1, "cannot be read as Parquet", "--queries", file("no.parquet", new byte[40]));
    fails(
        1,
        "has no column 'v', but [vector]",
        "--queries",
        parquet("float"),
        "--vector-column",
        "v");
    Path wide = file("wide.json", "[1, 2]".getBytes(StandardCharsets.UTF_8));
    fails(1, "query 0: the vector has 2 values, the index has 1", "--queries", wide);
    Path queries = file("q.fvecs", fvecs(queries(9)));
    fails(
        1,
        "covers 3 of 9 queries",
        "--queries",
        queries,
        "--ground-truth",
        file("t.ivecs", ivecs(3)),
        "--k",
        2);
    fails(
        1,
        "names 2 neighbours of query 0, fewer than k 10",
        "--queries",
        queries,
        "--ground-truth",
        file("t.ivecs", ivecs(9)));
    fails(2, "'0' is not a whole number", "--queries", queries, "--nprobe", "1,0");
    fails(2, "query-format", "--queries", queries, "--query-format", "csv");
  }

  private static void fails(int status, String message, Object... args) {
    List<Object> all = new ArrayList<>(List.of("evaluate", "--index", index));
    all.addAll(List.of(args));
    Run.tarn(all.toArray()).fails(status, message);
  }

  @Test
  void whatWasMeasuredCanBeAskedFor() throws Exception {
    List<float[]> rows = new ArrayList<>();
    for (int r = 0; r < ROWS; r++) {
      rows.add(new float[] {r});
    }
    Path calibrated = SampleIndexes.numbered(dir.resolve("calibrated"), rows, LISTS);
    Path file = dir.resolve("queries.fvecs");
    Files.write(file, fvecs(queries(ROWS - 1)));
    String out =
        Run.tarn(
                "evaluate",
                "--index",
                calibrated,
                "--queries",
                file,
                "--k",
                2,
                "--nprobe",
                "1,2,8",
                "--calibrate")
            .succeeds()
            .out();
    assertThat(out)
        .contains("recorded in version 2")
        .containsPattern("(?m)^ +~2 +[0-9.]+ +[01]\\.");
    JsonNode answer =
        Run.tarn(
                "search",
                "--index",
                calibrated,
                "--id",
                5,
                "--k",
                2,
                "--recall",
                1,
                "--explain",
                "--json")
            .json();
    assertThat(answer.get("version").intValue()).isEqualTo(2);
    assertThat(answer.at("/effort/lists_probed").intValue()).isGreaterThanOrEqualTo(2);
  }
}
