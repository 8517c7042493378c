package io.tarn.index.feature;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The identity of a feature: text or a 64-bit number, the same kind throughout an index. Ids order
 * numerically, or as unsigned UTF-8 bytes; equal distances are ranked by that order.
 */
public sealed interface FeatureId extends Comparable<FeatureId> {

  /** A text id. */
  record Text(String value) implements FeatureId {
    public Text {
      if (value == null || value.isEmpty()) {
        throw new IllegalArgumentException("an id must not be empty");
      }
      if (hasUnpairedSurrogate(value)) {
        throw new IllegalArgumentException(
            "an id must be Unicode text, and this one has half a surrogate pair: " + value);
      }
    }

    /** In UTF-8 all such halves turn into the same question mark, and ids into one another. */
    private static boolean hasUnpairedSurrogate(String value) {
      for (int i = 0; i < value.length(); i++) {
        if (Character.isSurrogate(value.charAt(i))) {
          if (Character.isBmpCodePoint(value.codePointAt(i))) {
            return true;
          }
          i++;
        }
      }
      return false;
    }

    @Override
    public String toString() {
      return value;
    }
  }

  /** A numeric id. */
  record Int64(long value) implements FeatureId {
    @Override
    public String toString() {
      return Long.toString(value);
    }
  }

  /** The kind of this id. */
  default IdType type() {
    return this instanceof Text ? IdType.STRING : IdType.INT64;
  }

  /** The id as a plain {@link String} or {@link Long}, as JSON and tables want it. */
  default Object toObject() {
    return this instanceof Text text ? text.value() : (Object) ((Int64) this).value();
  }

  static FeatureId of(String value) {
    return new Text(value);
  }

  static FeatureId of(long value) {
    return new Int64(value);
  }

  /**
   * Reads an id written as text.
   *
   * @throws IllegalArgumentException if it is empty, or not a 64-bit number where one is wanted
   */
  static FeatureId parse(IdType type, String text) {
    return switch (type) {
      case STRING -> of(text);
      case INT64 -> {
        try {
          yield of(Long.parseLong(text.strip()));
        } catch (NumberFormatException e) {
          throw new IllegalArgumentException(
              "id '" + text + "' is not an int64, which is the id type of this index", e);
        }
      }
    };
  }

  @Override
  default int compareTo(FeatureId other) {
    if (this instanceof Int64 mine && other instanceof Int64 theirs) {
      return Long.compare(mine.value(), theirs.value());
    }
    if (this instanceof Text mine && other instanceof Text theirs) {
      return Arrays.compareUnsigned(
          mine.value().getBytes(StandardCharsets.UTF_8),
          theirs.value().getBytes(StandardCharsets.UTF_8));
    }
    throw new IllegalArgumentException("a text id and a numeric id cannot be compared");
  }
}
