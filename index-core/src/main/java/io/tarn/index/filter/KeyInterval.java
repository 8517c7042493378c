package io.tarn.index.filter;

import io.tarn.index.feature.AttributeType;
import io.tarn.index.segment.AttributeColumn.Numbers;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.stream.LongStream;

/**
 * Where a literal lies among the keys of {@link Numbers}. Keys from {@code first} to {@code last}
 * equal the literal; where none does, {@code last} is the key before it and {@code first} the one
 * after. Neither need fit 64 bits.
 */
record KeyInterval(BigInteger first, BigInteger last) {
  private static final BigInteger MIN = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);
  private static final BigDecimal MICROS_PER_SECOND = BigDecimal.valueOf(1_000_000);

  /** Of decimal places: a nanosecond is a thousandth of a microsecond. */
  private static final int NANOS_SCALE_IN_MICROS = 3;

  /** Among the keys of a type of numbers or instants. */
  static KeyInterval of(AttributeType type, Literal literal) {
    if (literal instanceof Literal.Time time) {
      return ofWhole(micros(time.value()));
    } else if (literal instanceof Literal.Whole whole) {
      BigDecimal value = new BigDecimal(whole.value());
      return type == AttributeType.DOUBLE ? ofDouble(value) : ofWhole(value);
    }
    BigDecimal value = ((Literal.Decimal) literal).value();
    if (type != AttributeType.DOUBLE) {
      return ofWhole(value);
    }
    double nearest = value.doubleValue();
    return Double.isInfinite(nearest) ? ofDouble(value) : ofDouble(nearest);
  }

  private static BigDecimal micros(Instant instant) {
    return BigDecimal.valueOf(instant.getEpochSecond())
        .multiply(MICROS_PER_SECOND)
        .add(BigDecimal.valueOf(instant.getNano(), NANOS_SCALE_IN_MICROS));
  }

  private static KeyInterval ofWhole(BigDecimal value) {
    return new KeyInterval(
        value.setScale(0, RoundingMode.CEILING).toBigInteger(),
        value.setScale(0, RoundingMode.FLOOR).toBigInteger());
  }

  /** The exact place of a number that may be no double. */
  private static KeyInterval ofDouble(BigDecimal value) {
    double nearest = value.doubleValue();
    int side =
        Double.isInfinite(nearest) ? -value.signum() : value.compareTo(new BigDecimal(nearest));
    if (side == 0) {
      return ofDouble(nearest);
    }
    double below = side > 0 ? nearest : Math.nextDown(nearest);
    double above = side > 0 ? Math.nextUp(nearest) : nearest;
    return new KeyInterval(ofDouble(above).first, ofDouble(below).last);
  }

  private static KeyInterval ofDouble(double value) {
    return value == 0
        ? new KeyInterval(key(-0.0), key(0.0))
        : new KeyInterval(key(value), key(value));
  }

  private static BigInteger key(double value) {
    return BigInteger.valueOf(Numbers.keyOf(value));
  }

  /** The test whether a key compares so with the literal; not for NOT_EQUAL. */
  ColumnTest test(Operator operator) {
    return switch (operator) {
      case EQUAL -> range(first, last);
      case LESS -> range(MIN, first.subtract(BigInteger.ONE));
      case AT_MOST -> range(MIN, last);
      case GREATER -> range(last.add(BigInteger.ONE), MAX);
      case AT_LEAST -> range(first, MAX);
      case NOT_EQUAL -> throw new IllegalArgumentException("!= is the contrary of =");
    };
  }

  private static ColumnTest range(BigInteger low, BigInteger high) {
    BigInteger least = low.max(MIN);
    BigInteger greatest = high.min(MAX);
    return least.compareTo(greatest) > 0
        ? ColumnTest.KeySet.of(LongStream.empty())
        : new ColumnTest.KeyRange(least.longValueExact(), greatest.longValueExact());
  }

  /** The keys that equal the literal: none, one, or those of both zeros. */
  LongStream equal() {
    return range(first, last) instanceof ColumnTest.KeyRange range
        ? LongStream.rangeClosed(range.low(), range.high())
        : LongStream.empty();
  }
}
