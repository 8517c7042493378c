package io.tarn.index.filter;

import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Random schemas, values and filters of them. Of few values and literals, next to one another, so
 * that filters hit; and drawn directly, as arbitraries of such trees take most of a test's time.
 */
final class AnyFilter {
  private static final int MAX_LITERALS = 12;
  private static final int MAX_ATTRIBUTES = 6;
  private static final int MAX_DEPTH = 3;

  private static final String[] NUMBERS = {
    "1e400", "-1e400", "1e-400", "0.10", "5e1", "1e9998", "0e5"
  };
  private static final Long[] LONGS = {
    Long.MIN_VALUE,
    Long.MIN_VALUE + 1,
    -2L,
    -1L,
    0L,
    1L,
    2L,
    3L,
    4L,
    5L,
    6L,
    7L,
    (1L << 53) - 1,
    1L << 53,
    (1L << 53) + 1,
    (1L << 53) + 2,
    Long.MAX_VALUE - 1,
    Long.MAX_VALUE
  };
  private static final Double[] DOUBLES = {
    Double.NEGATIVE_INFINITY,
    -Double.MAX_VALUE,
    -1.5,
    -Double.MIN_VALUE,
    -0.0,
    0.0,
    Double.MIN_VALUE,
    0.1,
    1.0,
    1.5,
    2.0,
    3.0,
    0x1p53,
    0x1p53 + 2,
    0x1p63,
    1e23,
    1e300,
    Double.MAX_VALUE,
    Double.POSITIVE_INFINITY,
    Double.NaN
  };

  /** In the order of neither UTF-16 nor, all of them, ASCII. */
  private static final String[] TEXTS = {
    "",
    " ",
    "'",
    "''",
    "\"",
    "a",
    "A",
    "aa",
    "ab",
    "b",
    "größe",
    "\uffff",
    "\ud83d\ude00",
    "\0",
    "and",
    "null",
    "true",
    "1",
    "x\ny",
    "2024-01-01"
  };

  private static final Instant[] INSTANTS = {
    Instant.parse("-290308-12-21T19:59:05.224192Z"),
    Instant.parse("1969-12-31T23:59:59.999999Z"),
    Instant.EPOCH,
    Instant.parse("1970-01-01T00:00:00.000001Z"),
    Instant.parse("2024-02-29T12:00:00Z"),
    Instant.parse("+294247-01-10T04:00:54.775807Z")
  };

  /** Names that need quotes and names that do not. */
  private static final String[] NAMES = {
    "a", "größe", "_x1", "Not", "and", "timestamp", "two words", "\"", "1st", "ID", "a-b", "is"
  };

  private final Random random;

  AnyFilter(Random random) {
    this.random = random;
  }

  Schema schema() {
    List<String> names = new ArrayList<>(Arrays.asList(NAMES));
    Collections.shuffle(names, random);
    List<Attribute> attributes = new ArrayList<>();
    for (String name : names.subList(0, 1 + random.nextInt(MAX_ATTRIBUTES))) {
      attributes.add(new Attribute(name, any(AttributeType.values())));
    }
    return new Schema(any(IdType.values()), 1, Metric.L2, attributes);
  }

  static AttributeType idType(Schema schema) {
    return schema.idType() == IdType.INT64 ? AttributeType.LONG : AttributeType.STRING;
  }

  /** A value of an attribute or, of type STRING or LONG, of an id. */
  Object value(AttributeType type) {
    return switch (type) {
      case STRING -> any(TEXTS);
      case LONG -> any(LONGS);
      case DOUBLE -> any(DOUBLES);
      case BOOLEAN -> random.nextBoolean();
      case TIMESTAMP -> any(INSTANTS);
    };
  }

  /** A literal to compare values of a type with. */
  Literal literal(AttributeType type) {
    return switch (type) {
      case STRING, BOOLEAN -> Literal.of(value(type));
      case LONG, DOUBLE ->
          random.nextBoolean() ? new Literal.Whole(whole()) : new Literal.Decimal(decimal());
      case TIMESTAMP ->
          switch (random.nextInt(6)) {
            case 0 -> new Literal.Time(Instant.MIN);
            case 1 -> new Literal.Time(Instant.MAX);
            default -> new Literal.Time(any(INSTANTS).plusNanos(random.nextInt(2)));
          };
    };
  }

  private BigInteger whole() {
    BigInteger base =
        switch (random.nextInt(6)) {
          case 0 -> BigInteger.TEN.pow(399);
          case 1, 2 -> new BigDecimal(finite()).toBigInteger();
          default -> BigInteger.valueOf(any(LONGS));
        };
    return base.add(BigInteger.valueOf(random.nextInt(3) - 1));
  }

  private BigDecimal decimal() {
    return switch (random.nextInt(4)) {
      case 0 -> new BigDecimal(any(LONGS)).add(new BigDecimal("0.5"));
      case 1 -> new BigDecimal(any(LONGS));
      case 2 -> BigDecimal.valueOf(finite());
      default -> new BigDecimal(any(NUMBERS));
    };
  }

  private double finite() {
    double value;
    do {
      value = any(DOUBLES);
    } while (!Double.isFinite(value));
    return value;
  }

  Filter filter(Schema schema) {
    return filter(schema, MAX_DEPTH);
  }

  private Filter filter(Schema schema, int depth) {
    Supplier<Filter> inner = () -> filter(schema, depth - 1);
    return switch (depth == 0 ? 0 : random.nextInt(5)) {
      case 0, 1 -> condition(schema);
      case 2 -> new Filter.And(Stream.generate(inner).limit(2 + random.nextInt(2)).toList());
      case 3 -> new Filter.Or(Stream.generate(inner).limit(2 + random.nextInt(2)).toList());
      default -> new Filter.Not(inner.get());
    };
  }

  private Filter condition(Schema schema) {
    int index = random.nextInt(1 + schema.attributes().size()) - 1;
    String name = index < 0 ? "id" : schema.attributes().get(index).name();
    AttributeType type = index < 0 ? idType(schema) : schema.attributes().get(index).type();
    return switch (random.nextInt(6)) {
      case 0 -> new Filter.IsNull(name);
      case 1, 2 -> {
        Supplier<Literal> literals = () -> literal(type);
        int count = 1 + random.nextInt(MAX_LITERALS);
        yield new Filter.In(name, Stream.generate(literals).limit(count).toList());
      }
      default -> {
        Operator operator =
            type == AttributeType.BOOLEAN
                ? any(Operator.EQUAL, Operator.NOT_EQUAL)
                : any(Operator.values());
        yield new Filter.Comparison(name, operator, literal(type));
      }
    };
  }

  @SafeVarargs
  private <T> T any(T... values) {
    return values[random.nextInt(values.length)];
  }
}
