package io.tarn.index.feature;

import java.time.Instant;
import java.util.Locale;

/** The type of an attribute, and the Java class of its values. */
public enum AttributeType {
  STRING(String.class),
  LONG(Long.class),
  DOUBLE(Double.class),
  BOOLEAN(Boolean.class),
  /** An instant with microsecond precision. */
  TIMESTAMP(Instant.class);

  private final Class<?> valueClass;

  AttributeType(Class<?> valueClass) {
    this.valueClass = valueClass;
  }

  /** The class of the values of such an attribute. */
  public Class<?> valueClass() {
    return valueClass;
  }

  /** The name used on disk: {@code string}, {@code long}… */
  public String externalName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads an {@link #externalName()}. */
  public static AttributeType of(String externalName) {
    for (AttributeType type : values()) {
      if (type.externalName().equals(externalName)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "unknown attribute type '"
            + externalName
            + "': use string, long, double, boolean or timestamp");
  }
}
