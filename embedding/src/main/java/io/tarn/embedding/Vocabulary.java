package io.tarn.embedding;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The words an embedder knows. Construction checks what embedding relies on.
 *
 * @param dimension the length of every word's vector
 */
record Vocabulary(int dimension, Map<String, Entry> byWord) {

  /**
   * @param idf the word's weight, above 0
   */
  record Entry(float idf, float[] vector) {}

  Vocabulary {
    if (dimension < 1 || byWord.isEmpty()) {
      throw new IllegalArgumentException("an embedder needs at least one word and one dimension");
    }
    byWord = new HashMap<>(byWord);
    for (Map.Entry<String, Entry> entry : byWord.entrySet()) {
      check(entry.getKey(), entry.getValue(), dimension);
    }
  }

  /** In an order that depends on the words alone. */
  List<String> sortedWords() {
    return byWord.keySet().stream().sorted().toList();
  }

  private static void check(String word, Entry entry, int dimension) {
    if (entry.vector().length != dimension) {
      throw new IllegalArgumentException(
          "word '%s' has %d dimensions, others have %d"
              .formatted(word, entry.vector().length, dimension));
    }
    for (float component : entry.vector()) {
      if (!Float.isFinite(component)) {
        throw new IllegalArgumentException(
            "word '%s' has the component %s".formatted(word, component));
      }
    }
    if (!(entry.idf() > 0) || !Float.isFinite(entry.idf())) {
      throw new IllegalArgumentException(
          "word '%s' has the weight %s".formatted(word, entry.idf()));
    }
  }
}
