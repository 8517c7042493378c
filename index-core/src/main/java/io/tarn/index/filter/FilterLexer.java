package io.tarn.index.filter;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts an expression into tokens. */
final class FilterLexer {
  /** What a token is. */
  enum Kind {
    /** A name without quotes, or a word of the language. */
    WORD,
    QUOTED_NAME,
    TEXT,
    NUMBER,
    SYMBOL,
    END
  }

  /**
   * A token.
   *
   * @param value of quoted tokens what the quotes hold, of others what is written
   * @param start where in the expression it begins
   */
  record Token(Kind kind, String value, int start) {
    boolean isWord(String word) {
      return kind == Kind.WORD && value.toLowerCase(Locale.ROOT).equals(word);
    }

    boolean isSymbol(String symbol) {
      return kind == Kind.SYMBOL && value.equals(symbol);
    }

    boolean isName() {
      return kind == Kind.QUOTED_NAME || kind == Kind.WORD && isPlainName(value);
    }

    /** As messages call it. */
    String describe() {
      return switch (kind) {
        case WORD, SYMBOL -> "'" + value + "'";
        case NUMBER -> "the number " + value;
        case QUOTED_NAME -> "the name " + quoted(value, '"');
        case TEXT -> "the text " + quoted(value, '\'');
        case END -> "the end";
      };
    }
  }

  private static final Set<String> LANGUAGE =
      Set.of("and", "or", "not", "in", "is", "null", "true", "false");

  private static final Pattern WORD = Pattern.compile("[\\p{L}_][\\p{L}\\p{Nd}_]*");
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?");
  private static final Pattern SYMBOL = Pattern.compile("<=|>=|!=|<>|[=<>(),]");

  private final String expression;
  private final Matcher matcher;
  private int position;

  FilterLexer(String expression) {
    this.expression = expression;
    this.matcher = WORD.matcher(expression);
  }

  /** Whether a name can be written without quotes. */
  static boolean isPlainName(String name) {
    return WORD.matcher(name).matches() && !LANGUAGE.contains(name.toLowerCase(Locale.ROOT));
  }

  /** {@code text} between quotes, those within it doubled. */
  static String quoted(String text, char quote) {
    String one = String.valueOf(quote);
    return one + text.replace(one, one + one) + one;
  }

  Token next() {
    while (position < expression.length() && Character.isWhitespace(expression.charAt(position))) {
      position++;
    }
    int start = position;
    if (start == expression.length()) {
      return new Token(Kind.END, "", start);
    }
    char first = expression.charAt(start);
    if (first == '\'') {
      return new Token(Kind.TEXT, unquoted('\'', "text"), start);
    } else if (first == '"') {
      return new Token(Kind.QUOTED_NAME, unquoted('"', "name"), start);
    } else if (take(WORD)) {
      return new Token(Kind.WORD, expression.substring(start, position), start);
    } else if (take(NUMBER)) {
      if (lookingAt(WORD)) {
        throw new FilterException(
            "a number ends here: leave a space, or put a name in double quotes",
            expression,
            position);
      }
      return new Token(Kind.NUMBER, expression.substring(start, position), start);
    } else if (take(SYMBOL)) {
      return new Token(Kind.SYMBOL, expression.substring(start, position), start);
    }
    throw new FilterException(
        "no filter has a "
            + Character.toString(expression.codePointAt(start))
            + " here: put text in single quotes, and names that are not plain in double quotes",
        expression,
        start);
  }

  private boolean lookingAt(Pattern pattern) {
    return matcher.usePattern(pattern).region(position, expression.length()).lookingAt();
  }

  private boolean take(Pattern pattern) {
    if (!lookingAt(pattern)) {
      return false;
    }
    position = matcher.end();
    return true;
  }

  /** What is between the quote here and its fellow; goes behind that. */
  private String unquoted(char quote, String what) {
    int start = position;
    StringBuilder content = new StringBuilder();
    int from = start + 1;
    for (int end = expression.indexOf(quote, from);
        end >= 0;
        end = expression.indexOf(quote, from)) {
      content.append(expression, from, end);
      position = end + 1;
      if (position == expression.length() || expression.charAt(position) != quote) {
        return content.toString();
      }
      content.append(quote);
      from = position + 1;
    }
    throw new FilterException(
        "the " + what + " that begins here has no closing " + quote, expression, start);
  }
}
