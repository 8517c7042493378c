package io.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.kafka.EmbeddedKafka;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Runs the examples of every command's help, on the files that they name. */
class ExamplesTest {
  /** As a shell splits: words, or whatever stands between single quotes. */
  private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

  /** Arguments after these name files, which the test has or expects in its directory. */
  private static final List<String> FILE_OPTIONS =
      List.of(
          "--index",
          "--input",
          "--output",
          "--embedder",
          "--queries",
          "--ground-truth",
          "--keep",
          "--open");

  @TempDir Path dir;

  @Test
  void everyExampleWorks() throws Exception {
    SampleIndexes.photos(dir.resolve("photos"));
    SampleIndexes.films(dir.resolve("films"));
    writeInputs();
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      kafka.createTopic("photos", 1);
      for (int i = 0; i < 5; i++) {
        String[] record = {"lake-" + i, "{\"vector\": [1, 1, 1]}"};
        StreamCommandTest.send(kafka, "photos", record);
      }
      // In the order of the help, in which an index is built before it is appended to.
      for (CommandLine command : new CommandLine(new Tarn()).getSubcommands().values()) {
        List<String> examples = examples(command);
        assertThat(examples).as(command.getCommandName()).isNotEmpty();
        for (String example : examples) {
          Run run = Run.tarn(arguments(example, kafka));
          assertThat(run.status()).as("%s%n%s%s", example, run.out(), run.err()).isZero();
          assertThat(run.out()).as(example).isNotEmpty();
        }
      }
    }
    String kept =
        Run.tarn("search", "--index", dir.resolve("methods"), "--text", "copy a file")
            .succeeds()
            .out();
    assertThat(kept).contains("java.nio.file.Files.copy(");
  }

  /** The guide shows no command that is not run here. */
  @Test
  void theGuideShowsTheseExamples() throws Exception {
    List<String> known =
        new CommandLine(new Tarn())
            .getSubcommands().values().stream()
                .flatMap(command -> examples(command).stream())
                .toList();
    List<String> shown =
        Files.readString(Path.of("../docs/analytics.md"))
            .lines()
            .filter(line -> line.startsWith("./tarn "))
            .toList();
    assertThat(shown).hasSizeGreaterThan(3).isSubsetOf(known);
  }

  private static List<String> examples(CommandLine command) {
    String footer = String.join("\n", command.getCommandSpec().usageMessage().footer());
    return Stream.of(footer.replaceAll("\\\\\n\\s*", "").split("\n"))
        .map(String::strip)
        .filter(line -> line.startsWith("./tarn "))
        .toList();
  }

  private Object[] arguments(String example, EmbeddedKafka kafka) {
    List<Object> arguments = new ArrayList<>();
    Matcher words = WORD.matcher(example.substring("./tarn ".length()));
    String previous = "";
    while (words.find()) {
      String word = words.group(1) == null ? words.group(2) : words.group(1);
      arguments.add(
          FILE_OPTIONS.contains(previous)
              ? dir.resolve(word)
              : word.replace("localhost:9092", kafka.bootstrapServers()));
      previous = word;
    }
    return arguments.toArray();
  }

  private void writeInputs() throws Exception {
    writeProducts();
    Files.writeString(
        dir.resolve("changes.json"), "{\"id\": \"p3\", \"description\": \"warm wool jacket\"}\n");
    Files.writeString(dir.resolve("gone.csv"), "id\np1\np2\n");
    ByteBuffer idx = ByteBuffer.allocate(16 + 40 * 4);
    idx.put(new byte[] {0, 0, 8, 3}).putInt(40).putInt(2).putInt(2);
    IntStream.range(0, 160).forEach(i -> idx.put((byte) i));
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(dir.resolve("train-images-idx3-ubyte.gz")))) {
      out.write(idx.array());
    }
    ByteBuffer query = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    query.putInt(3).putFloat(1).putFloat(2).putFloat(3);
    Files.write(dir.resolve("queries.fvecs"), query.array());
    List<float[]> numbered = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      numbered.add(new float[] {i, i, i});
    }
    SampleIndexes.numbered(dir.resolve("numbered"), numbered, 2);
    ByteBuffer truth = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    truth.putInt(2).putInt(2).putInt(1);
    Files.write(dir.resolve("truth.ivecs"), truth.array());
  }

  private void writeProducts() throws Exception {
    MessageType schema =
        MessageTypeParser.parseMessageType(
            "message product { required binary id (STRING); required binary description (STRING);"
                + " required binary name (STRING); required double price; }");
    List<String> things =
        Arrays.asList("warm wool jacket", "light summer shoes", "oak garden chair");
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new LocalOutputFile(dir.resolve("products.parquet")))
            .withConf(new PlainParquetConfiguration())
            .withType(schema)
            .build()) {
      for (int i = 0; i < 30; i++) {
        Group product = new SimpleGroup(schema);
        product.add("id", "p" + i);
        product.add("description", things.get(i % things.size()));
        product.add("name", "product " + i);
        product.add("price", i + 0.5);
        writer.write(product);
      }
    }
  }
}
