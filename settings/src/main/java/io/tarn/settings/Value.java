package io.tarn.settings;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A value as it was written, before it is known what type the record wants. The origin reads like
 * "in build.yaml, line 3" and goes into messages.
 */
sealed interface Value {

  String origin();

  /** A single value. Absent means YAML's null: as if the key were not there. */
  record Scalar(String text, boolean absent, String origin) implements Value {}

  record Items(List<Value> values, String origin) implements Value {}

  /**
   * Nested keys, flattened: {@code a: {b: 1}} is held as {@code a.b}. So overrides, nested YAML and
   * dotted YAML keys (as Kafka's properties have them) all meet in the same place. An empty group
   * keeps its own key.
   */
  record Fields(Map<String, Value> byKey, String origin) implements Value {

    public Fields {
      byKey = Collections.unmodifiableMap(new LinkedHashMap<>(byKey));
    }

    static Fields empty(String origin) {
      return new Fields(Map.of(), origin);
    }

    /** One key; a group is flattened below it. */
    static Fields of(String key, Value value) {
      if (!(value instanceof Fields fields) || fields.byKey().isEmpty()) {
        return new Fields(Map.of(key, value), value.origin());
      }
      Map<String, Value> flat = new LinkedHashMap<>();
      fields.byKey().forEach((below, leaf) -> flat.put(key + "." + below, leaf));
      return new Fields(flat, value.origin());
    }

    Optional<Value> get(String key) {
      return Optional.ofNullable(byKey.get(key))
          .filter(value -> !(value instanceof Scalar scalar && scalar.absent()));
    }

    /** The fields below a key, named from there on. */
    Fields under(String key) {
      String prefix = key + ".";
      Map<String, Value> below = new LinkedHashMap<>();
      byKey.forEach(
          (k, value) -> {
            if (k.startsWith(prefix)) {
              below.put(k.substring(prefix.length()), value);
            }
          });
      return new Fields(below, origin);
    }

    boolean mentions(String key) {
      return get(key).isPresent() || !under(key).byKey().isEmpty();
    }

    Fields overriddenBy(Fields others) {
      Map<String, Value> merged = new LinkedHashMap<>(byKey);
      merged.putAll(others.byKey());
      return new Fields(merged, origin);
    }
  }
}
