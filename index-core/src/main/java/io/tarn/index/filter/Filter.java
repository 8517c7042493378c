package io.tarn.index.filter;

import io.tarn.index.feature.Schema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A condition on the attributes and the id of a feature: immutable, equal to another that says the
 * same in the same words, and so fit as a key. Build it, or {@link #parse} it from an expression:
 *
 * <pre>
 * category = 'noun' and year &gt;= 1990 and not (price &lt; 3.5 or flag is null)
 * </pre>
 *
 * <h2>Expressions</h2>
 *
 * <pre>
 * filter    := and-term { "or" and-term }
 * and-term  := not-term { "and" not-term }
 * not-term  := "not" not-term | "(" filter ")" | name condition
 * condition := ( "=" | "!=" | "&lt;&gt;" | "&lt;" | "&lt;=" | "&gt;" | "&gt;=" ) literal
 *            | [ "not" ] "in" "(" literal { "," literal } ")"
 *            | "is" [ "not" ] "null"
 * literal   := 'text' | number | "true" | "false" | [ "timestamp" ] 'ISO-8601'
 * </pre>
 *
 * Words such as {@code and} may be written in any case, names must be written as in the schema:
 * plainly where they consist of letters, digits and underscores, do not begin with a digit and are
 * no word of the language, otherwise in double quotes. {@code id} is the feature's id. A quote
 * within quotes is written twice.
 *
 * <h2>What equals what</h2>
 *
 * <ul>
 *   <li>Texts order by code point, case counts.
 *   <li>Longs are compared exactly with any number: none equals 1.5, and every one is less than
 *       1e30.
 *   <li>Doubles are compared exactly with numbers without point and exponent: 2<sup>53</sup> is
 *       less than 9007199254740993. A number with point or exponent means the double nearest to it,
 *       so that a stored 0.1 equals 0.1; beyond the range of doubles it is compared exactly, too.
 *       -0.0 equals 0. As in Spark and most SQL databases, NaN is greater than any other number.
 *   <li>Timestamps are compared exactly with instants, also those finer than microseconds. A date
 *       alone is its midnight in UTC; a time needs {@code Z} or an offset.
 *   <li>Booleans have no order.
 * </ul>
 *
 * <h2>Null</h2>
 *
 * As in SQL, a comparison with a value that is null is neither true nor false but unknown, and so
 * are {@code in} and {@code not in}. What is not unknown is unknown; {@code and} is false where one
 * side is false, {@code or} true where one side is true, whatever the other; otherwise one unknown
 * side makes the whole unknown. Only rows for which the filter is true pass: {@code price < 3} and
 * {@code not price < 3} both leave out a feature without a price. {@code is null} and {@code is not
 * null} are always true or false.
 */
public sealed interface Filter {
  /** Filters nested more deeply are refused. */
  int MAX_DEPTH = 200;

  /** Expressions longer than this are refused. */
  int MAX_EXPRESSION_CHARS = 1 << 20;

  /** The name by which a filter knows the id. */
  String ID = "id";

  /** The attributes it looks at, and {@link #ID} if it looks at the id. */
  default Set<String> names() {
    Set<String> names = new HashSet<>();
    addNames(this, names);
    return names;
  }

  private static void addNames(Filter filter, Set<String> names) {
    // An if, as a switch over sealed types needs Java 21.
    if (filter instanceof And and) {
      and.terms().forEach(term -> addNames(term, names));
    } else if (filter instanceof Or or) {
      or.terms().forEach(term -> addNames(term, names));
    } else if (filter instanceof Not not) {
      addNames(not.term(), names);
    } else if (filter instanceof Comparison comparison) {
      names.add(comparison.name());
    } else if (filter instanceof In in) {
      names.add(in.name());
    } else {
      names.add(((IsNull) filter).name());
    }
  }

  /** Compares an attribute, or the id, with a literal. */
  record Comparison(String name, Operator operator, Literal literal) implements Filter {
    @Override
    public String toString() {
      return written(name) + " " + operator.symbol() + " " + literal;
    }
  }

  /** Whether an attribute, or the id, equals one of some literals. */
  record In(String name, List<Literal> literals) implements Filter {
    public In {
      literals = List.copyOf(literals);
      if (literals.isEmpty()) {
        throw new IllegalArgumentException("'in' needs at least one value");
      }
    }

    @Override
    public String toString() {
      return written(name) + " in " + listed(literals);
    }
  }

  /** Whether there is no value. */
  record IsNull(String name) implements Filter {
    @Override
    public String toString() {
      return written(name) + " is null";
    }
  }

  /** True where all terms are. Terms that are themselves such are taken apart. */
  record And(List<Filter> terms) implements Filter {
    public And {
      List<Filter> flat = new ArrayList<>();
      for (Filter term : terms) {
        if (term instanceof And and) {
          flat.addAll(and.terms);
        } else {
          flat.add(term);
        }
      }
      terms = atLeastTwo(flat);
    }

    @Override
    public String toString() {
      return joined(terms, " and ");
    }
  }

  /** True where at least one term is. Terms that are themselves such are taken apart. */
  record Or(List<Filter> terms) implements Filter {
    public Or {
      List<Filter> flat = new ArrayList<>();
      for (Filter term : terms) {
        if (term instanceof Or or) {
          flat.addAll(or.terms);
        } else {
          flat.add(term);
        }
      }
      terms = atLeastTwo(flat);
    }

    @Override
    public String toString() {
      return joined(terms, " or ");
    }
  }

  /** True where the term is false. */
  record Not(Filter term) implements Filter {
    @Override
    public String toString() {
      if (term instanceof In in) {
        return written(in.name) + " not in " + listed(in.literals);
      } else if (term instanceof IsNull isNull) {
        return written(isNull.name) + " is not null";
      }
      return "not " + nested(term);
    }
  }

  /**
   * Reads an expression.
   *
   * @throws FilterException if it is none, names what is not in the schema, or compares it with
   *     what is not of its type
   */
  static Filter parse(String expression, Schema schema) {
    return new FilterParser(expression, schema).parse();
  }

  /**
   * Makes the filter ready to be evaluated on segments of a schema.
   *
   * @throws FilterException if it does not fit the schema, or is nested too deeply
   */
  default BoundFilter bind(Schema schema) {
    return BoundFilter.of(this, schema);
  }

  /** The filter as an expression, from which {@link #parse} reads an equal one. */
  @Override
  String toString();

  /**
   * {@code name = value}.
   *
   * @param value as {@link Literal#of} takes it, here and below
   */
  static Filter equal(String name, Object value) {
    return new Comparison(name, Operator.EQUAL, Literal.of(value));
  }

  /** {@code name != value}. */
  static Filter notEqual(String name, Object value) {
    return new Comparison(name, Operator.NOT_EQUAL, Literal.of(value));
  }

  /** {@code name < value}. */
  static Filter less(String name, Object value) {
    return new Comparison(name, Operator.LESS, Literal.of(value));
  }

  /** {@code name <= value}. */
  static Filter atMost(String name, Object value) {
    return new Comparison(name, Operator.AT_MOST, Literal.of(value));
  }

  /** {@code name > value}. */
  static Filter greater(String name, Object value) {
    return new Comparison(name, Operator.GREATER, Literal.of(value));
  }

  /** {@code name >= value}. */
  static Filter atLeast(String name, Object value) {
    return new Comparison(name, Operator.AT_LEAST, Literal.of(value));
  }

  /** {@code name in (values)}. */
  static Filter in(String name, Collection<?> values) {
    // Not Stream.toList: a null must meet Literal.of, which says what to ask instead.
    List<Literal> literals = new ArrayList<>(values.size());
    values.forEach(value -> literals.add(Literal.of(value)));
    return new In(name, literals);
  }

  /** {@code name is null}. */
  static Filter isNull(String name) {
    return new IsNull(name);
  }

  /** {@code name is not null}. */
  static Filter isNotNull(String name) {
    return not(isNull(name));
  }

  /** All of one or more filters. */
  static Filter and(Filter... terms) {
    return terms.length == 1 ? terms[0] : new And(Arrays.asList(terms));
  }

  /** Any of one or more filters. */
  static Filter or(Filter... terms) {
    return terms.length == 1 ? terms[0] : new Or(Arrays.asList(terms));
  }

  /** {@code not (term)}. */
  static Filter not(Filter term) {
    return new Not(term);
  }

  private static List<Filter> atLeastTwo(List<Filter> terms) {
    if (terms.size() < 2) {
      throw new IllegalArgumentException("'and' and 'or' join two terms or more");
    }
    return List.copyOf(terms);
  }

  private static String joined(List<Filter> terms, String word) {
    return terms.stream().map(Filter::nested).collect(Collectors.joining(word));
  }

  private static String nested(Filter term) {
    return term instanceof And || term instanceof Or ? "(" + term + ")" : term.toString();
  }

  private static String listed(List<Literal> literals) {
    return literals.stream().map(Literal::toString).collect(Collectors.joining(", ", "(", ")"));
  }

  /** A name as expressions have it. */
  private static String written(String name) {
    return FilterLexer.isPlainName(name) ? name : FilterLexer.quoted(name, '"');
  }
}
