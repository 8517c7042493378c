package io.tarn.index.filter;

/** How a value is compared with a literal. */
public enum Operator {
  EQUAL("="),
  NOT_EQUAL("!="),
  LESS("<"),
  AT_MOST("<="),
  GREATER(">"),
  AT_LEAST(">=");

  private final String symbol;

  Operator(String symbol) {
    this.symbol = symbol;
  }

  /** As it is written in an expression. */
  public String symbol() {
    return symbol;
  }

  /** Whether it asks for equality only, so that values need no order. */
  boolean isEquality() {
    return this == EQUAL || this == NOT_EQUAL;
  }
}
