package io.tarn.index.filter;

/**
 * A filter that cannot be understood, or does not fit the schema. The message says what is wrong
 * and what would be right; of an expression it names the place and shows it.
 */
public final class FilterException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** How much of a long expression the message shows, in code points before and after the place. */
  private static final int SHOWN_CODE_POINTS = 60;

  private static final String CUT = "…";

  /** Of a filter that was built, and has no expression. */
  FilterException(String message) {
    super(message);
  }

  /**
   * Of an expression.
   *
   * @param position the place in the expression, counted in chars from 0
   */
  FilterException(String message, String expression, int position) {
    super(
        "in the filter, at character "
            + (expression.codePointCount(0, position) + 1)
            + ": "
            + message
            + "\n"
            + excerpt(expression, position));
  }

  /** The expression, or what is near to the place, and below it a caret under the place. */
  private static String excerpt(String expression, int position) {
    int before = expression.codePointCount(0, position);
    int after = expression.codePointCount(position, expression.length());
    boolean cutBefore = before > SHOWN_CODE_POINTS;
    boolean cutAfter = after > SHOWN_CODE_POINTS;
    int shownBefore = Math.min(before, SHOWN_CODE_POINTS);
    int start = expression.offsetByCodePoints(position, -shownBefore);
    int end = expression.offsetByCodePoints(position, Math.min(after, SHOWN_CODE_POINTS));
    return "  "
        + (cutBefore ? CUT : "")
        + onOneLine(expression.substring(start, end))
        + (cutAfter ? CUT : "")
        + "\n  "
        + " ".repeat(shownBefore + (cutBefore ? CUT.length() : 0))
        + "^";
  }

  private static String onOneLine(String text) {
    StringBuilder line = new StringBuilder();
    text.codePoints().forEach(c -> line.appendCodePoint(Character.isISOControl(c) ? ' ' : c));
    return line.toString();
  }
}
