package io.tarn.index.filter;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.TestModels;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.format.SegmentWriter;
import io.tarn.index.segment.AttributeColumn;
import io.tarn.index.segment.Segment;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Single conditions, on more rows and values than the property has. */
class BoundFilterTest {
  private static final int ROWS = 150_000;

  /** Row r has r % n as a number and as text: codes of one, two and four bytes, and none. */
  @ParameterizedTest
  @ValueSource(ints = {200, 50_000, 70_000, ROWS})
  void conditionsHoldForAnyNumberOfDistinctValues(int n) throws IOException {
    List<Object[]> rows = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      rows.add(new Object[] {(long) row % n, "t" + row % n});
    }
    Schema schema = schema(AttributeType.LONG, AttributeType.STRING);
    Segment segment = segment(schema, rows);
    Random random = new Random(n);
    for (int members : new int[] {1, 30, 5_000}) {
      Set<Long> numbers = new HashSet<>();
      random.longs(members, 0, 2L * n).forEach(numbers::add);
      List<String> texts = numbers.stream().map(number -> "t" + number).toList();

      assertMatches(Filter.in("a0", numbers), schema, segment, row -> numbers.contains(row % n));
      assertMatches(Filter.in("a1", texts), schema, segment, row -> numbers.contains(row % n));
    }
    assertMatches(Filter.less("a0", n / 2), schema, segment, row -> row % n < n / 2);
    assertMatches(Filter.notEqual("a1", "t3"), schema, segment, row -> row % n != 3);
    assertMatches(
        Filter.greater("a1", "t3"), schema, segment, row -> ("t" + row % n).compareTo("t3") > 0);
  }

  private static void assertMatches(
      Filter filter, Schema schema, Segment segment, LongPredicate expected) {
    BitSet rows = new BitSet();
    for (int row = 0; row < segment.rowCount(); row++) {
      rows.set(row, expected.test(row));
    }
    BitSet found = BitSet.valueOf(filter.bind(schema).matching(segment));
    assertThat(found.equals(rows)).as("%.60s…", filter).isTrue();
  }

  /** Next to 2^53, where doubles begin to leave out whole numbers, and at the ends of both. */
  @ParameterizedTest
  @CsvSource({
    "a0 = 9007199254740993, 3",
    "a0 = 9007199254740993.0, 3",
    "a0 > 9007199254740992.5, 3 4 5",
    "a0 >= 9007199254740992.5 and a0 <= 9007199254740994, 3 4",
    "a0 < 9223372036854775808, 0 1 2 3 4 5",
    "a0 = 9223372036854775808, ''",
    "a0 > -1e300, 0 1 2 3 4 5",
    "a0 = 0.5, ''",
    "a0 != 0.5, 0 1 2 3 4 5",
    "a1 = 9007199254740993, ''",
    "a1 < 9007199254740993, 0 1 2",
    "a1 > 9007199254740993, 3 4 5",
    "a1 = 9007199254740993.0, 2",
    "a1 = 0.1, 1",
    "a1 <= 0.1, 0 1",
    "a1 = 0, 0",
    "a1 in (0.0), 0",
    "a1 < 0, ''",
    "a1 > 1e400, 4 5",
    "a1 <= 1e400, 0 1 2 3",
  })
  void numbersAreComparedExactly(String expression, String expectedRows) throws IOException {
    Schema schema = schema(AttributeType.LONG, AttributeType.DOUBLE);
    Segment segment =
        segment(
            schema,
            List.of(
                new Object[] {Long.MIN_VALUE, -0.0},
                new Object[] {0L, 0.1},
                new Object[] {1L << 53, 0x1p53},
                new Object[] {(1L << 53) + 1, 0x1p53 + 2},
                new Object[] {(1L << 53) + 2, Double.POSITIVE_INFINITY},
                new Object[] {Long.MAX_VALUE, Double.NaN}));

    BitSet found = BitSet.valueOf(Filter.parse(expression, schema).bind(schema).matching(segment));

    assertThat(found.stream().mapToObj(Integer::toString))
        .containsExactlyElementsOf(
            expectedRows.isEmpty() ? List.of() : Arrays.asList(expectedRows.split(" ")));
  }

  @Test
  void aJavaDoubleIsComparedByItsExactValueWithLongs() throws IOException {
    Schema schema = schema(AttributeType.LONG);
    Segment segment = segment(schema, List.of(new Object[] {1L << 60}, new Object[] {1L << 53}));

    assertThat(Filter.equal("a0", 0x1p60).bind(schema).matching(segment)).containsExactly(1);
    assertThat(Filter.less("a0", 1e30).bind(schema).matching(segment)).containsExactly(3);
  }

  /** Where everything is null, texts have no dictionary to look into. */
  @ParameterizedTest
  @CsvSource({"STRING, 'x'", "LONG, 0", "DOUBLE, 0.0", "BOOLEAN, false", "TIMESTAMP, '1970-01-01'"})
  void nothingEqualsNullNorDiffersFromIt(AttributeType type, String literal) throws IOException {
    Schema schema = schema(type);
    Segment segment = segment(schema, List.of(new Object[] {null}, new Object[] {null}));
    String text = type == AttributeType.STRING || type == AttributeType.TIMESTAMP ? "'" : "";
    for (String condition : List.of("a0 = %s", "a0 != %s", "a0 in (%s)", "a0 not in (%s)")) {
      String expression = String.format(condition, text + literal.replace("'", "") + text);

      assertThat(Filter.parse(expression, schema).bind(schema).matching(segment))
          .as(expression)
          .containsExactly(0);
    }
    assertThat(segment.attributes().get(0).nulls()).containsExactly(3);
    assertThat(Filter.isNull("a0").bind(schema).matching(segment)).containsExactly(3);
    assertThat(Filter.isNotNull("a0").bind(schema).matching(segment)).containsExactly(0);
  }

  @Test
  void valuesThatAreAllThereHaveNoBitmapOfNulls() throws IOException {
    Schema schema = schema(AttributeType.BOOLEAN);
    Segment segment = segment(schema, List.of(new Object[] {true}, new Object[] {false}));

    assertThat(segment.attributes())
        .extracting(AttributeColumn::nulls)
        .containsExactly(new long[0]);
    assertThat(Filter.isNull("a0").bind(schema).matching(segment)).containsExactly(0);
    assertThat(Filter.isNotNull("a0").bind(schema).matching(segment)).containsExactly(3);
  }

  private static Schema schema(AttributeType... types) {
    List<Attribute> attributes = new ArrayList<>();
    for (AttributeType type : types) {
      attributes.add(new Attribute("a" + attributes.size(), type));
    }
    return new Schema(IdType.INT64, 1, Metric.L2, attributes);
  }

  private static Segment segment(Schema schema, List<Object[]> rows) throws IOException {
    Storage storage = new MemoryStorage();
    try (SegmentWriter writer = new SegmentWriter(storage, schema, TestModels.anyOf(schema))) {
      for (int row = 0; row < rows.size(); row++) {
        writer.add(0, new Feature(FeatureId.of(row), new float[1], row, row, rows.get(row)));
      }
      return SegmentReader.read(storage, writer.finish(), schema);
    }
  }
}
