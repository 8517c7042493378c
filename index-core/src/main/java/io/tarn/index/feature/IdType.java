package io.tarn.index.feature;

import java.util.Locale;

/** The type of the ids of one index. */
public enum IdType {
  STRING,
  INT64;

  /** The name used on disk and in settings: {@code string} or {@code int64}. */
  public String externalName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads an {@link #externalName()}. */
  public static IdType of(String externalName) {
    for (IdType type : values()) {
      if (type.externalName().equals(externalName)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "unknown id type '" + externalName + "': use string or int64");
  }
}
