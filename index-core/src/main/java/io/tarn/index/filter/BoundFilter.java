package io.tarn.index.filter;

import io.tarn.index.feature.Schema;
import io.tarn.index.segment.AttributeColumn;
import io.tarn.index.segment.Segment;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * A filter ready to be evaluated on the segments of a schema. Immutable and thread-safe.
 *
 * <p>{@code not} is carried down to the single conditions, which three-valued logic allows as well
 * as two-valued: then only the rows for which a condition is true need be known, and {@code and}
 * and {@code or} are those of bitmaps.
 */
public final class BoundFilter {
  /**
   * As deep as the parser goes, which counts neither the outermost {@code and} nor the {@code not}
   * of {@code not in}.
   */
  private static final int MAX_DEPTH = Filter.MAX_DEPTH + 2;

  private final Term term;

  private BoundFilter(Term term) {
    this.term = term;
  }

  static BoundFilter of(Filter filter, Schema schema) {
    return new BoundFilter(bind(filter, false, schema, 0));
  }

  /**
   * The features of a segment for which the filter is true, as a bitmap: row r is bit {@code r &
   * 63} of word {@code r >> 6}. It has {@code (rowCount + 63) / 64} words; bits of deletes, and
   * those behind the last row, are not set. Whether a row is live is not asked.
   */
  public long[] matching(Segment segment) {
    long[] rows = term.matching(segment);
    Arrays.fill(rows, 0, segment.deletes() >> 6, 0);
    if ((segment.deletes() & 63) != 0) {
      rows[segment.deletes() >> 6] &= -1L << segment.deletes();
    }
    if ((segment.rowCount() & 63) != 0) {
      rows[segment.rowCount() >> 6] &= ~(-1L << segment.rowCount());
    }
    return rows;
  }

  /** A part of the filter; gives a new bitmap whose bits behind the last row mean nothing. */
  private interface Term {
    long[] matching(Segment segment);
  }

  private record All(List<Term> terms) implements Term {
    @Override
    public long[] matching(Segment segment) {
      long[] rows = terms.get(0).matching(segment);
      for (Term term : terms.subList(1, terms.size())) {
        long[] others = term.matching(segment);
        for (int word = 0; word < rows.length; word++) {
          rows[word] &= others[word];
        }
      }
      return rows;
    }
  }

  private record Any(List<Term> terms) implements Term {
    @Override
    public long[] matching(Segment segment) {
      long[] rows = terms.get(0).matching(segment);
      for (Term term : terms.subList(1, terms.size())) {
        long[] others = term.matching(segment);
        for (int word = 0; word < rows.length; word++) {
          rows[word] |= others[word];
        }
      }
      return rows;
    }
  }

  /** Whether the value passes a test, or, if negated, does not; null does neither. */
  private record Condition(Column column, ColumnTest test, boolean negated) implements Term {
    @Override
    public long[] matching(Segment segment) {
      AttributeColumn values = column.values(segment);
      long[] rows = new long[words(segment)];
      if (values instanceof AttributeColumn.Absent) {
        return rows;
      }
      test.select(values, rows);
      if (negated) {
        complement(rows);
      }
      long[] nulls = values.nulls();
      for (int word = 0; word < nulls.length; word++) {
        rows[word] &= ~nulls[word];
      }
      return rows;
    }
  }

  private record Nullness(Column column, boolean negated) implements Term {
    @Override
    public long[] matching(Segment segment) {
      long[] rows = Arrays.copyOf(column.values(segment).nulls(), words(segment));
      if (negated) {
        complement(rows);
      }
      return rows;
    }
  }

  private static int words(Segment segment) {
    return (segment.rowCount() + 63) / 64;
  }

  private static void complement(long[] rows) {
    for (int word = 0; word < rows.length; word++) {
      rows[word] = ~rows[word];
    }
  }

  private static Term bind(Filter filter, boolean negated, Schema schema, int depth) {
    if (depth > MAX_DEPTH) {
      throw new FilterException("a filter is nested at most " + Filter.MAX_DEPTH + " deep");
    }
    Function<Filter, Term> inner = term -> bind(term, negated, schema, depth + 1);
    if (filter instanceof Filter.Not not) {
      return bind(not.term(), !negated, schema, depth + 1);
    } else if (filter instanceof Filter.And and) {
      List<Term> terms = and.terms().stream().map(inner).toList();
      return negated ? new Any(terms) : new All(terms);
    } else if (filter instanceof Filter.Or or) {
      List<Term> terms = or.terms().stream().map(inner).toList();
      return negated ? new All(terms) : new Any(terms);
    }
    try {
      return bindCondition(filter, negated, schema);
    } catch (IllegalArgumentException e) {
      throw new FilterException("in the filter, in " + filter + ": " + e.getMessage());
    }
  }

  private static Term bindCondition(Filter filter, boolean negated, Schema schema) {
    if (filter instanceof Filter.Comparison comparison) {
      Column column = Column.of(schema, comparison.name());
      Operator operator = column.check(comparison.operator());
      Literal literal = column.check(comparison.literal());
      return operator == Operator.NOT_EQUAL
          ? new Condition(column, column.test(Operator.EQUAL, literal), !negated)
          : new Condition(column, column.test(operator, literal), negated);
    } else if (filter instanceof Filter.In in) {
      Column column = Column.of(schema, in.name());
      in.literals().forEach(column::check);
      return new Condition(column, column.test(in.literals()), negated);
    }
    return new Nullness(Column.of(schema, ((Filter.IsNull) filter).name()), negated);
  }
}
