package io.tarn.index.filter;

import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Schema;
import io.tarn.index.filter.FilterLexer.Kind;
import io.tarn.index.filter.FilterLexer.Token;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Reads expressions by recursive descent; {@link Filter} has the grammar. */
final class FilterParser {
  private static final String A_NAME = "the name of an attribute";

  private final String expression;
  private final Schema schema;
  private final FilterLexer lexer;

  /** The token that comes next. */
  private Token token;

  private int depth;

  FilterParser(String expression, Schema schema) {
    if (expression.length() > Filter.MAX_EXPRESSION_CHARS) {
      throw new FilterException(
          "the filter has "
              + expression.length()
              + " characters; at most "
              + Filter.MAX_EXPRESSION_CHARS
              + " are read");
    }
    this.expression = expression;
    this.schema = schema;
    this.lexer = new FilterLexer(expression);
    this.token = lexer.next();
  }

  Filter parse() {
    Filter filter = filter();
    if (token.kind() != Kind.END) {
      throw expected("'and', 'or' or the end");
    }
    return filter;
  }

  private Filter filter() {
    List<Filter> terms = new ArrayList<>();
    do {
      terms.add(andTerm());
    } while (takeWord("or"));
    return terms.size() == 1 ? terms.get(0) : new Filter.Or(terms);
  }

  private Filter andTerm() {
    List<Filter> terms = new ArrayList<>();
    do {
      terms.add(notTerm());
    } while (takeWord("and"));
    return terms.size() == 1 ? terms.get(0) : new Filter.And(terms);
  }

  private Filter notTerm() {
    if (token.isName()) {
      return condition();
    }
    Token first = token;
    if (++depth > Filter.MAX_DEPTH) {
      throw at(first, "a filter is nested at most " + Filter.MAX_DEPTH + " deep");
    }
    Filter term;
    if (takeWord("not")) {
      term = new Filter.Not(notTerm());
    } else if (takeSymbol("(")) {
      term = filter();
      if (!takeSymbol(")")) {
        throw expected("'and', 'or' or ')'");
      }
    } else {
      throw expected(A_NAME + ", 'not' or '('" + hintOnNames());
    }
    depth--;
    return term;
  }

  private String hintOnNames() {
    boolean isWord = token.kind() == Kind.WORD && Column.isIn(schema, token.value());
    return isWord ? " (an attribute of this name needs double quotes)" : "";
  }

  private Filter condition() {
    Token name = take();
    Column column = checked(name, () -> Column.of(schema, name.value()));
    if (takeWord("is")) {
      boolean negated = takeWord("not");
      if (!takeWord("null")) {
        throw expected(negated ? "'null'" : "'null' or 'not null'");
      }
      Filter isNull = new Filter.IsNull(name.value());
      return negated ? new Filter.Not(isNull) : isNull;
    } else if (takeWord("not")) {
      if (!takeWord("in")) {
        throw expected("'in'");
      }
      return new Filter.Not(in(column));
    } else if (takeWord("in")) {
      return in(column);
    }
    return comparison(column);
  }

  private Filter in(Column column) {
    if (!takeSymbol("(")) {
      throw expected("'('");
    }
    List<Literal> literals = new ArrayList<>();
    do {
      literals.add(literal(column));
    } while (takeSymbol(","));
    if (!takeSymbol(")")) {
      throw expected("',' or ')'");
    }
    return new Filter.In(column.name(), literals);
  }

  private Filter comparison(Column column) {
    for (Operator operator : Operator.values()) {
      if (token.isSymbol(operator.symbol())
          || operator == Operator.NOT_EQUAL && token.isSymbol("<>")) {
        checked(token, () -> column.check(operator));
        take();
        return new Filter.Comparison(column.name(), operator, literal(column));
      }
    }
    throw expected("=, !=, <, <=, >, >=, 'in', 'not in' or 'is'");
  }

  private Literal literal(Column column) {
    Token first = take();
    Literal literal =
        switch (first.kind()) {
          case TEXT -> text(column, first);
          case NUMBER -> checked(first, () -> number(first.value()));
          case WORD -> word(column, first);
          case QUOTED_NAME, SYMBOL, END -> throw notALiteral(column, first);
        };
    return checked(first, () -> column.check(literal));
  }

  private Literal text(Column column, Token token) {
    return column.type() == AttributeType.TIMESTAMP
        ? new Literal.Time(instant(token))
        : checked(token, () -> new Literal.Text(token.value()));
  }

  private Literal word(Column column, Token word) {
    if (word.isWord("true") || word.isWord("false")) {
      return new Literal.Truth(word.isWord("true"));
    } else if (word.isWord("timestamp") && token.kind() == Kind.TEXT) {
      return new Literal.Time(instant(take()));
    } else if (word.isWord("null")) {
      throw at(
          word,
          "no comparison with null is true: write " + Filter.isNull(column.name()) + " instead");
    }
    throw notALiteral(column, word);
  }

  private FilterException notALiteral(Column column, Token found) {
    return at(found, "expected " + column.wanted() + ", found " + found.describe());
  }

  private static Literal number(String digits) {
    if (digits.length() > 2 * Literal.MAX_DIGITS) {
      throw new IllegalArgumentException(
          "a number of " + digits.length() + " characters is too long");
    }
    boolean isWhole = digits.chars().allMatch(c -> c == '+' || c == '-' || c >= '0' && c <= '9');
    try {
      return isWhole
          ? new Literal.Whole(new BigInteger(digits))
          : new Literal.Decimal(new BigDecimal(digits));
    } catch (NumberFormatException e) {
      // All that BigDecimal refuses of what the lexer takes for a number.
      throw new IllegalArgumentException("the exponent of " + digits + " is too large", e);
    }
  }

  private Instant instant(Token text) {
    String time = text.value();
    try {
      return time.indexOf(':') < 0
          ? LocalDate.parse(time).atStartOfDay(ZoneOffset.UTC).toInstant()
          : Instant.parse(time);
    } catch (DateTimeException e) {
      throw at(
          text,
          "expected a time such as '2026-11-21T10:00:00Z' or a date such as '2026-11-21', found "
              + FilterLexer.quoted(time, '\''));
    }
  }

  private Token take() {
    Token taken = token;
    token = lexer.next();
    return taken;
  }

  private boolean takeWord(String word) {
    boolean isNext = token.isWord(word);
    if (isNext) {
      take();
    }
    return isNext;
  }

  private boolean takeSymbol(String symbol) {
    boolean isNext = token.isSymbol(symbol);
    if (isNext) {
      take();
    }
    return isNext;
  }

  /** Says of a check that fails at which token. */
  private <T> T checked(Token token, Supplier<T> check) {
    try {
      return check.get();
    } catch (FilterException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw at(token, e.getMessage());
    }
  }

  private FilterException expected(String what) {
    return at(token, "expected " + what + ", found " + token.describe());
  }

  private FilterException at(Token token, String message) {
    return new FilterException(message, expression, token.start());
  }
}
