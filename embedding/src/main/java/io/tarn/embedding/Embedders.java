package io.tarn.embedding;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The kinds of embedders there are. */
public final class Embedders {

  private static final Map<String, Function<byte[], Embedder>> KINDS =
      new TreeMap<>(
          Map.of(
              Word2VecEmbedder.KIND, Word2VecEmbedder::fromBytes,
              PixelEmbedder.KIND, PixelEmbedder::fromBytes));

  /** What a Parquet file begins with, and a word2vec embedder is one. */
  private static final String PARQUET = "PAR1";

  private Embedders() {}

  /**
   * An embedder in a file of its own, whose kind nobody has written down.
   *
   * @param bytes as {@link Embedder#toBytes} gave them
   * @throws EmbedderFileException if the bytes are damaged, or no embedder
   */
  public static Embedder open(byte[] bytes) {
    String start =
        new String(bytes, 0, Math.min(PARQUET.length(), bytes.length), StandardCharsets.ISO_8859_1);
    return start.equals(PARQUET)
        ? Word2VecEmbedder.fromBytes(bytes)
        : PixelEmbedder.fromBytes(bytes);
  }

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
