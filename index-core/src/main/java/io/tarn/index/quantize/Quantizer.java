package io.tarn.index.quantize;

import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.CodeKernels;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * How vectors are coded for scanning. The codes and their factors are columns of the segments
 * ({@code code}, {@code code_*}); the vectors themselves are always stored beside them, and every
 * distance in an answer is that of the vector.
 */
public sealed interface Quantizer extends Serializable {
  /** The name under which snapshots, models and settings know this quantizer. */
  String type();

  /** Bytes of the column {@code code} for a row of that dimension; 0 if there is none. */
  int codeBytes(int dimension);

  /** Bytes of the column {@code code_full} for a row of that dimension; 0 if there is none. */
  int fullCodeBytes(int dimension);

  /** What codes rows; empty if there are no codes. */
  Optional<RowCoder> coder(Metric metric, int dimension);

  /** No codes: lists are scanned with their full vectors. */
  record None() implements Quantizer {
    @Override
    public String type() {
      return "none";
    }

    @Override
    public int codeBytes(int dimension) {
      return 0;
    }

    @Override
    public int fullCodeBytes(int dimension) {
      return 0;
    }

    @Override
    public Optional<RowCoder> coder(Metric metric, int dimension) {
      return Optional.empty();
    }
  }

  /**
   * The signs of the rotated values, and if more bits are asked for, the values themselves with so
   * many bits each, for those rows that their signs do not rule out: see {@link RaBitQCoder}.
   *
   * @param bits of a value: 1, 2, 4 or 8
   */
  record RaBitQ(int bits) implements Quantizer {
    private static final String NAME = "rabitq";

    public RaBitQ {
      if (bits != 1 && bits != 2 && bits != 4 && bits != 8) {
        throw new IllegalArgumentException("rabitq with " + bits + " bits: 1, 2, 4 or 8 are known");
      }
    }

    /** One bit a value. */
    public RaBitQ() {
      this(1);
    }

    @Override
    public String type() {
      return bits == 1 ? NAME : NAME + bits;
    }

    @Override
    public int codeBytes(int dimension) {
      return (dimension + Byte.SIZE - 1) / Byte.SIZE;
    }

    @Override
    public int fullCodeBytes(int dimension) {
      return bits == 1 ? 0 : CodeKernels.valueBytes(dimension, bits);
    }

    @Override
    public Optional<RowCoder> coder(Metric metric, int dimension) {
      return Optional.of(new RaBitQCoder(metric, dimension, bits));
    }
  }

  /** A byte a value, with a scale of its own for each row: see {@link Int8Coder}. */
  record Int8() implements Quantizer {
    @Override
    public String type() {
      return "int8";
    }

    @Override
    public int codeBytes(int dimension) {
      return CodeKernels.valueBytes(dimension, Byte.SIZE);
    }

    @Override
    public int fullCodeBytes(int dimension) {
      return 0;
    }

    @Override
    public Optional<RowCoder> coder(Metric metric, int dimension) {
      return Optional.of(new Int8Coder(metric, dimension));
    }
  }

  /** All there are. */
  static List<Quantizer> all() {
    return List.of(
        new None(), new RaBitQ(1), new RaBitQ(2), new RaBitQ(4), new RaBitQ(8), new Int8());
  }

  /** What an index gets unless something else is asked for. */
  static Quantizer byDefault() {
    return new RaBitQ(1);
  }

  /**
   * The quantizer of that name.
   *
   * @throws IllegalArgumentException if this version of Tarn knows no such quantizer
   */
  static Quantizer of(String type) {
    return all().stream()
        .filter(quantizer -> quantizer.type().equals(type))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "unknown quantizer '"
                        + type
                        + "', known are "
                        + String.join(", ", all().stream().map(Quantizer::type).toList())));
  }
}
