package io.tarn.index.quantize;

import java.io.Serializable;

/**
 * How vectors are coded for scanning. The codes and their factors are columns of the segments
 * ({@code code}, {@code code_*}); the full vectors are always stored beside them.
 */
public sealed interface Quantizer extends Serializable {
  /** The name under which snapshots, models and settings know this quantizer. */
  String type();

  /** No codes: lists are scanned with their full vectors. */
  record None() implements Quantizer {
    @Override
    public String type() {
      return "none";
    }
  }

  /** One bit a dimension: see {@link RaBitQCoder}. */
  record RaBitQ() implements Quantizer {
    @Override
    public String type() {
      return "rabitq";
    }
  }

  /** What an index gets unless something else is asked for. */
  static Quantizer byDefault() {
    return new RaBitQ();
  }

  /**
   * The quantizer of that name.
   *
   * @throws IllegalArgumentException if this version of Tarn knows no such quantizer
   */
  static Quantizer of(String type) {
    return switch (type) {
      case "none" -> new None();
      case "rabitq" -> new RaBitQ();
      default ->
          throw new IllegalArgumentException(
              "unknown quantizer '" + type + "', known are none and rabitq");
    };
  }
}
