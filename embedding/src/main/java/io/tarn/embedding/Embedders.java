package io.tarn.embedding;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The kinds of embedders there are. */
public final class Embedders {

  private static final Map<String, Function<byte[], Embedder>> KINDS =
      new TreeMap<>(Map.of(Word2VecEmbedder.KIND, Word2VecEmbedder::fromBytes));

  private Embedders() {}

  /**
   * @param kind as {@link Embedder#kind} gave it
   * @param bytes as {@link Embedder#toBytes} gave them
   * @throws EmbedderFileException if the kind is unknown or the bytes are damaged
   */
  public static Embedder open(String kind, byte[] bytes) {
    Function<byte[], Embedder> reader = KINDS.get(kind);
    if (reader == null) {
      throw new EmbedderFileException(
          "unknown embedder kind '%s'; this version of Tarn knows %s"
              .formatted(kind, String.join(", ", KINDS.keySet())));
    }
    return reader.apply(bytes);
  }
}
