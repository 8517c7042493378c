package io.tarn.settings;

import io.tarn.settings.Value.Fields;
import io.tarn.settings.Value.Items;
import io.tarn.settings.Value.Scalar;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Fields to a record. A path is a key with all groups above it, as the user would write it. */
final class Binder {

  private Binder() {}

  static <T extends Record> T bind(Class<T> type, Fields fields) {
    return checkedRecord(type, "", fields);
  }

  /** The record of fields that stand on their own: no key is left over. */
  private static <T extends Record> T checkedRecord(Class<T> type, String path, Fields fields) {
    Set<String> known = new LinkedHashSet<>();
    addKnownKeys(type, "", known);
    fields.byKey().forEach((key, value) -> checkKnown(path, key, value, known));
    return record(type, path, fields);
  }

  private static void addKnownKeys(Class<?> type, String prefix, Set<String> known) {
    for (RecordComponent component : type.getRecordComponents()) {
      String key = prefix + Keys.kebabCase(component.getName());
      Type content = component.getGenericType();
      if (rawClass(content) == Optional.class) {
        content = argument(content, 0);
      }
      if (rawClass(content).isRecord()) {
        addKnownKeys(rawClass(content), key + ".", known);
      } else {
        known.add(rawClass(content) == Map.class ? key + ".*" : key);
      }
    }
  }

  private static void checkKnown(String path, String key, Value value, Set<String> known) {
    for (String candidate : known) {
      boolean inMap =
          candidate.endsWith(".*")
              && key.startsWith(candidate.substring(0, candidate.length() - 1));
      boolean isGroup = candidate.startsWith(key + ".");
      if (candidate.equals(key) || inMap || isGroup) {
        return;
      }
    }
    String hint = Keys.nearest(key, known).map("; did you mean '%s'?"::formatted).orElse(".");
    throw new SettingsException(
        "unknown key '%s' %s%s Known keys: %s"
            .formatted(join(path, key), value.origin(), hint, String.join(", ", known)));
  }

  private static <T extends Record> T record(Class<T> type, String path, Fields fields) {
    RecordComponent[] components = type.getRecordComponents();
    Object[] values =
        Arrays.stream(components).map(component -> component(component, path, fields)).toArray();
    try {
      Class<?>[] types =
          Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
      Constructor<T> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException refusal) {
        String group = path.isEmpty() ? "" : "under '" + path + "' ";
        throw new SettingsException(
            "invalid settings %s%s: %s".formatted(group, fields.origin(), refusal.getMessage()),
            refusal);
      }
      throw new IllegalStateException("the constructor of " + type.getName() + " failed", e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName() + " cannot be constructed", e);
    }
  }

  private static Object component(RecordComponent component, String path, Fields fields) {
    String key = Keys.kebabCase(component.getName());
    Type type = component.getGenericType();
    Optional<Default> defaultValue =
        Optional.ofNullable(component.getAnnotation(Default.class))
            .filter(unused -> !fields.mentions(key));
    if (defaultValue.isEmpty()) {
      return keyed(type, path, key, fields);
    }
    String origin = "in the @Default of " + component;
    Value value = YamlText.readLine(defaultValue.get().value(), origin);
    return value(type, join(path, key), value);
  }

  private static Object keyed(Type type, String path, String key, Fields fields) {
    Class<?> raw = rawClass(type);
    if (raw == Optional.class) {
      return fields.mentions(key)
          ? Optional.of(keyed(argument(type, 0), path, key, fields))
          : Optional.empty();
    }
    if (raw.isRecord() || raw == Map.class) {
      Value group = fields.get(key).orElse(fields);
      if (!(group instanceof Fields)) {
        throw wrongType(join(path, key), "a group of keys", group);
      }
      return group(type, join(path, key), fields.under(key));
    }
    Optional<Value> value = fields.get(key);
    if (value.isPresent()) {
      return value(type, join(path, key), value.get());
    }
    if (raw == List.class) {
      return List.of();
    }
    throw new SettingsException(
        "required key '%s' is missing %s".formatted(join(path, key), fields.origin()));
  }

  private static Object group(Type type, String path, Fields fields) {
    Class<?> raw = rawClass(type);
    if (raw.isRecord()) {
      return record(raw.asSubclass(Record.class), path, fields);
    }
    Map<String, Object> map = new LinkedHashMap<>();
    for (String key : fields.byKey().keySet()) {
      fields
          .get(key)
          .ifPresent(value -> map.put(key, value(argument(type, 1), join(path, key), value)));
    }
    return Collections.unmodifiableMap(map);
  }

  private static Object value(Type type, String path, Value value) {
    Class<?> raw = rawClass(type);
    if (raw == List.class) {
      if (!(value instanceof Items items)) {
        throw wrongType(path, "a list such as [a, b]", value);
      }
      return IntStream.range(0, items.values().size())
          .mapToObj(i -> value(argument(type, 0), path + "[" + i + "]", items.values().get(i)))
          .toList();
    }
    if (raw.isRecord()) {
      if (!(value instanceof Fields fields)) {
        throw wrongType(path, "a group of keys", value);
      }
      return checkedRecord(raw.asSubclass(Record.class), path, fields);
    }
    Scalars.Parser parser =
        Scalars.parserOf(raw)
            .orElseThrow(
                () -> new IllegalStateException("settings cannot hold a " + type.getTypeName()));
    if (!(value instanceof Scalar scalar) || scalar.absent()) {
      throw wrongType(path, parser.expected(), value);
    }
    try {
      return parser.parse().apply(scalar.text());
    } catch (IllegalArgumentException e) {
      throw wrongType(path, parser.expected(), value);
    }
  }

  private static SettingsException wrongType(String path, String expected, Value got) {
    return new SettingsException(
        "key '%s' %s must be %s, got %s".formatted(path, got.origin(), expected, shown(path, got)));
  }

  private static String shown(String path, Value value) {
    if (value instanceof Scalar scalar) {
      return Keys.isSecret(path) ? "something else" : "'" + scalar.text() + "'";
    }
    return value instanceof Items ? "a list" : "a group of keys";
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  private static Class<?> rawClass(Type type) {
    return (Class<?>) (type instanceof ParameterizedType p ? p.getRawType() : type);
  }

  private static Type argument(Type type, int index) {
    return ((ParameterizedType) type).getActualTypeArguments()[index];
  }
}
