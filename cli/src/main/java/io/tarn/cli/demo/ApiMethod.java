package io.tarn.cli.demo;

import io.tarn.embedding.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A method others can call.
 *
 * @param origin the module or jar it is in
 * @param packageName the package of its class
 * @param className its class, nested ones behind a dot
 * @param name its name
 * @param parameters its parameters' types without packages, type arguments left out
 * @param result the type of what it returns, without package
 * @param types the names of all types of its signature, type arguments included
 * @param isStatic whether it belongs to its class
 * @param deprecated whether it should no longer be called
 */
record ApiMethod(
    String origin,
    String packageName,
    String className,
    String name,
    List<String> parameters,
    String result,
    List<String> types,
    boolean isStatic,
    boolean deprecated) {

  /** Words of queries that say nothing about a method, and would only add noise. */
  private static final Set<String> SILENT_WORDS =
      Set.of(
          "a", "an", "and", "by", "for", "from", "in", "into", "is", "it", "of", "on", "the", "to",
          "with");

  /** For example {@code java.nio.file.Files.readAllLines(Path, Charset)}. */
  String id() {
    return packageName + "." + className + "." + name + "(" + String.join(", ", parameters) + ")";
  }

  /**
   * What is embedded. What a method does is told by its name first, then by its class, then by what
   * it takes and gives; the embedder weighs a word by how often it is repeated, so the name stands
   * twice.
   */
  String text() {
    List<String> words = new ArrayList<>();
    words.addAll(words(name));
    words.addAll(words(className));
    words.addAll(words(name));
    types.forEach(type -> words.addAll(words(type)));
    if (isConversion()) {
      words.add("convert");
      words.addAll(words(spelledOut(parameters.get(0))));
      words.addAll(words(spelledOut(result)));
    }
    words.addAll(words(packageName));
    return String.join(" ", words);
  }

  /** Few conversions say so: valueOf, parseInt, toPath, of… But their signature does. */
  private boolean isConversion() {
    return isStatic
        && parameters.size() == 1
        && !result.equals("void")
        && !result.equals(parameters.get(0));
  }

  /** People write integer where Java has int. */
  private static String spelledOut(String type) {
    return switch (type) {
      case "int" -> "int Integer";
      case "char" -> "char Character";
      default -> type;
    };
  }

  private static List<String> words(String text) {
    return Tokenizer.tokenize(text).stream()
        .filter(word -> word.length() > 1 && !SILENT_WORDS.contains(word))
        .toList();
  }
}
