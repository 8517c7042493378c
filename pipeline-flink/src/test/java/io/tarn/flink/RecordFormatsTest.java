package io.tarn.flink;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.tarn.embedding.Content;
import io.tarn.flink.RecordFields.Op;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every format says the same, whatever bytes come in. */
class RecordFormatsTest {
  private static final int MAX_BYTES = 100_000;
  private static final List<Attribute> ATTRIBUTES =
      List.of(
          new Attribute("name", AttributeType.STRING),
          new Attribute("count", AttributeType.LONG),
          new Attribute("price", AttributeType.DOUBLE),
          new Attribute("sold", AttributeType.BOOLEAN),
          new Attribute("made", AttributeType.TIMESTAMP));
  private static final Schema TEXT_IDS = new Schema(IdType.STRING, 3, Metric.L2, ATTRIBUTES);
  private static final Schema INT64_IDS = new Schema(IdType.INT64, 3, Metric.L2, ATTRIBUTES);

  private static final String AVRO_FIELDS =
      """
      {"name": "more", "type": {"type": "map", "values": ["null", "int", {"type": "array",
          "items": {"type": "record", "name": "Deep", "fields": [
              {"name": "deeper", "type": ["null", "Deep"]},
              {"name": "bytes", "type": {"type": "fixed", "name": "Two", "size": 2}}]}}]}},
      {"name": "op", "type": {"type": "enum", "name": "Op", "symbols": ["delete", "upsert"]}},
      {"name": "vector", "type": ["null", %s]},
      {"name": "embedder", "type": ["null", "string"]},
      {"name": "order", "type": ["long", "null"]},
      {"name": "attributes", "type": {"type": "record", "name": "Attributes", "fields": [
          {"name": "made", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]},
          {"name": "name", "type": ["null", "string"]},
          {"name": "unknown", "type": "double"},
          {"name": "count", "type": ["null", "long"]},
          {"name": "price", "type": ["null", "double"]},
          {"name": "sold", "type": ["null", "boolean"]}]}},
      {"name": "text", "type": ["null", "string"]},
      {"name": "image", "type": ["null", "bytes"]},
      {"name": "id", "type": ["null", "string"]}""";
  private static final org.apache.avro.Schema AVRO =
      avro("{\"type\":\"array\",\"items\":\"float\"}");
  private static final org.apache.avro.Schema AVRO_BYTES = avro("\"bytes\"");

  @Property
  void binaryRecordsSurviveTheirBytes(@ForAll("records") RecordFields fields) throws Exception {
    ValueReader reader = new BinaryRecordReader(TEXT_IDS);

    assertSame(reader.read(BinaryRecordWriter.write(TEXT_IDS, fields)), fields);
  }

  @Property(tries = 100)
  void avroRecordsSurviveTheirBytes(@ForAll("records") RecordFields fields) throws Exception {
    ValueReader containers = new AvroRecordReader(TEXT_IDS, Optional.empty(), MAX_BYTES);
    for (org.apache.avro.Schema schema : List.of(AVRO, AVRO_BYTES)) {
      GenericRecord record = avroRecord(schema, fields);
      ValueReader bare = new AvroRecordReader(TEXT_IDS, Optional.of(schema.toString()), MAX_BYTES);

      assertSame(bare.read(bareAvro(record)), fields);
      assertSame(containers.read(container(record, CodecFactory.nullCodec())), fields);
      assertSame(containers.read(container(record, CodecFactory.deflateCodec(9))), fields);
    }
  }

  @Property(tries = 300)
  void changesOfRowsSurviveTheirBytes(
      @ForAll("records") RecordFields fields, @ForAll boolean withSchema) throws Exception {
    ValueReader reader = new DebeziumRecordReader(TEXT_IDS);
    boolean deleted = fields.op() == Op.DELETE;
    RecordFields row =
        new RecordFields(
            fields.id(),
            deleted ? null : fields.vector(),
            deleted ? null : fields.content(),
            deleted ? new Object[0] : fields.attributes(),
            OptionalLong.empty(),
            fields.op(),
            null);

    assertSame(reader.read(debezium(fields, withSchema)), row);
  }

