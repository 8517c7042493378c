package io.tarn.index.feature;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What every feature of an index looks like.
 *
 * @param idType the type of the ids
 * @param dimension the number of floats of every vector
 * @param metric how vectors are compared
 * @param attributes the attributes, in column order
 */
public record Schema(IdType idType, int dimension, Metric metric, List<Attribute> attributes)
    implements Serializable {
  /** The largest dimension accepted; a page must hold at least one vector. */
  public static final int MAX_DIMENSION = 65_536;

  public Schema {
    Objects.requireNonNull(idType, "idType");
    Objects.requireNonNull(metric, "metric");
    if (dimension < 1 || dimension > MAX_DIMENSION) {
      throw new IllegalArgumentException(
          "dimension " + dimension + " is not between 1 and " + MAX_DIMENSION);
    }
    attributes = List.copyOf(attributes);
    Set<String> names = new HashSet<>();
    for (Attribute attribute : attributes) {
      if (!names.add(attribute.name())) {
        throw new IllegalArgumentException("attribute '" + attribute.name() + "' is named twice");
      }
    }
  }

  /**
   * This schema with attributes that others brought; those it has already stay where they are, new
   * ones come last.
   *
   * @throws IllegalArgumentException if one of them is of another type here, or is called the same
   *     but for case, which Spark could not tell apart
   */
  public Schema withAttributes(List<Attribute> others) {
    List<Attribute> all = new ArrayList<>(attributes);
    for (Attribute other : others) {
      Optional<Attribute> known =
          all.stream().filter(a -> a.name().equalsIgnoreCase(other.name())).findFirst();
      if (known.isEmpty()) {
        all.add(other);
      } else if (!known.get().equals(other)) {
        throw new IllegalArgumentException(
            "attribute '"
                + other.name()
                + "' of type "
                + other.type().externalName()
                + " cannot be added: the index has '"
                + known.get().name()
                + "' of type "
                + known.get().type().externalName());
      }
    }
    return new Schema(idType, dimension, metric, all);
  }

  /** The place of an attribute in {@link #attributes()}, or -1. */
  public int attributeIndex(String name) {
    for (int i = 0; i < attributes.size(); i++) {
      if (attributes.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /** The attributes as "name type, name type", for messages. */
  public String describeAttributes() {
    return attributes.stream()
        .map(a -> a.name() + " " + a.type().externalName())
        .collect(Collectors.joining(", "));
  }
}
