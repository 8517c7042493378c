package io.tarn.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.embedding.Vocabulary.Entry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Word2VecFileTest {

  /** Written by the first release of format version 1; never to be written again. */
  private static final String FROZEN = "/word2vec-v1.parquet";

  private static final String FROZEN_FINGERPRINT = "197af4502577cf8890e4a3533d2086cf";

  private static final Map<String, Long> FREQUENCIES =
      Map.of("read", 70L, "all", 12L, "lines", 9L, "größe", 1L, "東", 2L);
  private static final long DOCUMENTS = 100;

  @TempDir Path dir;

  @Test
  void theRoundTripIsBitIdentical() throws EmbeddingException {
    Word2VecEmbedder written = embedder(vectors());
    Word2VecEmbedder read = Word2VecEmbedder.fromBytes(written.toBytes());

    assertThat(read.toBytes()).isEqualTo(written.toBytes());
    assertThat(read.fingerprint()).isEqualTo(written.fingerprint()).matches("[0-9a-f]{32}");
    assertThat(bits(read.embed("read all 東"))).isEqualTo(bits(written.embed("read all 東")));
    Vocabulary vocabulary = Word2VecFile.read(written.toBytes());
    assertThat(vocabulary.byWord()).hasSize(5);
    vectors()
        .forEach(
            (word, vector) ->
                assertThat(bits(vocabulary.byWord().get(word).vector())).isEqualTo(bits(vector)));
  }

  @Test
  void manyWordsSpanManyPages() {
    Map<String, float[]> vectors = new HashMap<>();
    Map<String, Long> frequencies = new HashMap<>();
    for (int i = 0; i < 50_000; i++) {
      vectors.put("word" + i, new float[] {i, -i, 1f / (i + 1), 0});
      frequencies.put("word" + i, i + 1L);
    }

    byte[] bytes = Word2VecEmbedder.of(vectors, frequencies, 50_000).toBytes();

    Map<String, Entry> read = Word2VecFile.read(bytes).byWord();
    assertThat(read).hasSize(50_000);
    vectors.forEach((word, vector) -> assertThat(read.get(word).vector()).isEqualTo(vector));
  }

  @Test
  void theSameVocabularyGivesTheSameBytes() {
    Map<String, float[]> reversed = new LinkedHashMap<>();
    vectors().keySet().stream()
        .sorted((a, b) -> b.compareTo(a))
        .forEach(word -> reversed.put(word, vectors().get(word)));

    assertThat(embedder(reversed).toBytes()).isEqualTo(embedder(vectors()).toBytes());
  }

  @Test
  void anyChangeOfTheVocabularyChangesTheFingerprint() {
    String fingerprint = embedder(vectors()).fingerprint();

    Map<String, float[]> otherVector = vectors();
    otherVector.get("all")[1] = Math.nextUp(otherVector.get("all")[1]);
    assertThat(embedder(otherVector).fingerprint()).isNotEqualTo(fingerprint);
    Map<String, float[]> otherWords = vectors();
    otherWords.remove("all");
    assertThat(embedder(otherWords).fingerprint()).isNotEqualTo(fingerprint);
    assertThat(Word2VecEmbedder.of(vectors(), FREQUENCIES, DOCUMENTS + 1).fingerprint())
        .isNotEqualTo(fingerprint);
  }

  @Test
  void theFrozenFileIsReadForEver() throws Exception {
    Word2VecEmbedder frozen = Word2VecEmbedder.fromBytes(frozenBytes());

    assertThat(frozen.fingerprint()).isEqualTo(FROZEN_FINGERPRINT);
    assertThat(frozen.dimension()).isEqualTo(4);
    assertThat(bits(frozen.embed("readAllLines(GRÖSSE), Größe 東京")))
        .containsExactly(0x3fc9deab, 0x3f2144a6, 0xbe999704, 0x470a601a);
  }

  @Test
  void anyParquetReaderReadsTheColumnsAndSettings() throws IOException {
    Path file = dir.resolve("embedder.parquet");
    Files.write(file, embedder(vectors()).toBytes());

    Map<String, float[]> read = new LinkedHashMap<>();
    try (ParquetReader<Group> reader = new GroupReader(new LocalInputFile(file)).build()) {
      for (Group row = reader.read(); row != null; row = reader.read()) {
        Group list = row.getGroup("vector", 0);
        float[] vector = new float[list.getFieldRepetitionCount("list")];
        for (int d = 0; d < vector.length; d++) {
          vector[d] = list.getGroup("list", d).getFloat("element", 0);
        }
        read.put(row.getString("word", 0), vector);
        assertThat(row.getFloat("idf", 0)).isBetween(1f, 6f);
      }
    }

    assertThat(read.keySet()).containsExactly("all", "größe", "lines", "read", "東");
    vectors().forEach((word, vector) -> assertThat(read.get(word)).isEqualTo(vector));
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration()).build();
    try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file), options)) {
      assertThat(reader.getFooter().getFileMetaData().getKeyValueMetaData())
          .containsEntry("tarn.kind", "word2vec")
          .containsEntry("tarn.format-version", "1")
          .containsEntry("tarn.tokenizer-version", "1")
          .containsEntry("tarn.dimension", "4");
    }
  }

  /** A flipped bit in a name or a statistic nobody reads does no harm; the rest is found. */
  @Test
  void aFlippedBitIsNamedOrHarmless() {
    byte[] bytes = embedder(vectors()).toBytes();
    for (int bit = 0; bit < bytes.length * 8; bit++) {
      byte[] damaged = bytes.clone();
      damaged[bit / 8] ^= (byte) (1 << (bit % 8));
      try {
        byte[] rewritten = Word2VecFile.write(Word2VecFile.read(damaged));

        assertThat(rewritten).as("bit %d", bit).isEqualTo(bytes);
      } catch (EmbedderFileException e) {
        assertThat(e).hasMessageContaining("word2vec embedder");
      }
    }
  }

  @Test
  void aTruncatedFileIsNamed() {
    byte[] bytes = embedder(vectors()).toBytes();
    for (int length = 0; length < bytes.length; length++) {
      assertDamaged(Arrays.copyOf(bytes, length), "damaged word2vec embedder: ");
    }
  }

  @Test
  void anotherVersionIsRefused() {
    assertDamaged(
        withSetting("tarn.format-version", '2'),
        "the word2vec embedder has format version 2, this Tarn has 1; ");
    assertDamaged(
        withSetting("tarn.tokenizer-version", '7'),
        "the word2vec embedder has tokenizer version 7, this Tarn has 1; ");
  }

  @Test
  void otherParquetFilesAreRefused() {
    MessageType ours = schema("required float element;");
    Map<String, String> settings =
        Map.of(
            "tarn.kind", "word2vec",
            "tarn.format-version", "1",
            "tarn.tokenizer-version", "1",
            "tarn.dimension", "1",
            "tarn.content-crc32c", "00000000");

    assertDamaged(parquet(ours, Map.of()), "damaged word2vec embedder: the bytes are another");
    assertDamaged(
        parquet(schema("required double element;"), settings),
        "damaged word2vec embedder: its columns are message");
    assertDamaged(
        parquet(ours, settings, row(ours, "a")),
        "damaged word2vec embedder: not all vectors have 1 dimensions");
    assertDamaged(
        parquet(ours, settings, row(ours, "a", 1, 2), row(ours, "b")),
        "damaged word2vec embedder: not all vectors have 1 dimensions");
    assertDamaged(
        parquet(ours, settings, row(ours, "a", 1), row(ours, "a", 2)),
        "damaged word2vec embedder: word 'a' stands in it twice");
    assertDamaged(
        parquet(ours, settings, row(ours, "a", 1)),
        "damaged word2vec embedder: its checksum does not match");
  }

  private static Map<String, float[]> vectors() {
    return new HashMap<>(
        Map.of(
            "read", new float[] {0.1f, -0.2f, 0.3f, 1e-20f},
            "all", new float[] {-1.5f, 0.7f, 0, -0f},
            "lines", new float[] {0.33333334f, 2.5f, -3.25f, Float.MIN_VALUE},
            "größe", new float[] {7, -0.6f, 0.05f, 123456.79f},
            "東", new float[] {-0.9f, 0.8f, 1.1f, 0.2f}));
  }

  private static Word2VecEmbedder embedder(Map<String, float[]> vectors) {
    return Word2VecEmbedder.of(vectors, FREQUENCIES, DOCUMENTS);
  }

  private static List<Integer> bits(float[] vector) {
    return IntStream.range(0, vector.length)
        .mapToObj(d -> Float.floatToRawIntBits(vector[d]))
        .toList();
  }

  private static byte[] frozenBytes() throws IOException {
    try (InputStream in = Word2VecFileTest.class.getResourceAsStream(FROZEN)) {
      return in.readAllBytes();
    }
  }

  /** The footer holds a one-letter value two bytes behind its name (Thrift's type and length). */
  private static byte[] withSetting(String name, char value) {
    byte[] bytes = embedder(vectors()).toBytes();
    int nameOffset = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(name);
    bytes[nameOffset + name.length() + 2] = (byte) value;
    return bytes;
  }

  private static MessageType schema(String element) {
    return MessageTypeParser.parseMessageType(
        "message word2vec { required binary word (STRING); required float idf;"
            + " required group vector (LIST) { repeated group list { "
            + element
            + " } } }");
  }

  private static Group row(MessageType schema, String word, float... vector) {
    Group row = new SimpleGroup(schema);
    row.add("word", word);
    row.add("idf", 1f);
    Group list = row.addGroup("vector");
    for (float component : vector) {
      list.addGroup("list").add("element", component);
    }
    return row;
  }

  private static byte[] parquet(MessageType schema, Map<String, String> settings, Group... rows) {
    InMemoryFile.Output file = new InMemoryFile.Output();
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(file)
            .withConf(new PlainParquetConfiguration())
            .withType(schema)
            .withExtraMetaData(settings)
            .build()) {
      for (Group row : rows) {
        writer.write(row);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file.bytes();
  }

  private static void assertDamaged(byte[] bytes, String message) {
    assertThatThrownBy(() -> Word2VecEmbedder.fromBytes(bytes))
        .isInstanceOf(EmbedderFileException.class)
        .hasMessageStartingWith(message);
  }

  private static final class GroupReader extends ParquetReader.Builder<Group> {
    GroupReader(InputFile file) {
      super(file, new PlainParquetConfiguration());
    }

    @Override
    protected ReadSupport<Group> getReadSupport() {
      return new GroupReadSupport();
    }
  }
}
