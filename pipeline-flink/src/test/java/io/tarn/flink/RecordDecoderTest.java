package io.tarn.flink;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Word2VecEmbedder;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordDecoderTest {
  private static final List<Attribute> ATTRIBUTES =
      List.of(
          new Attribute("name", AttributeType.STRING),
          new Attribute("count", AttributeType.LONG),
          new Attribute("price", AttributeType.DOUBLE),
          new Attribute("sold", AttributeType.BOOLEAN),
          new Attribute("made", AttributeType.TIMESTAMP));
  private static final Schema TEXT_IDS = new Schema(IdType.STRING, 3, Metric.L2, ATTRIBUTES);
  private static final Schema INT64_IDS = new Schema(IdType.INT64, 3, Metric.L2, ATTRIBUTES);
  private static final Embedder EMBEDDER =
      Word2VecEmbedder.of(Map.of("read", new float[] {1, 2, 3}), Map.of("read", 1L), 1);
  private static final int MAX_BYTES = 2000;
  private static final long OFFSET = 77;
  private static final long TIMESTAMP_MS = 1_700_000_000_000L;

  private final RecordDecoder decoder =
      new RecordDecoder(TEXT_IDS, Optional.of(EMBEDDER), options(KeyFormat.TEXT));
  private final RecordDecoder numbers =
      new RecordDecoder(INT64_IDS, Optional.empty(), options(KeyFormat.TEXT));

  @Test
  void aVectorWithEverythingIsAnUpsert() throws Exception {
    Feature feature =
        decode(
            "größe",
            """
            {"id": "größe", "vector": [1, -2.5, 3e-2], "order": -9, "op": "upsert",
             "attributes": {"name": "n", "count": 9223372036854775807, "price": 2, "sold": true,
                            "made": "2026-11-21T11:00:00.1234567+01:00"}}""");

    assertThat(feature.id()).isEqualTo(FeatureId.of("größe"));
    assertThat(feature.vector()).containsExactly(1, -2.5f, 0.03f);
    assertThat(feature.order()).isEqualTo(-9);
    assertThat(feature.position()).isEqualTo(OFFSET);
    assertThat(feature.attributes())
        .containsExactly(
            "n", Long.MAX_VALUE, 2.0, true, Instant.parse("2026-11-21T10:00:00.123456Z"));
  }

  @Test
  void nullsCountAsNotGiven() throws Exception {
    Feature feature =
        decode(
            "a",
            """
            {"id": null, "vector": [1, 2, 3], "text": null, "order": null, "op": null,
             "attributes": {"name": null, "made": 1700000000001}}""");

    assertThat(feature.order()).isEqualTo(TIMESTAMP_MS);
    assertThat(feature.attributes())
        .containsExactly(null, null, null, null, Instant.ofEpochMilli(1_700_000_000_001L));
  }

  @Test
  void aTextIsEmbedded() throws Exception {
    assertThat(decode("a", "{\"text\": \"please read\"}").vector()).containsExactly(1, 2, 3);
  }

  @Test
  void underCosineTheVectorGetsUnitLength() throws Exception {
    Schema cosine = new Schema(IdType.STRING, 2, Metric.COSINE, List.of());
    RecordDecoder decoder = new RecordDecoder(cosine, Optional.empty(), options(KeyFormat.TEXT));
    byte[] key = "a".getBytes(UTF_8);

    assertThat(decoder.decode(key, "{\"vector\":[3,4]}".getBytes(UTF_8), 0, 0).vector())
        .containsExactly(0.6f, 0.8f);
    assertThatThrownBy(() -> decoder.decode(key, "{\"vector\":[0,0]}".getBytes(UTF_8), 0, 0))
        .isInstanceOfSatisfying(
            RejectedFeatureException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.ZERO_VECTOR));
  }

  @Test
  void noValueIsADeleteAtTheTimeOfTheRecord() throws Exception {
    Feature delete = decode("a", null);

    assertThat(delete.deleted()).isTrue();
    assertThat(delete.id()).isEqualTo(FeatureId.of("a"));
    assertThat(delete.order()).isEqualTo(TIMESTAMP_MS);
    assertThat(delete.position()).isEqualTo(OFFSET);
  }

  @Test
  void aDeleteCanHaveAnOrder() throws Exception {
    Feature delete = decode("a", "{\"op\": \"delete\", \"order\": 5}");

    assertThat(delete.deleted()).isTrue();
    assertThat(delete.order()).isEqualTo(5);
  }

  @Test
  void whatTheIndexDoesNotKnowIsPassedOverAndCounted() throws Exception {
    decode(
        "a",
        """
        {"vector": [1, 2, 3], "more": {"id": [1, {"vector": 2}]},
         "attributes": {"color": ["red"], "name": "n"}}""");

    assertThat(decoder.ignoredFields()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"42, 42", "-7, -7", "9223372036854775807, 9223372036854775807", "42, '\"42\"'"})
  void numericIdsAreDecimalText(String key, String id) throws Exception {
    byte[] value = ("{\"vector\":[1,2,3],\"id\":" + id + "}").getBytes(UTF_8);

    assertThat(numbers.decode(key.getBytes(UTF_8), value, 0, 0).id())
        .isEqualTo(FeatureId.of(Long.parseLong(key)));
    assertThat(numbers.decode(null, value, 0, 0).id()).isEqualTo(FeatureId.of(Long.parseLong(key)));
  }

  @Test
  void numericIdsCanBeEightBytes() throws Exception {
    RecordDecoder binary = new RecordDecoder(INT64_IDS, Optional.empty(), options(KeyFormat.INT64));
    byte[] key = ByteBuffer.allocate(Long.BYTES).putLong(-3).array();

    assertThat(binary.decode(key, null, 0, 0).id()).isEqualTo(FeatureId.of(-3));
    assertThatThrownBy(() -> binary.decode(new byte[4], null, 0, 0))
        .hasMessage("the key has 4 bytes, an int64 has 8");
    assertThatThrownBy(
            () -> new RecordDecoder(TEXT_IDS, Optional.empty(), options(KeyFormat.INT64)))
        .hasMessageContaining("kafka.key-format is int64, but the ids of the index are text");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "42",
        "\"42\"",
        "{\"product_id\":42}",
        "{\"product_id\":\"42\"}",
        "{\"schema\":{\"type\":\"struct\"},\"payload\":{\"product_id\":42}}",
        "{\"payload\":42,\"schema\":{\"type\":\"string\"}}",
        "{\"schema\":null,\"payload\":\"42\"}",
        "{\"payload\":\"42\"}",
      })
  void keysCanBeJson(String key) throws Exception {
    RecordDecoder json = new RecordDecoder(INT64_IDS, Optional.empty(), options(KeyFormat.JSON));

    assertThat(json.decode(key.getBytes(UTF_8), null, 0, 0).id()).isEqualTo(FeatureId.of(42));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "BAD_ID     | {\"a\":1,\"b\":2}                 | the key has 2 fields: an id is the only one",
        "BAD_ID     | {}                              | the key has 0 fields",
        "BAD_ID     | {\"payload\":{\"a\":1,\"b\":2}}   | the key has 2 columns",
        "BAD_ID     | {\"a\":[1]}                       | the key has an array as 'a'",
        "BAD_ID     | {\"a\":1.5}                       | the id is 1.5",
        "BAD_ID     | [1]                             | the id is an array",
        "BAD_ID     | 1 2                             | the key is followed by something else",
        "BAD_ID     | {\"a\":1                          | the key is malformed JSON",
        "BAD_ID     | a                               | the key is malformed JSON",
        "BAD_ID     | ` `                             | the key is empty",
        "BAD_ID     | \"a\"                           | id 'a' is not an int64",
        "MISSING_ID | null                            | the record has no id",
        "MISSING_ID | {\"a\":null}                     | the record has no id",
      })
  void badKeysInJsonAreRejected(Reason reason, String key, String message) {
    RecordDecoder json = new RecordDecoder(INT64_IDS, Optional.empty(), options(KeyFormat.JSON));

    assertRejected(json, key.getBytes(UTF_8), null, reason, message);
  }

  @Test
  void aVectorOfAnotherEmbedderIsRefused() throws Exception {
    String value = "{\"vector\":[1,2,3],\"embedder\":\"%s\"}";
    byte[] key = "1".getBytes(UTF_8);
    byte[] own = value.formatted(EMBEDDER.fingerprint()).getBytes(UTF_8);
    byte[] other = value.formatted("0123").getBytes(UTF_8);

    assertThat(decoder.decode(key, own, 0, 0).vector()).containsExactly(1, 2, 3);
    assertRejected(
        decoder,
        key,
        other,
        Reason.OTHER_EMBEDDER,
        "the record is of the embedder 0123, the index has " + EMBEDDER.fingerprint());
    assertRejected(numbers, key, own, Reason.OTHER_EMBEDDER, ", the index has none");
    assertThat(
            decoder
                .decode(key, "{\"op\":\"delete\",\"embedder\":\"0123\"}".getBytes(UTF_8), 0, 0)
                .deleted())
        .isTrue();
  }

  @Test
  void theKeyOfATableNeedNotBeItsColumnId() throws Exception {
    RecordDecoder rows =
        new RecordDecoder(
            TEXT_IDS,
            Optional.of(EMBEDDER),
            new DecoderOptions(RecordFormat.DEBEZIUM_JSON, KeyFormat.JSON, null, MAX_BYTES));
    byte[] key = "{\"sku\":\"a\"}".getBytes(UTF_8);
    byte[] value =
        "{\"before\":{\"id\":7},\"after\":{\"id\":8,\"sku\":\"a\",\"text\":\"read\"},\"op\":\"u\"}"
            .getBytes(UTF_8);
    byte[] deleted = "{\"before\":{\"id\":8},\"after\":null,\"op\":\"d\"}".getBytes(UTF_8);

    assertThat(rows.decode(key, value, OFFSET, TIMESTAMP_MS).id()).isEqualTo(FeatureId.of("a"));
    assertThat(rows.decode(key, value, 0, 5).vector()).containsExactly(1, 2, 3);
    assertThat(rows.decode(null, value, 0, 5).id()).isEqualTo(FeatureId.of("8"));
    assertThat(rows.decode(key, deleted, 0, 5).deleted()).isTrue();
    assertThat(rows.decode(null, deleted, 0, 5).id()).isEqualTo(FeatureId.of("8"));
    assertThat(rows.decode(key, null, 0, 5).deleted()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "UNPARSABLE     | {\"vector\":[1,2,3]}             | the value has no op",
        "UNPARSABLE     | {\"op\":\"t\"}                    | the table was truncated",
        "UNPARSABLE     | {\"op\":\"m\"}                    | the op is the text \"m\"",
        "UNPARSABLE     | {\"op\":\"c\",\"after\":[1]}      | the row 'after' is an array",
        "MISSING_VECTOR | {\"op\":\"c\",\"after\":null}     | the change is a 'c' without a row",
        "MISSING_VECTOR | {\"op\":\"c\",\"after\":{\"id\":1}} | the vector is missing",
        "UNPARSABLE | {\"op\":\"u\",\"after\":{\"vector\":\"__debezium_unavailable_value\"}} | the vector is",
        "BAD_ATTRIBUTE  | {\"op\":\"u\",\"after\":{\"sold\":1}} | attribute 'sold' is 1: give true",
      })
  void changesThatAreNoneAreRejected(Reason reason, String value, String message) {
    RecordDecoder rows =
        new RecordDecoder(
            TEXT_IDS,
            Optional.empty(),
            new DecoderOptions(RecordFormat.DEBEZIUM_JSON, KeyFormat.TEXT, null, MAX_BYTES));

    assertRejected(rows, "a".getBytes(UTF_8), value.getBytes(UTF_8), reason, message);
  }

  @Test
  void anEmbedderOfAnotherDimensionIsRefusedAtOnce() {
    Schema other = new Schema(IdType.STRING, 4, Metric.L2, List.of());

    assertThatThrownBy(
            () -> new RecordDecoder(other, Optional.of(EMBEDDER), options(KeyFormat.TEXT)))
        .hasMessage("the index's embedder makes vectors of 3 values, the index has 4");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "UNPARSABLE     | nonsense                            | malformed JSON",
        "UNPARSABLE     | {\"vector\":[1,2                    | malformed JSON",
        "UNPARSABLE     | ``                                  | the value is not a JSON object",
        "UNPARSABLE     | null                                | the value is not a JSON object",
        "UNPARSABLE     | [1,2,3]                             | the value is not a JSON object",
        "UNPARSABLE     | {\"vector\":[1,2,3]} 7              | followed by something else",
        "UNPARSABLE     | {\"vector\":[1,2,3],\"vector\":[1]} | the field 'vector' occurs twice",
        "UNPARSABLE     | {\"vector\":\"1,2,3\"}              | the vector is the text \"1,2,3\"",
        "UNPARSABLE     | {\"vector\":[1,null,3]}             | value 1 of the vector is null",
        "UNPARSABLE     | {\"vector\":[1,[2],3]}              | value 1 of the vector is an array",
        "UNPARSABLE     | {\"text\":5}                        | the text is 5",
        "UNPARSABLE     | {\"text\":\"read\",\"vector\":[1,2,3]} | a vector and a text",
        "UNPARSABLE     | {\"vector\":[1,2,3],\"order\":1.5}  | the order is 1.5",
        "UNPARSABLE     | {\"vector\":[1,2,3],\"order\":\"1\"} | the order is the text \"1\"",
        "UNPARSABLE     | {\"vector\":[1,2,3],\"order\":9223372036854775808} | the order is 922",
        "UNPARSABLE     | {\"vector\":[1,2,3],\"op\":\"insert\"} | the op is the text \"insert\"",
        "UNPARSABLE     | {\"op\":{}}                         | the op is an object",
        "MISSING_VECTOR | {}                                  | the vector is missing",
        "MISSING_VECTOR | {\"vector\":null}                   | the vector is missing",
        "WRONG_DIMENSION | {\"vector\":[1,2]}                 | has 2 values, the index has 3",
        "WRONG_DIMENSION | {\"vector\":[]}                    | has 0 values, the index has 3",
        "WRONG_DIMENSION | {\"vector\":[1,2,3,4,5,6,7]}       | has 7 values, the index has 3",
        "NOT_FINITE     | {\"vector\":[1,NaN,3]}              | value 1 of the vector is NaN",
        "NOT_FINITE     | {\"vector\":[1,2,-Infinity]}        | value 2 of the vector is -Infinity",
        "NOT_FINITE     | {\"vector\":[3.5e38,2,3]}           | value 0 of the vector is Infinity",
        "NOT_FINITE     | {\"vector\":[1,2,-1e999]}           | value 2 of the vector is -Infinity",
        "BAD_ID         | {\"vector\":[1,2,3],\"id\":\"b\"}   | the key is the id 'a', the value",
        "BAD_ID         | {\"vector\":[1,2,3],\"id\":1.5}     | the id is 1.5",
        "BAD_ID         | {\"vector\":[1,2,3],\"id\":[]}      | the id is an array",
        "BAD_ATTRIBUTE  | {\"attributes\":[]}                 | the attributes are an array",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"name\":1}}       | 'name' is 1: give text",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"count\":1.0}}    | 'count' is 1.0: give a 64-bit",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"count\":\"1\"}}  | 'count' is the text \"1\"",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"count\":9223372036854775808}} | 'count' is 922",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"price\":1e999}}  | 'price' is 1e999: give a finite",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"price\":NaN}}    | 'price' is NaN: give a finite",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"sold\":0}}       | 'sold' is 0: give true or false",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"made\":\"now\"}} | 'made' is the text \"now\": give a time",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"made\":\"2026-11-21T10:00:00\"}} | 'made' is the text",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"made\":9223372036854775807}}     | 'made' is 922",
        "BAD_ATTRIBUTE  | {\"attributes\":{\"made\":{}}}      | 'made' is an object: give a time",
        "NOT_EMBEDDABLE | {\"text\":\"unheard of\"}           | no word of the text is known",
      })
  void badValuesAreRejectedWithTheReason(Reason reason, String value, String message) {
    assertRejected(decoder, "a".getBytes(UTF_8), value.getBytes(UTF_8), reason, message);
  }

  @Test
  void aTextNeedsAnEmbedder() {
    byte[] value = "{\"text\":\"read\"}".getBytes(UTF_8);

    assertRejected(
        numbers, "1".getBytes(UTF_8), value, Reason.NOT_EMBEDDABLE, "the index has no embedder");
  }

  @Test
  void badIdsAreRejectedWithTheReason() {
    byte[] value = "{\"vector\":[1,2,3]}".getBytes(UTF_8);
    byte[] halfPair = "{\"vector\":[1,2,3],\"id\":\"\\ud800\"}".getBytes(UTF_8);
    byte[] emptyId = "{\"vector\":[1,2,3],\"id\":\"\"}".getBytes(UTF_8);

    assertRejected(decoder, null, null, Reason.MISSING_ID, "the record has no id");
    assertRejected(decoder, null, value, Reason.MISSING_ID, "the record has no id");
    assertRejected(decoder, new byte[0], value, Reason.MISSING_ID, "the record has no id");
    assertRejected(decoder, null, emptyId, Reason.BAD_ID, "an id must not be empty");
    assertRejected(decoder, null, halfPair, Reason.BAD_ID, "the id is not Unicode text");
    assertRejected(
        decoder, "größe".getBytes(ISO_8859_1), value, Reason.BAD_ID, "the key is not UTF-8 text");
    assertRejected(
        numbers, "1.5".getBytes(UTF_8), value, Reason.BAD_ID, "id '1.5' is not an int64");
    assertRejected(numbers, "1.5".getBytes(UTF_8), null, Reason.BAD_ID, "id '1.5' is not an int64");
  }

  @Test
  void otherEncodingsThanUtf8AreReadOrRejected() throws Exception {
    byte[] value = "{\"vector\":[1,2,3],\"attributes\":{\"name\":\"größe\"}}".getBytes(UTF_16);
    byte[] latin = "{\"vector\":[1,2,3],\"attributes\":{\"name\":\"größe\"}}".getBytes(ISO_8859_1);

    assertThat(decoder.decode("a".getBytes(UTF_8), value, 0, 0).attributes()[0]).isEqualTo("größe");
    assertRejected(decoder, "a".getBytes(UTF_8), latin, Reason.UNPARSABLE, "malformed JSON");
    assertRejected(
        decoder,
        "a".getBytes(UTF_8),
        new byte[] {0, 0, 0, 1, 127, 127, 127, 127},
        Reason.UNPARSABLE,
        "malformed JSON");
  }

  @Test
  void keyAndValueTogetherAreLimited() throws Exception {
    byte[] key = new byte[MAX_BYTES];
    Arrays.fill(key, (byte) 'k');

    assertThat(decoder.decode(key, null, 0, 0).deleted()).isTrue();
    assertRejected(
        decoder,
        key,
        new byte[1],
        Reason.OVERSIZED,
        "the record has 2001 bytes, kafka.max-record-bytes allows 2000");
  }

  @Property
  void noBytesMakeItFailOtherwise(@ForAll byte[] key, @ForAll byte[] value) {
    decodeAnything(key, value);
  }

  @Property
  void noBrokenRecordMakesItFailOtherwise(@ForAll("almostRecords") byte[] value) {
    decodeAnything("a".getBytes(UTF_8), value);
  }

  /** Records with one byte changed, and the rest cut off somewhere. */
  @Provide
  Arbitrary<byte[]> almostRecords() {
    byte[] good =
        """
        {"id":"a","vector":[1.5,-2e7,3],"order":12,"op":"upsert","attributes":{"name":"\\u00e9",
        "count":1,"price":2.5,"sold":false,"made":"2026-11-21T10:00:00Z","x":[{}]}}"""
            .getBytes(UTF_8);
    return Combinators.combine(
            Arbitraries.integers().between(0, good.length - 1),
            Arbitraries.bytes(),
            Arbitraries.integers().between(0, good.length))
        .as(
            (place, value, length) -> {
              byte[] broken = good.clone();
              broken[place] = value;
              return Arrays.copyOf(broken, Math.max(length, place + 1));
            });
  }

  private void decodeAnything(byte[] key, byte[] value) {
    for (RecordDecoder each : List.of(decoder, numbers)) {
      try {
        assertThat(each.decode(key, value, 0, 0).id()).isNotNull();
      } catch (RejectedFeatureException e) {
        assertThat(e.getMessage()).isNotBlank();
      }
    }
  }

  private static DecoderOptions options(KeyFormat keyFormat) {
    return new DecoderOptions(RecordFormat.JSON, keyFormat, null, MAX_BYTES);
  }

  private Feature decode(String key, String value) throws RejectedFeatureException {
    return decoder.decode(
        key.getBytes(UTF_8), value == null ? null : value.getBytes(UTF_8), OFFSET, TIMESTAMP_MS);
  }

  private static void assertRejected(
      RecordDecoder decoder, byte[] key, byte[] value, Reason reason, String message) {
    assertThatThrownBy(() -> decoder.decode(key, value, OFFSET, TIMESTAMP_MS))
        .isInstanceOfSatisfying(
            RejectedFeatureException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(message);
  }
}
