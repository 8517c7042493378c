package io.tarn.index.filter;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Schema;
import io.tarn.index.segment.AttributeColumn;
import io.tarn.index.segment.Segment;
import java.util.List;

/**
 * What a name in a filter stands for, and what it may be compared with. Refuses with plain {@link
 * IllegalArgumentException}s; who calls knows where in which filter.
 *
 * @param name as the filter has it
 * @param index the place among the attributes of the schema, or {@link #ID_INDEX}
 * @param type the type of the values
 */
record Column(String name, int index, AttributeType type) {
  private static final int ID_INDEX = -1;

  static Column of(Schema schema, String name) {
    if (name.equals(Filter.ID)) {
      boolean isNumber = schema.idType() == IdType.INT64;
      return new Column(name, ID_INDEX, isNumber ? AttributeType.LONG : AttributeType.STRING);
    }
    int index = schema.attributeIndex(name);
    if (index < 0) {
      String attributes = schema.describeAttributes();
      throw new IllegalArgumentException(
          "there is no attribute '"
              + name
              + "', but "
              + (attributes.isEmpty() ? "" : attributes + ", and ")
              + "id");
    }
    Attribute attribute = schema.attributes().get(index);
    return new Column(name, index, attribute.type());
  }

  /** Whether a schema has an attribute of some name. */
  static boolean isIn(Schema schema, String name) {
    return schema.attributeIndex(name) >= 0;
  }

  /** The values of the rows of a segment. */
  AttributeColumn values(Segment segment) {
    return index == ID_INDEX ? segment.ids().values() : segment.attributes().get(index);
  }

  /** What it is compared with, for messages. */
  String wanted() {
    return switch (type) {
      case STRING -> "text in single quotes";
      case LONG, DOUBLE -> "a number";
      case BOOLEAN -> "true or false";
      case TIMESTAMP -> "a time such as '2026-11-21T10:00:00Z'";
    };
  }

  /** Gives the operator back if it suits the type. */
  Operator check(Operator operator) {
    if (type == AttributeType.BOOLEAN && !operator.isEquality()) {
      throw new IllegalArgumentException(
          "'" + name + "' is boolean, which has no order: use = or !=");
    }
    return operator;
  }

  /** Gives the literal back if it suits the type. */
  Literal check(Literal literal) {
    boolean suits =
        switch (type) {
          case STRING -> literal instanceof Literal.Text;
          case LONG, DOUBLE ->
              literal instanceof Literal.Whole || literal instanceof Literal.Decimal;
          case BOOLEAN -> literal instanceof Literal.Truth;
          case TIMESTAMP -> literal instanceof Literal.Time;
        };
    if (!suits) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' is "
              + type.externalName()
              + ": compare it with "
              + wanted()
              + ", not with "
              + literal);
    }
    return literal;
  }

  /** The test whether a value compares so with a literal that suits; not for NOT_EQUAL. */
  ColumnTest test(Operator operator, Literal literal) {
    return switch (type) {
      case STRING -> new ColumnTest.TextComparison(operator, ((Literal.Text) literal).value());
      case BOOLEAN -> ColumnTest.Truths.of(List.of(literal));
      case LONG, DOUBLE, TIMESTAMP -> KeyInterval.of(type, literal).test(operator);
    };
  }

  /** The test whether a value equals one of some literals that suit. */
  ColumnTest test(List<Literal> literals) {
    return switch (type) {
      case STRING -> ColumnTest.TextSet.of(literals);
      case BOOLEAN -> ColumnTest.Truths.of(literals);
      case LONG, DOUBLE, TIMESTAMP ->
          ColumnTest.KeySet.of(
              literals.stream().flatMapToLong(literal -> KeyInterval.of(type, literal).equal()));
    };
  }
}
