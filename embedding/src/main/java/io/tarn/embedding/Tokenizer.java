package io.tarn.embedding;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;

/**
 * Text and identifiers to words. The result depends on the text alone, never on locale or platform.
 *
 * <ul>
 *   <li>A word is a run of letters or a run of digits; everything else separates words. Letters and
 *       digits part company too, so {@code utf8}, {@code UTF-8} and {@code utf 8} are the same two
 *       words.
 *   <li>Camel case is split before an upper-case letter that follows a lower-case one, and before
 *       the last of several upper-case letters when a lower-case one follows: {@code
 *       parseHTTPRequest} is parse, http, request.
 *   <li>An ideograph is a word, as scripts that use them leave no space between words.
 *   <li>Unicode compatibility forms are replaced (NFKC: full-width letters, ligatures), combining
 *       marks stay with their letter, and case is folded as {@link String#equalsIgnoreCase} does.
 * </ul>
 */
public final class Tokenizer {

  /** Changes with every change of any result; stored with every model that depends on it. */
  public static final int VERSION = 1;

  private enum Kind {
    SEPARATOR,
    UPPER,
    /** Lower-case, or of a script without case. */
    LOWER,
    DIGIT,
    IDEOGRAPH,
    MARK
  }

  private Tokenizer() {}

  /** The words in the order of the text; empty if it has neither letter nor digit. */
  public static List<String> tokenize(String text) {
    String normal = Normalizer.normalize(text, Normalizer.Form.NFKC);
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    Kind previous = Kind.SEPARATOR;
    int end;
    for (int i = 0; i < normal.length(); i = end) {
      int character = normal.codePointAt(i);
      end = i + Character.charCount(character);
      Kind kind = kind(character);
      if (kind == Kind.MARK) {
        kind = previous;
      } else if (startsWord(previous, kind, normal, end)) {
        finish(word, words);
      }
      if (kind != Kind.SEPARATOR) {
        word.appendCodePoint(foldCase(character));
      }
      previous = kind;
    }
    finish(word, words);
    return words;
  }

  private static boolean startsWord(Kind previous, Kind kind, String text, int next) {
    return switch (kind) {
      case SEPARATOR, IDEOGRAPH -> true;
      case DIGIT -> previous != Kind.DIGIT;
      case LOWER -> previous != Kind.LOWER && previous != Kind.UPPER;
      case UPPER ->
          previous != Kind.UPPER
              || (next < text.length() && kind(text.codePointAt(next)) == Kind.LOWER);
      case MARK -> false;
    };
  }

  private static void finish(StringBuilder word, List<String> words) {
    if (!word.isEmpty()) {
      words.add(word.toString());
      word.setLength(0);
    }
  }

  private static Kind kind(int character) {
    if (Character.isIdeographic(character)) {
      return Kind.IDEOGRAPH;
    }
    if (Character.isLetter(character)) {
      boolean upper = Character.isUpperCase(character) || Character.isTitleCase(character);
      return upper ? Kind.UPPER : Kind.LOWER;
    }
    if (Character.isDigit(character)) {
      return Kind.DIGIT;
    }
    return switch (Character.getType(character)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK ->
          Kind.MARK;
      default -> Kind.SEPARATOR;
    };
  }

  private static int foldCase(int character) {
    return Character.toLowerCase(Character.toUpperCase(character));
  }
}
