package io.tarn.settings;

import io.tarn.settings.Value.Fields;
import io.tarn.settings.Value.Items;
import io.tarn.settings.Value.Scalar;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** YAML 1.2 text to {@link Value}s. Types are left open: the record knows them, not the text. */
final class YamlText {

  private final String source;
  private final Function<Mark, String> origin;

  /**
   * @param source what messages say where no mark is known
   */
  private YamlText(String source, Function<Mark, String> origin) {
    this.source = source;
    this.origin = origin;
  }

  static Fields readFile(Path file) {
    String source = "in " + file;
    YamlText reader = new YamlText(source, mark -> source + ", line " + (mark.getLine() + 1));
    Value value = reader.read(contentOf(file)).orElse(Fields.empty(source));
    if (value instanceof Fields fields) {
      return new Fields(fields.byKey(), source);
    }
    throw new SettingsException(
        "%s must hold lines of the form 'key: value', but holds a single value".formatted(file));
  }

  /** A value written in one line, as in an override. */
  static Value readLine(String yaml, String origin) {
    return new YamlText(origin, mark -> origin).read(yaml).orElse(new Scalar("", true, origin));
  }

  private static String contentOf(Path file) {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new SettingsException("settings file %s does not exist".formatted(file), e);
    } catch (CharacterCodingException e) {
      throw new SettingsException("settings file %s is not UTF-8 text".formatted(file), e);
    } catch (IOException e) {
      throw new SettingsException(
          "settings file %s cannot be read: %s".formatted(file, reason(file, e)), e);
    }
  }

  private static String reason(Path file, IOException e) {
    return Files.isDirectory(file) ? "it is a directory" : e.toString();
  }

  private Optional<Value> read(String yaml) {
    // Non-scalar keys are let through only to be refused with their line.
    LoadSettings settings =
        LoadSettings.builder().setSchema(new CoreSchema()).setAllowNonScalarKeys(true).build();
    try {
      return new Compose(settings).composeString(yaml).map(this::value);
    } catch (MarkedYamlEngineException e) {
      throw malformed(e.getProblemMark(), e.getProblem(), e);
    } catch (YamlEngineException e) {
      throw malformed(Optional.empty(), e.getMessage(), e);
    }
  }

  private Value value(Node node) {
    if (node.isRecursive()) {
      throw malformed(node.getStartMark(), "an alias contains itself", null);
    }
    String from = where(node.getStartMark());
    // if-chain: snakeyaml's nodes are not sealed.
    if (node instanceof ScalarNode scalar) {
      return new Scalar(scalar.getValue(), scalar.getTag().equals(Tag.NULL), from);
    }
    if (node instanceof SequenceNode sequence) {
      return new Items(sequence.getValue().stream().map(this::value).toList(), from);
    }
    return new Fields(flattened((MappingNode) node), from);
  }

  private Map<String, Value> flattened(MappingNode mapping) {
    Map<String, Value> flat = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      Optional<Mark> mark = tuple.getKeyNode().getStartMark();
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        throw malformed(mark, "a key must be a single word", null);
      }
      Fields fields = Fields.of(key.getValue(), value(tuple.getValueNode()));
      fields
          .byKey()
          .forEach(
              (whole, leaf) -> {
                if (flat.putIfAbsent(whole, leaf) != null) {
                  throw malformed(mark, "key '" + whole + "' is given twice", null);
                }
              });
    }
    return flat;
  }

  private String where(Optional<Mark> mark) {
    return mark.map(origin).orElse(source);
  }

  private SettingsException malformed(Optional<Mark> mark, String problem, Exception cause) {
    return new SettingsException("malformed YAML %s: %s".formatted(where(mark), problem), cause);
  }
}