  /** Written by Python: struct.pack and numpy.ndarray.tobytes, as docs/streaming.md shows. */
  @Test
  void theBinaryFormatIsTheOneThatIsDocumented() throws Exception {
    byte[] bytes =
        HexFormat.of()
            .parseHex(
                "0156"
                    + "0100"
                    + "61"
                    + "0700000000000000"
                    + "03000000"
                    + "0000803f"
                    + "000020c0"
                    + "0000003f"
                    + "0200"
                    + "046e616d65"
                    + "01"
                    + "02000000"
                    + "c3a9"
                    + "046d616465"
                    + "05"
                    + "e803000000000000");

    assertSame(
        new BinaryRecordReader(TEXT_IDS).read(bytes),
        new RecordFields(
            "a",
            new float[] {1, -2.5f, 0.5f},
            null,
            new Object[] {"é", null, null, null, Instant.ofEpochMilli(1)},
            OptionalLong.of(7),
            Op.UPSERT,
            null));
  }

  @Test
  void numericIdsHaveEightBytesInTheBinaryFormat() throws Exception {
    RecordFields fields =
        new RecordFields(
            "-3", null, null, new Object[5], OptionalLong.empty(), Op.DELETE, "0".repeat(32));

    assertSame(
        new BinaryRecordReader(INT64_IDS).read(BinaryRecordWriter.write(INT64_IDS, fields)),
        fields);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "00          | the first byte is 0, the format's version is 1",
        "01          | the record has 1 bytes and ends within a field",
        "0180ffffff7f | an image of 2147483647 bytes begins, 0 are left",
        "01a00100000061010000000a | the record has a text and an image",
        "010000      | 1 bytes are left over after the record's last field",
        "0110ffffff7f00 | a vector of 2147483647 values begins, 1 bytes are left",
        "0110ffffffff | a vector of -1 values begins, 0 bytes are left",
        "0120ffffff7f | a text of 2147483647 bytes begins, 0 are left",
        "0120020000006fff | a text is not UTF-8",
        "014001000161 09  | an attribute has the type 9, known are 1 to 5",
        "0140010004736f6c640402 | a boolean is 2: give 0 or 1",
        "0140010004736f6c64050100000000000000 | attribute 'sold' is 1: give true or false",
        "0140010005707269636503000000000000f07f | attribute 'price' is Infinity: give a finite",
        "01400100046d61646505ffffffffffffff7f | attribute 'made' is 9223372036854775807: give a",
      })
  void malformedBinaryRecordsAreRejected(String hex, String message) {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));

    assertThatThrownBy(() -> new BinaryRecordReader(TEXT_IDS).read(bytes))
        .isInstanceOf(RejectedFeatureException.class)
        .hasMessageStartingWith(message);
  }

  @Property
  void noBytesMakeAReaderFailOtherwise(@ForAll byte[] bytes, @ForAll boolean likeARecord)
      throws Exception {
    byte[] value = bytes.clone();
    for (ValueReader reader : readers()) {
      if (likeARecord && value.length >= 4) {
        byte[] magic = {'O', 'b', 'j', 1};
        System.arraycopy(
            reader instanceof BinaryRecordReader ? new byte[] {1, -1} : magic,
            0,
            value,
            0,
            reader instanceof BinaryRecordReader ? 2 : 4);
      }
      readAnything(reader, value);
    }
  }

  /** Records with one byte changed, and the rest cut off somewhere, or not. */
  @Property(tries = 200)
  void noBrokenRecordMakesAReaderFailOtherwise(
      @ForAll("records") RecordFields fields,
      @ForAll byte changed,
      @ForAll("shares") double place,
      @ForAll("shares") double length)
      throws Exception {
    GenericRecord record = avroRecord(AVRO, fields);
    List<byte[]> values =
        List.of(
            BinaryRecordWriter.write(TEXT_IDS, fields),
            bareAvro(record),
            container(record, CodecFactory.nullCodec()),
            container(record, CodecFactory.deflateCodec(9)),
            debezium(fields, true));
    for (int format = 0; format < values.size(); format++) {
      byte[] broken = values.get(format).clone();
      int at = (int) (place * (broken.length - 1));
      broken[at] = changed;
      int end = length > 0.5 ? broken.length : Math.max(at + 1, (int) (2 * length * broken.length));
      readAnything(readers().get(format), Arrays.copyOf(broken, end));
    }
  }

  private static void readAnything(ValueReader reader, byte[] value) {
    try {
      assertThat(reader.read(value).op()).isNotNull();
    } catch (RejectedFeatureException e) {
      assertThat(e.getMessage()).isNotBlank();
    }
  }

  private static List<ValueReader> readers() {
    return List.of(
        new BinaryRecordReader(TEXT_IDS),
        new AvroRecordReader(TEXT_IDS, Optional.of(AVRO.toString()), MAX_BYTES),
        new AvroRecordReader(TEXT_IDS, Optional.empty(), MAX_BYTES),
        new AvroRecordReader(TEXT_IDS, Optional.empty(), MAX_BYTES),
        new DebeziumRecordReader(TEXT_IDS));
  }

  /** What a few bytes claim must cost neither the memory nor the time of what they claim. */
  @Test
  void lengthsThatAreLiesCostNothing() {
    assertAvroRejected(doubling(40), new byte[0], "more parts than bytes");
    assertAvroRejected(
        record("R", "{\"type\":\"array\",\"items\":\"null\"}"),
        longs(1L << 40, 0),
        "an array of 1099511627776 items begins");
    assertAvroRejected(
        record("R", "\"bytes\""), longs(Integer.MAX_VALUE - 8L), "a value of 2147483639 bytes");
    assertAvroRejected(
        record("R", "{\"type\":\"map\",\"values\":\"int\"}"), longs(-1, 5, -5), "-5 bytes");
    assertAvroRejected(
        record("R", "[\"null\",\"R\"]"), "\2".repeat(1000).getBytes(UTF_8), "nested more than 64");
    assertAvroRejected(record("R", "[\"null\",\"int\"]"), longs(7), "a union has no branch 7");
    assertAvroRejected(
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"vector\",\"type\":"
            + "{\"type\":\"array\",\"items\":\"float\"}}]}",
        longs(1L << 33),
        "an array of 8589934592 items begins");
  }

  @Test
  void whatIsSmallOnlyWhileItIsCompressedIsRejected() throws Exception {
    org.apache.avro.Schema schema =
        new org.apache.avro.Schema.Parser().parse(record("R", "\"string\""));
    GenericRecord record = new GenericData.Record(schema);
    record.put("f", "x".repeat(10 * MAX_BYTES));
    byte[] bomb = container(record, CodecFactory.deflateCodec(9));
    assertThat(bomb).hasSizeLessThan(MAX_BYTES);

    assertThatThrownBy(() -> new AvroRecordReader(TEXT_IDS, Optional.empty(), MAX_BYTES).read(bomb))
        .hasMessageContaining(
            "larger than kafka.max-record-bytes, 100000, when it is decompressed");
  }

  @Test
  void aContainerHoldsOneRecordThatTarnCanDecompress() throws Exception {
    GenericRecord record =
        avroRecord(
            AVRO,
            new RecordFields(
                null, null, null, new Object[5], OptionalLong.empty(), Op.DELETE, null));
    ValueReader reader = new AvroRecordReader(TEXT_IDS, Optional.empty(), MAX_BYTES);
    ByteArrayOutputStream two = new ByteArrayOutputStream();
    try (DataFileWriter<GenericRecord> writer =
        new DataFileWriter<>(new GenericDatumWriter<>(AVRO))) {
      writer.create(AVRO, two);
      writer.append(record);
      writer.append(record);
    }
    byte[] zstandard = container(record, CodecFactory.nullCodec());
    byte[] codec = "avro.codec".getBytes(UTF_8);
    int at = new String(zstandard, ISO_8859_1).indexOf("avro.codec");
    System.arraycopy("bzip".getBytes(UTF_8), 0, zstandard, at + codec.length + 1, 4);

    assertThatThrownBy(() -> reader.read(two.toByteArray()))
        .hasMessage("the Avro object container must hold one record, in one block");
    assertThatThrownBy(() -> reader.read(zstandard))
        .hasMessageContaining("is neither null nor deflate");
    assertThatThrownBy(() -> reader.read(bareAvro(record)))
        .hasMessageContaining("name their schema's file as kafka.avro-schema");
  }

  private static void assertAvroRejected(String schema, byte[] value, String message) {
    ValueReader reader = new AvroRecordReader(TEXT_IDS, Optional.of(schema), MAX_BYTES);

    assertThatThrownBy(() -> reader.read(value))
        .isInstanceOf(RejectedFeatureException.class)
        .hasMessageContaining(message);
  }

  private static String record(String name, String type) {
    return "{\"type\":\"record\",\"name\":\"%s\",\"fields\":[{\"name\":\"f\",\"type\":%s}]}"
        .formatted(name, type);
  }

  /** A record of two records of two records…, and of not one byte. */
  private static String doubling(int depth) {
    String type = "\"null\"";
    for (int i = 0; i < depth; i++) {
      type =
          "{\"type\":\"record\",\"name\":\"N%d\",\"fields\":[{\"name\":\"a\",\"type\":%s},"
                  .formatted(i, type)
              + "{\"name\":\"b\",\"type\":%s}]}"
                  .formatted(i == 0 ? "\"null\"" : "\"N" + (i - 1) + "\"");
    }
    return type;
  }

  private static byte[] longs(long... values) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder out = EncoderFactory.get().directBinaryEncoder(bytes, null);
    try {
      for (long value : values) {
        out.writeLong(value);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  private static org.apache.avro.Schema avro(String vectorType) {
    return new org.apache.avro.Schema.Parser()
        .parse(
            "{\"type\":\"record\",\"name\":\"Feature\",\"fields\":["
                + AVRO_FIELDS.formatted(vectorType)
                + "]}");
  }

  private static GenericRecord avroRecord(org.apache.avro.Schema schema, RecordFields fields) {
    org.apache.avro.Schema attributesSchema = schema.getField("attributes").schema();
    GenericRecord attributes = new GenericData.Record(attributesSchema);
    attributes.put("unknown", 0.25);
    for (int i = 0; i < ATTRIBUTES.size(); i++) {
      Object value = fields.attributes()[i];
      attributes.put(
          ATTRIBUTES.get(i).name(),
          value instanceof Instant instant
              ? ChronoUnit.MICROS.between(Instant.EPOCH, instant)
              : value);
    }
    org.apache.avro.Schema more = schema.getField("more").schema().getValueType().getTypes().get(2);
    GenericRecord deep = new GenericData.Record(more.getElementType());
    deep.put(
        "bytes",
        new GenericData.Fixed(more.getElementType().getField("bytes").schema(), new byte[] {1, 2}));
    GenericRecord record = new GenericData.Record(schema);
    record.put("more", Map.of("a", 5, "b", List.of(deep, deep)));
    record.put(
        "op",
        new GenericData.EnumSymbol(
            schema.getField("op").schema(), fields.op() == Op.DELETE ? "delete" : "upsert"));
    record.put("vector", avroVector(schema, fields.vector()));
    record.put("embedder", fields.embedder());
    record.put("order", fields.order().isPresent() ? fields.order().getAsLong() : null);
    record.put("attributes", attributes);
    record.put("text", fields.content() instanceof Content.Text text ? text.text() : null);
    record.put(
        "image",
        fields.content() instanceof Content.Image image ? ByteBuffer.wrap(image.bytes()) : null);
    record.put("id", fields.id());
    return record;
  }

  private static Object avroVector(org.apache.avro.Schema schema, float[] vector) {
    if (vector == null) {
      return null;
    }
    if (schema.equals(AVRO_BYTES)) {
      ByteBuffer bytes = ByteBuffer.allocate(vector.length * 4).order(ByteOrder.LITTLE_ENDIAN);
      for (float value : vector) {
        bytes.putFloat(value);
      }
      return bytes.flip();
    }
    List<Float> values = new ArrayList<>();
    for (float value : vector) {
      values.add(value);
    }
    return values;
  }

  private static byte[] bareAvro(GenericRecord record) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder out = EncoderFactory.get().directBinaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, out);
    return bytes.toByteArray();
  }

  private static byte[] container(GenericRecord record, CodecFactory codec) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataFileWriter<GenericRecord> writer =
        new DataFileWriter<>(new GenericDatumWriter<>(record.getSchema()))) {
      writer.setCodec(codec).create(record.getSchema(), bytes).append(record);
    }
    return bytes.toByteArray();
  }

  private static byte[] debezium(RecordFields fields, boolean withSchema) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      if (withSchema) {
        json.writeObjectFieldStart("schema");
        json.writeStringField("op", "no op");
        json.writeEndObject();
        json.writeObjectFieldStart("payload");
      }
      json.writeFieldName("before");
      writeRow(json, fields.op() == Op.DELETE ? fields : null);
      json.writeFieldName("after");
      writeRow(json, fields.op() == Op.DELETE ? null : fields);
      json.writeObjectFieldStart("source");
      json.writeStringField("payload", "none");
      json.writeNumberField("ts_ms", 5);
      json.writeEndObject();
      json.writeStringField("op", fields.op() == Op.DELETE ? "d" : withSchema ? "u" : "c");
      if (withSchema) {
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static void writeRow(JsonGenerator json, RecordFields fields) throws IOException {
    if (fields == null) {
      json.writeNull();
      return;
    }
    json.writeStartObject();
    json.writeStringField("id", fields.id());
    json.writeObjectFieldStart("other");
    json.writeStringField("id", "another");
    json.writeEndObject();
    if (fields.vector() != null) {
      json.writeArrayFieldStart("vector");
      for (float value : fields.vector()) {
        json.writeNumber(value);
      }
      json.writeEndArray();
    }
    json.writeStringField(
        "text", fields.content() instanceof Content.Text text ? text.text() : null);
    if (fields.content() instanceof Content.Image image) {
      json.writeBinaryField("image", image.bytes());
    }
    for (int i = 0; i < ATTRIBUTES.size(); i++) {
      Object value = fields.attributes()[i];
      json.writeFieldName(ATTRIBUTES.get(i).name());
      if (value == null) {
        json.writeNull();
      } else if (value instanceof Long number) {
        json.writeNumber(number);
      } else if (value instanceof Double number) {
        json.writeNumber(number);
      } else if (value instanceof Boolean truth) {
        json.writeBoolean(truth);
      } else {
        json.writeString(value.toString());
      }
    }
    json.writeEndObject();
  }

  private static void assertSame(RecordFields read, RecordFields expected) {
    assertThat(read).usingRecursiveComparison().isEqualTo(expected);
  }

  @Provide
  Arbitrary<Double> shares() {
    return Arbitraries.doubles().between(0, 1);
  }

  @Provide
  Arbitrary<RecordFields> records() {
    Arbitrary<String> texts = Arbitraries.strings().withChars("a\"\\é€\0 ").ofMaxLength(20);
    Arbitrary<String> chars = Combinators.combine(texts, texts).as((a, b) -> a + "😀" + b);
    Arbitrary<Content> images =
        Arbitraries.bytes().array(byte[].class).ofMaxSize(20).map(Content.Image::new);
    Arbitrary<float[]> vectors =
        Arbitraries.floats().between(-1e6f, 1e6f).array(float[].class).ofMaxSize(9);
    Arbitrary<Object[]> attributes =
        Combinators.combine(
                texts.injectNull(0.2),
                Arbitraries.longs().injectNull(0.2),
                Arbitraries.doubles().between(-1e9, 1e9).injectNull(0.2),
                Arbitraries.of(true, false).injectNull(0.2),
                Arbitraries.longs()
                    .between(-(1L << 50), 1L << 50)
                    .map(micros -> Instant.EPOCH.plus(micros, ChronoUnit.MICROS))
                    .injectNull(0.2))
            .as((a, b, c, d, e) -> new Object[] {a, b, c, d, e});
    return Combinators.combine(
            chars.injectNull(0.2),
            vectors.injectNull(0.2),
            Arbitraries.oneOf(texts.map(Content.Text::new), images).injectNull(0.5),
            attributes,
            Arbitraries.longs()
                .injectNull(0.3)
                .map(order -> order == null ? OptionalLong.empty() : OptionalLong.of(order)),
            Arbitraries.of(Op.class),
            Arbitraries.of("0123456789abcdef0123456789abcdef", "f".repeat(32)).injectNull(0.5))
        .as(RecordFields::new);
  }
}
