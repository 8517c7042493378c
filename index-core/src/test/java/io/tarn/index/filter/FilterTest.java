package io.tarn.index.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How filters are written and built, and what is said of those that are wrong. */
class FilterTest {
  private static final Schema SCHEMA =
      new Schema(
          IdType.STRING,
          4,
          Metric.L2,
          List.of(
              new Attribute("category", AttributeType.STRING),
              new Attribute("year", AttributeType.LONG),
              new Attribute("price", AttributeType.DOUBLE),
              new Attribute("flag", AttributeType.BOOLEAN),
              new Attribute("at", AttributeType.TIMESTAMP),
              new Attribute("größe", AttributeType.LONG),
              new Attribute("In", AttributeType.LONG),
              new Attribute("timestamp", AttributeType.TIMESTAMP),
              new Attribute("the \"name\"", AttributeType.STRING)));

  private static Filter parse(String expression) {
    return Filter.parse(expression, SCHEMA);
  }

  @Test
  void wordsMeanWhatTheFactoriesBuild() {
    assertThat(parse("category = 'noun' and year >= 1990 and not (price < 3.5 or flag is null)"))
        .isEqualTo(
            Filter.and(
                Filter.equal("category", "noun"),
                Filter.atLeast("year", 1990),
                Filter.not(Filter.or(Filter.less("price", 3.5), Filter.isNull("flag")))));
    assertThat(parse("year != 1 or year <> 2 or year <= -3 or year > +4"))
        .isEqualTo(
            Filter.or(
                Filter.notEqual("year", 1),
                Filter.notEqual("year", 2L),
                Filter.atMost("year", (short) -3),
                Filter.greater("year", BigInteger.valueOf(4))));
    assertThat(parse("id in ('a', 'it''s') and flag is not null and flag = true"))
        .isEqualTo(
            Filter.and(
                Filter.in("id", List.of("a", "it's")),
                Filter.isNotNull("flag"),
                Filter.equal("flag", true)));
    assertThat(parse("price in (.5, 1., 1e3, 2)"))
        .isEqualTo(Filter.in("price", List.of(0.5f, 1.0, 1000.0, 2)));
  }

  @Test
  void andBindsCloserThanOrAndNotCloserThanBoth() {
    Filter one = Filter.equal("year", 1);
    Filter two = Filter.equal("year", 2);
    Filter three = Filter.equal("year", 3);

    assertThat(parse("year = 1 or year = 2 and year = 3"))
        .isEqualTo(Filter.or(one, Filter.and(two, three)));
    assertThat(parse("(year = 1 or year = 2) and year = 3"))
        .isEqualTo(Filter.and(Filter.or(one, two), three));
    assertThat(parse("not year = 1 and year = 2")).isEqualTo(Filter.and(Filter.not(one), two));
    assertThat(parse("not not year = 1")).isEqualTo(Filter.not(Filter.not(one)));
    assertThat(parse("year = 1 and (year = 2 and year = 3)"))
        .isEqualTo(Filter.and(one, two, three));
  }

  @Test
  void wordsHaveNoCaseAndSpacesNoMeaning() {
    assertThat(parse("NOT(year IS NULL)AND\tcategory\nNot In('a','b')Or flag=TRUE"))
        .isEqualTo(parse("not (year is null) and category not in ('a', 'b') or flag = true"));
  }

  @Test
  void namesThatAreNotPlainStandInQuotes() {
    assertThat(parse("\"In\" in (1) and größe = 2 and \"the \"\"name\"\"\" = '\"'"))
        .hasToString("\"In\" in (1) and größe = 2 and \"the \"\"name\"\"\" = '\"'");
    assertThat(parse("\"year\" = 1")).isEqualTo(parse("year = 1"));
  }

