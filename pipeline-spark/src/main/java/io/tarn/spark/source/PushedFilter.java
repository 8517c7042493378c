package io.tarn.spark.source;

import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import io.tarn.index.filter.FilterException;
import io.tarn.index.filter.Operator;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.connector.expressions.Expression;
import org.apache.spark.sql.connector.expressions.Literal;
import org.apache.spark.sql.connector.expressions.NamedReference;
import org.apache.spark.sql.connector.expressions.filter.Predicate;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * What of Spark's conditions an index can look at by itself: comparisons of ids and attributes with
 * values, joined by and, or and not. Both count alike what is null, and NaN as the largest number.
 */
final class PushedFilter {
  private final Schema schema;

  private PushedFilter(Schema schema) {
    this.schema = schema;
  }

  /** A condition as a filter of the index; empty if it is none, and Spark has to look itself. */
  static Optional<Filter> of(Predicate predicate, Schema schema) {
    Optional<Filter> filter = new PushedFilter(schema).translate(predicate);
    try {
      filter.ifPresent(f -> f.bind(schema));
      return filter;
    } catch (FilterException e) {
      return Optional.empty();
    }
  }

  private Optional<Filter> translate(Expression expression) {
    if (!(expression instanceof Predicate predicate)) {
      return Optional.empty();
    }
    Expression[] terms = predicate.children();
    try {
      return switch (predicate.name()) {
        case "AND" -> both(terms).map(both -> Filter.and(both.toArray(Filter[]::new)));
        case "OR" -> both(terms).map(both -> Filter.or(both.toArray(Filter[]::new)));
        case "NOT" -> translate(terms[0]).map(Filter::not);
        case "=" -> comparison(Operator.EQUAL, Operator.EQUAL, terms);
        case "<>" -> comparison(Operator.NOT_EQUAL, Operator.NOT_EQUAL, terms);
        case "<" -> comparison(Operator.LESS, Operator.GREATER, terms);
        case "<=" -> comparison(Operator.AT_MOST, Operator.AT_LEAST, terms);
        case ">" -> comparison(Operator.GREATER, Operator.LESS, terms);
        case ">=" -> comparison(Operator.AT_LEAST, Operator.AT_MOST, terms);
        case "IN" -> in(terms);
        case "IS_NULL" -> name(terms[0]).map(Filter::isNull);
        case "IS_NOT_NULL" -> name(terms[0]).map(Filter::isNotNull);
        default -> Optional.empty();
      };
    } catch (IllegalArgumentException e) {
      // A value that a filter cannot compare with, such as NaN.
      return Optional.empty();
    }
  }

  private Optional<List<Filter>> both(Expression[] terms) {
    Optional<Filter> left = translate(terms[0]);
    Optional<Filter> right = left.isEmpty() ? left : translate(terms[1]);
    return right.map(r -> List.of(left.get(), r));
  }

  private Optional<Filter> comparison(Operator operator, Operator mirrored, Expression[] terms) {
    boolean isMirrored = terms[0] instanceof Literal;
    Optional<String> name = name(terms[isMirrored ? 1 : 0]);
    Optional<Object> value = name.flatMap(n -> value(n, terms[isMirrored ? 0 : 1]));
    return value.map(
        v ->
            new Filter.Comparison(
                name.get(), isMirrored ? mirrored : operator, io.tarn.index.filter.Literal.of(v)));
  }

  private Optional<Filter> in(Expression[] terms) {
    Optional<String> name = name(terms[0]);
    if (name.isEmpty() || terms.length == 1) {
      return Optional.empty();
    }
    List<Object> values = new ArrayList<>();
    for (int i = 1; i < terms.length; i++) {
      Optional<Object> value = value(name.get(), terms[i]);
      if (value.isEmpty()) {
        return Optional.empty();
      }
      values.add(value.get());
    }
    return Optional.of(Filter.in(name.get(), values));
  }

  /** The name of a column that filters know. */
  private Optional<String> name(Expression expression) {
    if (!(expression instanceof NamedReference reference) || reference.fieldNames().length != 1) {
      return Optional.empty();
    }
    String name = reference.fieldNames()[0];
    boolean isKnown = name.equals(Filter.ID) || schema.attributeIndex(name) >= 0;
    return isKnown ? Optional.of(name) : Optional.empty();
  }

  private AttributeType type(String name) {
    if (name.equals(Filter.ID)) {
      return schema.idType() == IdType.INT64 ? AttributeType.LONG : AttributeType.STRING;
    }
    return schema.attributes().get(schema.attributeIndex(name)).type();
  }

  /** A value of the column's own type; Spark casts the one or the other where they differ. */
  private Optional<Object> value(String name, Expression expression) {
    if (!(expression instanceof Literal<?> literal) || literal.value() == null) {
      return Optional.empty();
    }
    Object value = literal.value();
    DataType given = literal.dataType();
    return switch (type(name)) {
      // Bytes that are no UTF-8 equal nothing, and would as a String equal something.
      case STRING ->
          given.equals(DataTypes.StringType) && value instanceof UTF8String text && text.isValid()
              ? Optional.of(text.toString())
              : Optional.empty();
      case LONG -> isWhole(given) ? Optional.of(value) : Optional.empty();
      case DOUBLE ->
          given instanceof DoubleType || given instanceof FloatType
              ? Optional.of(value)
              : Optional.empty();
      case BOOLEAN -> given.equals(DataTypes.BooleanType) ? Optional.of(value) : Optional.empty();
      case TIMESTAMP ->
          given.equals(DataTypes.TimestampType)
              ? Optional.of(Instant.EPOCH.plus((Long) value, ChronoUnit.MICROS))
              : Optional.empty();
    };
  }

  private static boolean isWhole(DataType type) {
    return type instanceof LongType
        || type instanceof IntegerType
        || type instanceof ShortType
        || type instanceof ByteType;
  }
}
