package io.tarn.index.feature;

import java.io.Serializable;
import java.util.Set;

/**
 * One typed, nullable attribute of the features of an index.
 *
 * @param name the column's name in the segments
 * @param type the type of its values
 */
public record Attribute(String name, AttributeType type) implements Serializable {
  /** Column names that segments keep for themselves; see docs/FORMAT.md. */
  private static final Set<String> RESERVED =
      Set.of("list_id", "id", "vector", "event_order", "position", "deleted");

  private static final String RESERVED_PREFIX = "code";

  public Attribute {
    if (name == null || name.isBlank()) {
      throw new IllegalArgumentException("an attribute needs a name");
    }
    if (RESERVED.contains(name) || name.equals(RESERVED_PREFIX) || name.startsWith("code_")) {
      throw new IllegalArgumentException(
          "attribute name '" + name + "' is reserved by the format: rename the column");
    }
    if (type == null) {
      throw new IllegalArgumentException("attribute '" + name + "' needs a type");
    }
  }
}
