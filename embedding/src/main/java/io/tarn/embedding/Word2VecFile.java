package io.tarn.embedding;

import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.BINARY;
import static org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName.FLOAT;

import io.tarn.embedding.Vocabulary.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.FileMetaData;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Types;

/**
 * The stored form of a vocabulary: a Parquet file with the columns word, idf and vector, rows
 * sorted by word, and the settings in the footer's key-value metadata. The same vocabulary gives
 * the same bytes.
 *
 * <p>A checksum of the content, taken from the values and not from the bytes, makes sure that what
 * is read is what was written, wherever the damage.
 */
final class Word2VecFile {

  private static final int FORMAT_VERSION = 1;

  private static final String KIND = "tarn.kind";
  private static final String VERSION = "tarn.format-version";
  private static final String TOKENIZER = "tarn.tokenizer-version";
  private static final String DIMENSION = "tarn.dimension";
  private static final String CHECKSUM = "tarn.content-crc32c";

  private static final MessageType SCHEMA =
      Types.buildMessage()
          .required(BINARY)
          .as(LogicalTypeAnnotation.stringType())
          .named("word")
          .required(FLOAT)
          .named("idf")
          .requiredList()
          .requiredElement(FLOAT)
          .named("vector")
          .named(Word2VecEmbedder.KIND);

  private static final String[] WORD_PATH = {"word"};
  private static final String[] IDF_PATH = {"idf"};
  private static final String[] VECTOR_PATH = {"vector", "list", "element"};

  private Word2VecFile() {}

  static byte[] write(Vocabulary vocabulary) {
    InMemoryFile.Output file = new InMemoryFile.Output();
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(file)
            .withConf(new PlainParquetConfiguration())
            .withType(SCHEMA)
            .withExtraMetaData(settings(vocabulary))
            .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
            .withDictionaryEncoding(false)
            .build()) {
      for (String word : vocabulary.sortedWords()) {
        writer.write(row(word, vocabulary.byWord().get(word)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file.bytes();
  }

  static Vocabulary read(byte[] bytes) {
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration()).build();
    try (ParquetFileReader reader =
        ParquetFileReader.open(new InMemoryFile.Input(bytes), options)) {
      FileMetaData footer = reader.getFooter().getFileMetaData();
      Map<String, String> settings = footer.getKeyValueMetaData();
      checkReadable(settings, footer.getSchema());
      int dimension = Integer.parseInt(settings.get(DIMENSION));
      Map<String, Entry> entries = new HashMap<>();
      for (PageReadStore rows = reader.readNextRowGroup();
          rows != null;
          rows = reader.readNextRowGroup()) {
        readRows(rows, dimension, footer.getCreatedBy(), entries);
      }
      Vocabulary vocabulary = new Vocabulary(dimension, entries);
      if (!checksum(vocabulary).equals(settings.get(CHECKSUM))) {
        throw damaged("its checksum does not match");
      }
      return vocabulary;
    } catch (EmbedderFileException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Parquet answers damage with exceptions of every kind.
      throw new EmbedderFileException("damaged word2vec embedder: " + e, e);
    }
  }

  private static Map<String, String> settings(Vocabulary vocabulary) {
    return new TreeMap<>(
        Map.of(
            KIND, Word2VecEmbedder.KIND,
            VERSION, String.valueOf(FORMAT_VERSION),
            TOKENIZER, String.valueOf(Tokenizer.VERSION),
            DIMENSION, String.valueOf(vocabulary.dimension()),
            CHECKSUM, checksum(vocabulary)));
  }

  private static Group row(String word, Entry entry) {
    Group row = new SimpleGroup(SCHEMA);
    row.add("word", word);
    row.add("idf", entry.idf());
    Group vector = row.addGroup("vector");
    for (float component : entry.vector()) {
      vector.addGroup("list").add("element", component);
    }
    return row;
  }

  private static void checkReadable(Map<String, String> settings, MessageType schema) {
    if (!Word2VecEmbedder.KIND.equals(settings.get(KIND))) {
      throw damaged("the bytes are another Parquet file");
    }
    checkVersion("format", settings.get(VERSION), FORMAT_VERSION);
    checkVersion("tokenizer", settings.get(TOKENIZER), Tokenizer.VERSION);
    if (!SCHEMA.equals(schema)) {
      throw damaged("its columns are " + schema);
    }
  }

  private static void checkVersion(String what, String found, int known) {
    if (!String.valueOf(known).equals(found)) {
      throw new EmbedderFileException(
          "the word2vec embedder has %s version %s, this Tarn has %d; train it again, or use the Tarn that wrote it"
              .formatted(what, found, known));
    }
  }

  private static void readRows(
      PageReadStore rows, int dimension, String createdBy, Map<String, Entry> entries) {
    ColumnReadStoreImpl columns =
        new ColumnReadStoreImpl(
            rows, new GroupRecordConverter(SCHEMA).getRootConverter(), SCHEMA, createdBy);
    ColumnReader words = columns.getColumnReader(SCHEMA.getColumnDescription(WORD_PATH));
    ColumnReader idfs = columns.getColumnReader(SCHEMA.getColumnDescription(IDF_PATH));
    ColumnReader components = columns.getColumnReader(SCHEMA.getColumnDescription(VECTOR_PATH));
    for (long row = 0; row < rows.getRowCount(); row++) {
      String word = words.getBinary().toStringUsingUTF8();
      words.consume();
      float idf = idfs.getFloat();
      idfs.consume();
      if (entries.put(word, new Entry(idf, vector(components, dimension))) != null) {
        throw damaged("word '%s' stands in it twice".formatted(word));
      }
    }
  }

  private static float[] vector(ColumnReader components, int dimension) {
    int present = components.getDescriptor().getMaxDefinitionLevel();
    float[] vector = new float[dimension];
    for (int d = 0; d < dimension; d++) {
      boolean first = components.getCurrentRepetitionLevel() == 0;
      if (first != (d == 0) || components.getCurrentDefinitionLevel() != present) {
        throw damaged("not all vectors have %d dimensions".formatted(dimension));
      }
      vector[d] = components.getFloat();
      components.consume();
    }
    return vector;
  }

  private static String checksum(Vocabulary vocabulary) {
    CRC32C crc = new CRC32C();
    ByteBuffer numbers = ByteBuffer.allocate(Float.BYTES * (1 + vocabulary.dimension()));
    for (String word : vocabulary.sortedWords()) {
      Entry entry = vocabulary.byWord().get(word);
      crc.update(word.getBytes(StandardCharsets.UTF_8));
      numbers.clear().putFloat(entry.idf());
      for (float component : entry.vector()) {
        numbers.putFloat(component);
      }
      crc.update(numbers.flip());
    }
    return "%08x".formatted(crc.getValue());
  }

  private static EmbedderFileException damaged(String how) {
    return new EmbedderFileException("damaged word2vec embedder: " + how);
  }
}
