package io.tarn.index.filter;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** A value that a filter compares with. */
public sealed interface Literal {
  /** The most digits a number may have: enough for the largest double in full. */
  int MAX_DIGITS = 400;

  /** The largest power of ten a number may have, and the smallest negated. */
  int MAX_EXPONENT = 9_999;

  /** The literal as expressions have it. */
  @Override
  String toString();

  /** Text in single quotes; a quote in it is written twice. */
  record Text(String value) implements Literal {
    public Text {
      if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
        throw new IllegalArgumentException(
            "text must be Unicode, and this one has half a surrogate pair");
      }
    }

    @Override
    public String toString() {
      return FilterLexer.quoted(value, '\'');
    }
  }

  /** A number without point or exponent. It is compared exactly, with longs and doubles alike. */
  record Whole(BigInteger value) implements Literal {
    public Whole {
      checkSize(new BigDecimal(value));
    }

    @Override
    public String toString() {
      return value.toString();
    }
  }

  /**
   * A number with point or exponent. It is compared exactly with longs; with doubles as the double
   * nearest to it, so that 0.1 equals a stored 0.1.
   */
  record Decimal(BigDecimal value) implements Literal {
    public Decimal {
      checkSize(value);
      value = value.stripTrailingZeros();
    }

    @Override
    public String toString() {
      String digits = value.toString();
      return digits.indexOf('.') < 0 && digits.indexOf('E') < 0 ? digits + ".0" : digits;
    }
  }

  /** {@code true} or {@code false}. */
  record Truth(boolean value) implements Literal {
    @Override
    public String toString() {
      return Boolean.toString(value);
    }
  }

  /** A point in time. */
  record Time(Instant value) implements Literal {
    @Override
    public String toString() {
      return "timestamp " + FilterLexer.quoted(value.toString(), '\'');
    }
  }

  /**
   * A Java value as a literal.
   *
   * @param value a {@link String}, {@link Boolean}, {@link Instant}, {@link BigInteger}, {@link
   *     BigDecimal}, whole number, or finite float or double
   * @throws IllegalArgumentException for any other value, null above all: no comparison with null
   *     is true
   */
  static Literal of(Object value) {
    if (value instanceof Literal literal) {
      return literal;
    } else if (value instanceof String text) {
      return new Text(text);
    } else if (value instanceof Boolean truth) {
      return new Truth(truth);
    } else if (value instanceof Instant instant) {
      return new Time(instant);
    } else if (value instanceof BigInteger number) {
      return new Whole(number);
    } else if (value instanceof BigDecimal number) {
      return new Decimal(number);
    } else if (value instanceof Double || value instanceof Float) {
      return decimal(((Number) value).doubleValue());
    } else if (value instanceof Long
        || value instanceof Integer
        || value instanceof Short
        || value instanceof Byte) {
      return new Whole(BigInteger.valueOf(((Number) value).longValue()));
    }
    throw new IllegalArgumentException(
        value == null
            ? "no comparison with null is true: ask whether the attribute is null"
            : "a filter cannot compare with a " + value.getClass().getName());
  }

  private static Literal decimal(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("a filter compares with finite numbers, not " + value);
    }
    // Where longs can be equal to it every digit counts; else the shortest that mean this double.
    boolean isWhole = value == Math.rint(value) && Math.abs(value) <= 0x1p63;
    return new Decimal(isWhole ? new BigDecimal(value) : BigDecimal.valueOf(value));
  }

  private static void checkSize(BigDecimal number) {
    // In 64 bits, as the scale may be any int.
    long exponent = (long) number.precision() - number.scale();
    if (number.precision() > MAX_DIGITS || Math.abs(exponent) > MAX_EXPONENT) {
      throw new IllegalArgumentException(
          "a number has at most "
              + MAX_DIGITS
              + " digits and an exponent between -"
              + MAX_EXPONENT
              + " and "
              + MAX_EXPONENT);
    }
  }
}
