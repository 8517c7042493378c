package io.tarn.index.quantize;

import java.io.Serializable;

/**
 * How vectors are coded for scanning. The codes and their factors are columns of the segments
 * ({@code code}, {@code code_*}); the full vectors are always stored beside them.
 */
public sealed interface Quantizer extends Serializable {
  /** The name under which snapshots and models record this quantizer. */
  String type();

  /** No codes: lists are scanned with their full vectors. */
  record None() implements Quantizer {
    @Override
    public String type() {
      return "none";
    }
  }

  /**
   * The quantizer recorded under {@code type}.
   *
   * @throws IllegalArgumentException if this version of Tarn knows no such quantizer
   */
  static Quantizer of(String type) {
    if (type.equals("none")) {
      return new None();
    }
    throw new IllegalArgumentException("unknown quantizer '" + type + "'");
  }
}
