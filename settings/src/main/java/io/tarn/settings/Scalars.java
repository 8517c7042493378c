package io.tarn.settings;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The single-valued types a settings record may use. */
final class Scalars {

  /**
   * @param expected completes "must be …"
   * @param parse throws IllegalArgumentException if the text is something else
   */
  record Parser(String expected, Function<String, Object> parse) {}

  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][-+]?\\d+)?");

  private static final Parser TEXT = new Parser("text", text -> text);
  private static final Parser PATH = new Parser("a path", Path::of);
  private static final Parser BOOLEAN = new Parser("true or false", Scalars::parseBoolean);
  private static final Parser DOUBLE = new Parser("a finite number", Scalars::parseDouble);
  private static final Parser LONG = wholeNumber(Long.MIN_VALUE, Long.MAX_VALUE, Long::valueOf);
  private static final Parser INT =
      wholeNumber(Integer.MIN_VALUE, Integer.MAX_VALUE, Integer::valueOf);

  private static final Map<Class<?>, Parser> PARSERS =
      Map.ofEntries(
          Map.entry(String.class, TEXT),
          Map.entry(Path.class, PATH),
          Map.entry(boolean.class, BOOLEAN),
          Map.entry(Boolean.class, BOOLEAN),
          Map.entry(double.class, DOUBLE),
          Map.entry(Double.class, DOUBLE),
          Map.entry(long.class, LONG),
          Map.entry(Long.class, LONG),
          Map.entry(int.class, INT),
          Map.entry(Integer.class, INT));

  private Scalars() {}

  static Optional<Parser> parserOf(Class<?> type) {
    return type.isEnum() ? Optional.of(oneOf(type)) : Optional.ofNullable(PARSERS.get(type));
  }

  /**
   * How a constant is written in settings: {@code INNER_PRODUCT} is {@code inner_product}. Read are
   * hyphens as well.
   */
  static String spelling(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static Parser oneOf(Class<?> type) {
    List<Enum<?>> constants =
        Arrays.stream(type.getEnumConstants()).<Enum<?>>map(c -> (Enum<?>) c).toList();
    String expected =
        constants.stream()
            .map(Scalars::spelling)
            .collect(Collectors.joining(", ", constants.size() > 1 ? "one of " : "", ""));
    return new Parser(
        expected,
        text ->
            constants.stream()
                .filter(constant -> spelling(constant).equals(text.replace('-', '_')))
                .findFirst()
                .orElseThrow(IllegalArgumentException::new));
  }

  private static Parser wholeNumber(long min, long max, Function<String, Object> parse) {
    return new Parser("a whole number from %d to %d".formatted(min, max), parse);
  }

  private static Object parseBoolean(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException();
    };
  }

  /** Narrower than {@link Double#parseDouble}, which also takes NaN, hexadecimal and "1d". */
  private static Object parseDouble(String text) {
    if (!DECIMAL.matcher(text).matches() || Double.isInfinite(Double.parseDouble(text))) {
      throw new IllegalArgumentException();
    }
    return Double.parseDouble(text);
  }
}