  @Test
  void timesAreReadAndCompared() {
    Filter expected = Filter.atLeast("at", Instant.parse("2024-05-01T00:00:00Z"));

    assertThat(parse("at >= '2024-05-01T00:00:00Z'")).isEqualTo(expected);
    assertThat(parse("at >= timestamp '2024-05-01T02:00:00+02:00'")).isEqualTo(expected);
    assertThat(parse("at >= '2024-05-01'")).isEqualTo(expected);
    assertThat(parse("timestamp >= timestamp '2024-05-01'"))
        .hasToString("timestamp >= timestamp '2024-05-01T00:00:00Z'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          catgory = 'a'             | 1  | there is no attribute 'catgory', but category string, year long
          flag is null and Year = 1 | 18 | there is no attribute 'Year'
          year = 'x'                | 8  | 'year' is long: compare it with a number, not with 'x'
          category = 5              | 12 | 'category' is string: compare it with text in single quotes, not with 5
          price = true              | 9  | 'price' is double: compare it with a number, not with true
          flag = 1                  | 8  | 'flag' is boolean: compare it with true or false, not with 1
          flag < true               | 6  | 'flag' is boolean, which has no order: use = or !=
          at = 5                    | 6  | 'at' is timestamp: compare it with a time such as '2026-11-21T10:00:00Z', not with 5
          at = 'May'                | 6  | expected a time such as '2026-11-21T10:00:00Z' or a date such as '2026-11-21', found 'May'
          at = '2024-05-01T00:00'   | 6  | expected a time such as
          year = timestamp '2024-05-01' | 8 | 'year' is long: compare it with a number, not with timestamp '2024-05-01T00:00:00Z'
          year in (1, 'x')          | 13 | 'year' is long
          year = null               | 8  | no comparison with null is true: write year is null instead
          category = noun           | 12 | expected text in single quotes, found 'noun'
          category = "noun"         | 12 | expected text in single quotes, found the name "noun"
          year = year               | 8  | expected a number, found 'year'
          year                      | 5  | expected =, !=, <, <=, >, >=, 'in', 'not in' or 'is', found the end
          year == 1                 | 7  | expected a number, found '='
          year = 1 year = 2         | 10 | expected 'and', 'or' or the end, found 'year'
          (year = 1                 | 10 | expected 'and', 'or' or ')', found the end
          year = 1)                 | 9  | expected 'and', 'or' or the end, found ')'
          year = 1 and              | 13 | expected the name of an attribute, 'not' or '(', found the end
          In = 1                    | 1  | (an attribute of this name needs double quotes), found 'In'
          1 = year                  | 1  | expected the name of an attribute, 'not' or '(', found the number 1
          year in 1                 | 9  | expected '(', found the number 1
          year in ()                | 10 | expected a number, found ')'
          year in (1 2)             | 12 | expected ',' or ')', found the number 2
          year not 1                | 10 | expected 'in', found the number 1
          year is 1                 | 9  | expected 'null' or 'not null', found the number 1
          year is not 1             | 13 | expected 'null', found the number 1
          year = 12abc              | 10 | a number ends here
          year = 1e99999            | 8  | a number has at most 400 digits and an exponent between -9999 and 9999
          year = 1e99999999999      | 8  | the exponent of 1e99999999999 is too large
          category = 'it's          | 16 | expected 'and', 'or' or the end, found 's'
          category = 'it            | 12 | the text that begins here has no closing '
          "year = 1                 | 1  | the name that begins here has no closing "
          year = 1 && flag = true   | 10 | no filter has a & here
          ''                        | 1  | expected the name of an attribute, 'not' or '(', found the text ''
          """)
  void mistakesAreNamedWithTheirPlace(String expression, int character, String message) {
    assertThatThrownBy(() -> parse(expression))
        .isInstanceOf(FilterException.class)
        .hasMessageStartingWith("in the filter, at character " + character + ": ")
        .hasMessageContaining(message)
        .hasMessageEndingWith("\n  " + expression + "\n  " + " ".repeat(character - 1) + "^");
  }

  @Test
  void anEmptyFilterIsNone() {
    assertThatThrownBy(() -> parse(" "))
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("expected the name of an attribute, 'not' or '(', found the end");
  }

  @Test
  void ofALongFilterTheSurroundingsOfTheMistakeAreShown() {
    String expression =
        "year = 1 and ".repeat(1000) + "größe = '\ud83d\ude00'" + " or year = 2".repeat(9);

    assertThatThrownBy(() -> parse(expression))
        .hasMessageContaining("at character 13009: ")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400))
        .hasMessageContaining("and year = 1 and größe = '\ud83d\ude00' or year = 2 or")
        .satisfies(e -> assertThat(columnOfCaret(e.getMessage())).isEqualTo('\''));
  }

  /** What stands in the line above the caret. */
  private static char columnOfCaret(String message) {
    List<String> lines = message.lines().toList();
    String caret = lines.get(lines.size() - 1);
    return lines.get(lines.size() - 2).charAt(caret.indexOf('^'));
  }

  @Test
  void whatIsBuiltIsCheckedToo() {
    assertThatThrownBy(() -> Filter.equal("x", 1).bind(SCHEMA))
        .isInstanceOf(FilterException.class)
        .hasMessageStartingWith("in the filter, in x = 1: there is no attribute 'x', but category");
    assertThatThrownBy(() -> Filter.in("year", List.of(1, "a")).bind(SCHEMA))
        .isInstanceOf(FilterException.class)
        .hasMessage(
            "in the filter, in year in (1, 'a'): 'year' is long: compare it with a number, not with 'a'");
    assertThatThrownBy(() -> Filter.not(Filter.less("flag", true)).bind(SCHEMA))
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("which has no order");
  }

  @Test
  void valuesThatNothingEqualsAreRefused() {
    assertThatThrownBy(() -> Filter.equal("year", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ask whether the attribute is null");
    assertThatThrownBy(() -> Filter.in("year", Arrays.asList(1, null)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ask whether the attribute is null");
    assertThatThrownBy(() -> Filter.in("year", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'in' needs at least one value");
    assertThatThrownBy(() -> Filter.less("price", Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a filter compares with finite numbers, not NaN");
    assertThatThrownBy(() -> Filter.equal("category", "\ud800"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("half a surrogate pair");
    assertThatThrownBy(() -> Filter.equal("category", 'c'))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a filter cannot compare with a java.lang.Character");
  }

  @Test
  void equalFiltersAreOneKey() {
    Map<Filter, String> cache = Map.of(parse("year in (1, 2) and price < 1.50"), "rows");

    assertThat(cache)
        .containsKey(Filter.and(Filter.in("year", List.of(1L, 2L)), Filter.less("price", 1.5)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"not ", "("})
  void nestingHasALimit(String nested) {
    String closing = nested.equals("(") ? ")" : "";
    String deepest =
        nested.repeat(Filter.MAX_DEPTH) + "year = 1" + closing.repeat(Filter.MAX_DEPTH);

    assertThat(parse(deepest).bind(SCHEMA)).isNotNull();
    assertThatThrownBy(() -> parse(nested.repeat(100_000) + "year = 1"))
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("at most " + Filter.MAX_DEPTH + " deep");
  }

  @Test
  void whatIsBuiltNestsNoDeeper() {
    Filter filter = Filter.equal("year", 1);
    for (int i = 0; i < 10_000; i++) {
      filter = Filter.not(filter);
    }
    Filter deep = filter;

    assertThatThrownBy(() -> deep.bind(SCHEMA))
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("at most " + Filter.MAX_DEPTH + " deep");
  }

  @Test
  void lengthHasALimit() {
    assertThatThrownBy(() -> parse(" ".repeat(Filter.MAX_EXPRESSION_CHARS) + "year = 1"))
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("at most " + Filter.MAX_EXPRESSION_CHARS);
    assertThatThrownBy(() -> parse("year = " + "1".repeat(1_000)))
        .isInstanceOf(FilterException.class)
        .hasMessageContaining("a number of 1000 characters is too long");
  }
}
