package io.tarn.settings;

import io.tarn.settings.Value.Fields;
import io.tarn.settings.Value.Items;
import io.tarn.settings.Value.Scalar;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/**
 * Settings of a job, from a YAML file and overrides to one record.
 *
 * <pre>{@code
 * record BuildSettings(
 *     String index, @Default("l2") Metric metric, Optional<Integer> nlist, Kafka kafka) {
 *   BuildSettings {
 *     if (index.isBlank()) {
 *       throw new IllegalArgumentException("index must name a directory");
 *     }
 *   }
 * }
 * record Kafka(String bootstrapServers, Map<String, String> properties) {}
 *
 * BuildSettings settings = Settings.load(BuildSettings.class, JobArguments.parse(args));
 * }</pre>
 *
 * <ul>
 *   <li>The key of a component is its name in kebab-case; keys of a nested record stand in a group
 *       below: {@code kafka.bootstrap-servers}. Dots and nesting mean the same.
 *   <li>Components are text, {@code int}, {@code long}, {@code double}, {@code boolean}, enums (in
 *       lower case), {@link Path}, {@link List}s of these or of records, nested records, and maps
 *       from text, which take any key.
 *   <li>A component is required unless it has a {@link Default} or is an {@link Optional}, a list
 *       or a map, which are empty without their key. YAML's null counts as no key.
 *   <li>What types cannot say, the compact constructor checks; the message of its {@link
 *       IllegalArgumentException} is shown to the user and should name the key.
 * </ul>
 */
public final class Settings {

  private static final String COMMAND_LINE = "on the command line";
  private static final String MASK = "***";

  private Settings() {}

  /**
   * @throws SettingsException saying what is wrong and where
   */
  public static <T extends Record> T load(Class<T> type, JobArguments arguments) {
    return load(type, arguments.confFile(), arguments.overrides());
  }

  /**
   * @throws SettingsException saying what is wrong and where
   */
  public static <T extends Record> T load(
      Class<T> type, Optional<Path> confFile, List<String> overrides) {
    return load(type, confFile, overrides, Map.of());
  }

  /**
   * Of the three sources the later one wins, key by key.
   *
   * @param confFile YAML, in UTF-8
   * @param overrides texts {@code key=value}, the value in YAML: {@code nlist=256}, {@code
   *     attributes=[a, b]}
   * @param flags command line options by key; a null value is an option that was not given
   * @throws SettingsException saying what is wrong and where
   */
  public static <T extends Record> T load(
      Class<T> type, Optional<Path> confFile, List<String> overrides, Map<String, ?> flags) {
    Fields fields = confFile.map(YamlText::readFile).orElse(Fields.empty(COMMAND_LINE));
    for (String override : overrides) {
      fields = fields.overriddenBy(parseOverride(override));
    }
    return Binder.bind(type, fields.overriddenBy(parseFlags(flags)));
  }

  /**
   * Settings that come one by one from elsewhere, such as the options of a data source.
   *
   * @param texts values in YAML, by key
   * @param origin where they come from, as messages say it: {@code in the options}
   * @param fixed values by key that are not up to the user; they win
   * @throws SettingsException saying what is wrong and where
   */
  public static <T extends Record> T load(
      Class<T> type, Map<String, String> texts, String origin, Map<String, ?> fixed) {
    Fields fields = Fields.empty(origin);
    for (Map.Entry<String, String> text : texts.entrySet()) {
      fields =
          fields.overriddenBy(Fields.of(text.getKey(), YamlText.readLine(text.getValue(), origin)));
    }
    return Binder.bind(type, fields.overriddenBy(parseFlags(fixed)));
  }

  /**
   * The settings in effect as YAML, for the log: defaults filled in, empty {@link Optional}s left
   * out, values of keys that look like secrets (password, secret, sasl.jaas) masked.
   */
  public static String describe(Record settings) {
    DumpSettings block =
        DumpSettings.builder().setDefaultFlowStyle(FlowStyle.BLOCK).setSplitLines(false).build();
    return new Dump(block).dumpToString(tree(settings));
  }

  private static Fields parseOverride(String override) {
    int equals = override.indexOf('=');
    if (equals <= 0) {
      throw new SettingsException("--set needs KEY=VALUE, got '%s'".formatted(override));
    }
    String key = override.substring(0, equals).strip();
    return Fields.of(key, YamlText.readLine(override.substring(equals + 1), "in --set " + key));
  }

  private static Fields parseFlags(Map<String, ?> flags) {
    Fields fields = Fields.empty(COMMAND_LINE);
    for (Map.Entry<String, ?> flag : flags.entrySet()) {
      if (flag.getValue() != null) {
        fields = fields.overriddenBy(Fields.of(flag.getKey(), flagValue(flag.getValue())));
      }
    }
    return fields;
  }

  private static Value flagValue(Object flag) {
    if (flag instanceof Collection<?> items) {
      return new Items(items.stream().map(Settings::flagValue).toList(), COMMAND_LINE);
    }
    if (flag instanceof Map<?, ?> map) {
      Map<String, Value> values = new LinkedHashMap<>();
      map.forEach((key, value) -> values.put(key.toString(), flagValue(value)));
      return new Fields(values, COMMAND_LINE);
    }
    String text = flag instanceof Enum<?> constant ? Scalars.spelling(constant) : flag.toString();
    return new Scalar(text, false, COMMAND_LINE);
  }

  private static Map<String, Object> tree(Record settings) {
    Map<String, Object> tree = new LinkedHashMap<>();
    for (RecordComponent component : settings.getClass().getRecordComponents()) {
      Object value = read(component, settings);
      if (value instanceof Optional<?> optional) {
        value = optional.orElse(null);
      }
      if (value != null) {
        String key = Keys.kebabCase(component.getName());
        tree.put(key, described(key, value));
      }
    }
    return tree;
  }

  private static Object described(String key, Object value) {
    if (Keys.isSecret(key)) {
      return MASK;
    }
    if (value instanceof Record group) {
      return tree(group);
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> entries = new LinkedHashMap<>();
      map.forEach((k, v) -> entries.put(k.toString(), described(k.toString(), v)));
      return entries;
    }
    if (value instanceof List<?> items) {
      return items.stream().map(item -> described(key, item)).toList();
    }
    if (value instanceof Enum<?> constant) {
      return Scalars.spelling(constant);
    }
    return value instanceof Number || value instanceof Boolean ? value : value.toString();
  }

  private static Object read(RecordComponent component, Record settings) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(settings);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot read " + component, e);
    }
  }
}
