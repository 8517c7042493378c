package io.tarn.spark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import io.tarn.spark.LocalSpark;
import io.tarn.spark.rows.InputRow;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InputColumnsTest {
  private static final String ID_AND_VECTOR = "1L as id, array(1f, 2f) as vector";

  private static final Schema INDEX =
      new Schema(
          IdType.INT64,
          2,
          Metric.L2,
          List.of(
              new Attribute("title", AttributeType.STRING),
              new Attribute("price", AttributeType.DOUBLE),
              new Attribute("hot", AttributeType.BOOLEAN)));

  private static InputTable table(String select) {
    return InputTable.of(LocalSpark.session().sql("select " + select));
  }

  private static InputSettings input(
      Optional<String> text, List<String> attributes, Optional<String> order) {
    return new InputSettings(
        "in",
        InputFormat.PARQUET,
        "id",
        "vector",
        text,
        attributes,
        order,
        InputSettings.DEFAULT_MAX_ROW_BYTES);
  }

  private static InputSettings input() {
    return input(Optional.empty(), List.of(), Optional.empty());
  }

  private static ColumnRequest fresh(InputSettings input) {
    return ColumnRequest.forNewIndex(input, 77);
  }

  private static ColumnRequest change(InputSettings input, String op) {
    return ColumnRequest.forChanges(input, INDEX, Optional.ofNullable(op), 77, false);
  }

  private static List<InputRow> rows(String select, ColumnRequest request) {
    InputColumns columns = InputColumns.resolve(table(select), request);
    Dataset<Row> rows = columns.rows();
    Iterator<InternalRow> internal =
        ((org.apache.spark.sql.classic.Dataset<Row>) rows)
            .queryExecution()
            .toRdd()
            .toJavaRDD()
            .map(InternalRow::copy)
            .collect()
            .iterator();
    List<InputRow> decoded = new ArrayList<>();
    columns.decoder().decode(internal, 0).forEachRemaining(decoded::add);
    return decoded;
  }

  private static InputRow.Readable row(String select, ColumnRequest request) {
    return (InputRow.Readable) rows(select, request).get(0);
  }

  private static void assertRejected(
      String select, ColumnRequest request, Reason reason, String message) {
    InputRow.Rejected rejected = (InputRow.Rejected) rows(select, request).get(0);
    assertThat(rejected.reason()).isEqualTo(reason);
    assertThat(rejected.message()).isEqualTo(message);
  }

  private static void assertUnusable(String select, ColumnRequest request, String message) {
    assertThatThrownBy(() -> InputColumns.resolve(table(select), request))
        .isInstanceOf(UnusableInputException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "array(1f, 2f)",
        "array(1d, 2d)",
        "array(1, 2)",
        "array(1L, 2L)",
        "array(1Y, 2Y)",
        "array(1S, 2S)",
        "array(1.0BD, 2.0BD)",
        "'[1, 2]'"
      })
  void vectorsOfAnyNumbersBecomeFloats(String vector) {
    InputRow.Readable row = row("1L as id, " + vector + " as vector", fresh(input()));
    assertThat(row.vector()).containsExactly(1, 2);
    assertThat(row.order()).isEqualTo(77);
    assertThat(row.position()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {"7L, INT64", "7, INT64", "7S, INT64", "7Y, INT64", "'7', STRING"})
  void idsAreTextOrWholeNumbers(String id, IdType type) {
    String select = id + " as id, array(1f) as vector";
    assertThat(InputColumns.resolve(table(select), fresh(input())).idType()).isEqualTo(type);
    assertThat(row(select, fresh(input())).id()).hasToString("7");
    assertThat(row(select, fresh(input())).id().type()).isEqualTo(type);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "5L|5",
        "5|5",
        "-5S|-5",
        "timestamp_millis(1234)|1234",
        "timestamp_micros(-1)|-1",
        "timestamp_ntz'1970-01-01 00:00:02'|2000",
        "date'1970-01-03'|172800000"
      })
  void ordersAreWholeNumbersOrMillisecondsSinceTheEpoch(String order, long millis) {
    ColumnRequest request = fresh(input(Optional.empty(), List.of(), Optional.of("ts")));
    assertThat(row(ID_AND_VECTOR + ", " + order + " as ts", request).order()).isEqualTo(millis);
  }

  @Test
  void attributesAreTyped() {
    InputSettings input =
        input(
            Optional.empty(),
            List.of("s", "b", "i", "f", "d", "t", "n", "day", "none"),
            Optional.empty());
    String select =
        ID_AND_VECTOR
            + ", 'x' as s, true as b, 3Y as i, 0.5f as f, 2d as d, timestamp_micros(1) as t,"
            + " timestamp_ntz'1970-01-02 00:00:00' as n, date'1969-12-31' as day,"
            + " cast(null as int) as none";
    assertThat(InputColumns.resolve(table(select), fresh(input)).attributes())
        .extracting(Attribute::type)
        .containsExactly(
            AttributeType.STRING,
            AttributeType.BOOLEAN,
            AttributeType.LONG,
            AttributeType.DOUBLE,
            AttributeType.DOUBLE,
            AttributeType.TIMESTAMP,
            AttributeType.TIMESTAMP,
            AttributeType.TIMESTAMP,
            AttributeType.LONG);
    assertThat(row(select, fresh(input)).attributes())
        .containsExactly(
            "x",
            true,
            3L,
            0.5,
            2.0,
            Instant.parse("1970-01-01T00:00:00.000001Z"),
            Instant.parse("1970-01-02T00:00:00Z"),
            Instant.parse("1969-12-31T00:00:00Z"),
            null);
  }

  @Test
  void columnNamesMayHoldAnything() {
    InputSettings input =
        new InputSettings(
            "in",
            InputFormat.PARQUET,
            "the id",
            "a.b",
            Optional.empty(),
            List.of("x`y"),
            Optional.empty(),
            InputSettings.DEFAULT_MAX_ROW_BYTES);
    InputRow.Readable row = row("1L as `the id`, array(1f) as `a.b`, 'v' as `x``y`", fresh(input));
    assertThat(row.attributes()).containsExactly("v");
  }

  /** Two bytes of the id, eight of the vector or five of its text, four of the title. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {"array(1f, 2f) | 14", "'[1,2]' | 11"})
  void largeRowsAreSetAside(String vector, int bytes) {
    String select = "'äé' as id, " + vector + " as vector, 'abcd' as title, 7L as price";
    ColumnRequest fits = fresh(atMost(bytes + 2));
    assertThat(row(select, fits).attributes()).containsExactly("abcd", 7L);
    assertRejected(
        select,
        fresh(atMost(bytes + 1)),
        Reason.OVERSIZED,
        "the row has %d bytes, input.max-row-bytes allows %d".formatted(bytes + 2, bytes + 1));
  }

  private static InputSettings atMost(int maxRowBytes) {
    return new InputSettings(
        "in",
        InputFormat.PARQUET,
        "id",
        "vector",
        Optional.empty(),
        List.of("title", "price"),
        Optional.empty(),
        maxRowBytes);
  }

  @Test
  void aMissingColumnIsNamedBesideThoseThereAre() {
    assertUnusable(
        "1L as key, 2 as vector",
        fresh(input()),
        "the input has no column 'id' (id-column); its columns are key, vector");
    assertUnusable(
        "1L as id, array(1f) as embedding",
        fresh(input()),
        "the input has no column 'vector' (vector-column); its columns are id, embedding");
    assertUnusable(
        ID_AND_VECTOR,
        fresh(input(Optional.of("body"), List.of(), Optional.empty())),
        "the input has no column 'body' (text-column); its columns are id, vector");
    assertUnusable(
        ID_AND_VECTOR,
        fresh(input(Optional.empty(), List.of("title"), Optional.empty())),
        "the input has no column 'title' (attributes); its columns are id, vector");
    assertUnusable(
        ID_AND_VECTOR,
        fresh(input(Optional.empty(), List.of(), Optional.of("ts"))),
        "the input has no column 'ts' (order-column); its columns are id, vector");
    assertUnusable(
        ID_AND_VECTOR,
        change(input(), "op"),
        "the input has no column 'op' (op-column); its columns are id, vector");
  }

  @Test
  void aColumnOfTheWrongTypeIsNamedWithItsTypeAndThoseThatWork() {
    assertUnusable(
        "1.5d as id, array(1f) as vector",
        fresh(input()),
        "column 'id' (id-column) has the type double; it must be text or a whole number");
    assertUnusable(
        "1L as id, 2d as vector",
        fresh(input()),
        "column 'vector' (vector-column) has the type double; it must be an array of numbers, or"
            + " text such as [0.5, 2]");
    assertUnusable(
        "1L as id, array('a') as vector",
        fresh(input()),
        "column 'vector' (vector-column) has the type array<string>; it must be an array of"
            + " numbers, or text such as [0.5, 2]");
    assertUnusable(
        ID_AND_VECTOR + ", 'x' as ts",
        fresh(input(Optional.empty(), List.of(), Optional.of("ts"))),
        "column 'ts' (order-column) has the type string; it must be a whole number, a date or a"
            + " timestamp");
    assertUnusable(
        ID_AND_VECTOR + ", 1 as body",
        fresh(input(Optional.of("body"), List.of(), Optional.empty())),
        "column 'body' (text-column) has the type int; it must be text");
    assertUnusable(
        ID_AND_VECTOR + ", map('a', 1) as m",
        fresh(input(Optional.empty(), List.of("m"), Optional.empty())),
        "column 'm' (attributes) has the type map<string,int>; it must be text, a whole number,"
            + " float, double, boolean, date or timestamp");
  }

  @Test
  void attributesTheIndexCannotHaveAreRefused() {
    assertUnusable(
        ID_AND_VECTOR + ", 1 as position",
        fresh(input(Optional.empty(), List.of("position"), Optional.empty())),
        "attribute name 'position' is reserved by the format: rename the column");
    assertUnusable(
        ID_AND_VECTOR + ", 1 as a",
        fresh(input(Optional.empty(), List.of("a", "a"), Optional.empty())),
        "attribute 'a' is named twice");
  }

  @Test
  void theAttributesOfAnIndexAreFoundByName() {
    InputRow.Readable row =
        row(ID_AND_VECTOR + ", 3 as price, 'x' as title, 1 as other", change(input(), null));
    assertThat(row.attributes()).containsExactly("x", 3.0, null);
  }

  @Test
  void anAttributeOfAnotherTypeThanInTheIndexIsRefused() {
    assertUnusable(
        ID_AND_VECTOR + ", 'cheap' as price",
        change(input(), null),
        "column 'price' (attribute) has the type string; it must be the attribute's type in the"
            + " index, double");
  }

  @Test
  void anAttributeAskedForThatTheIndexLacksIsRefused() {
    assertUnusable(
        ID_AND_VECTOR + ", 1 as other",
        change(input(Optional.empty(), List.of("other"), Optional.empty()), null),
        "the index has no attribute 'other'; it has title string, price double, hot boolean. Set"
            + " add-attributes to true to add it");
  }

  @Test
  void onlyTheAttributesAskedForAreTaken() {
    InputRow.Readable row =
        row(
            ID_AND_VECTOR + ", 3 as price, 'x' as title",
            change(input(Optional.empty(), List.of("price"), Optional.empty()), null));
    assertThat(row.attributes()).containsExactly(null, 3.0, null);
  }

  @Test
  void textIdsOfANumericIndexAreNumbersOrSetAside() {
    assertThat(row("'12' as id, array(1f, 2f) as vector", change(input(), null)).id().toObject())
        .isEqualTo(12L);
    assertRejected(
        "'x' as id, array(1f, 2f) as vector",
        change(input(), null),
        Reason.UNPARSABLE,
        "id 'x' is not an int64, which is the id type of this index");
  }

  @ParameterizedTest
  @CsvSource({"upsert, false", "UPSERT, false", "delete, true", "' Delete ', true"})
  void opsSayWhatARowIs(String op, boolean deleted) {
    InputRow.Readable row = row(ID_AND_VECTOR + ", '" + op + "' as op", change(input(), "op"));
    assertThat(row.deleted()).isEqualTo(deleted);
  }

  @Test
  void otherOpsAreSetAside() {
    assertRejected(
        ID_AND_VECTOR + ", 'remove' as op",
        change(input(), "op"),
        Reason.UNPARSABLE,
        "the op is 'remove': it must be upsert or delete");
    assertRejected(
        ID_AND_VECTOR + ", cast(null as string) as op",
        change(input(), "op"),
        Reason.UNPARSABLE,
        "the op is 'null': it must be upsert or delete");
  }

  @Test
  void deletesNeedIdsOnly() {
    ColumnRequest request = ColumnRequest.forDeletes(input(), INDEX, 77);
    InputRow.Readable row = row("1 as id", request);
    assertThat(row.deleted()).isTrue();
    assertThat(row.order()).isEqualTo(77);
  }

  @Test
  void rowsWithoutAnIdOrAnOrderAreSetAside() {
    assertRejected(
        "cast(null as string) as id, array(1f) as vector",
        fresh(input()),
        Reason.MISSING_ID,
        "the id is missing");
    assertRejected(
        "'' as id, array(1f) as vector", fresh(input()), Reason.MISSING_ID, "the id is empty");
    assertRejected(
        ID_AND_VECTOR + ", cast(null as long) as ts",
        fresh(input(Optional.empty(), List.of(), Optional.of("ts"))),
        Reason.UNPARSABLE,
        "the order is missing");
    assertRejected(
        ID_AND_VECTOR + ", cast(null as string) as body",
        fresh(input(Optional.of("body"), List.of(), Optional.empty())),
        Reason.MISSING_VECTOR,
        "the text is missing");
  }
}
