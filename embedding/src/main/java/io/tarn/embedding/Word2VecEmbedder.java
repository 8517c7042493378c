package io.tarn.embedding;

import io.tarn.embedding.Vocabulary.Entry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The vector of a text is the mean of its words' vectors, weighted by inverse document frequency:
 *
 * <pre>{@code
 * vector(text) = Σ idf(w)·vector(w) / Σ idf(w)     over the known words w of the text, repeats too
 * idf(w)       = ln((1 + documents) / (1 + documents with w)) + 1
 * }</pre>
 *
 * Words are those of {@link Tokenizer}. Sums are taken in double, in the order of the text, and
 * rounded to float once at the end, so the result does not depend on who computes it.
 */
public final class Word2VecEmbedder implements Embedder {
  private static final long serialVersionUID = 1L;

  static final String KIND = "word2vec";

  private static final int WORDS_IN_MESSAGE = 5;
  private static final int WORD_CHARS_IN_MESSAGE = 40;

  /**
   * All there is to serialize, and exactly what the fingerprint was taken of: written again by
   * another release of Parquet, the same vocabulary may become other bytes.
   */
  private final byte[] stored;

  private final transient String fingerprint;
  private final transient Vocabulary vocabulary;

  private Word2VecEmbedder(byte[] stored) {
    this.stored = stored;
    this.fingerprint = Fingerprint.of(stored);
    this.vocabulary = Word2VecFile.read(stored);
  }

  /**
   * @param vectors by word; words as {@link Tokenizer} makes them, others are never looked up
   * @param documentFrequencies in how many documents each of these words occurs; further words are
   *     ignored
   * @param documentCount the number of all documents
   * @throws IllegalArgumentException naming the word that is wrong
   */
  public static Word2VecEmbedder of(
      Map<String, float[]> vectors, Map<String, Long> documentFrequencies, long documentCount) {
    Map<String, Entry> entries = new HashMap<>();
    vectors.forEach(
        (word, vector) -> {
          Long frequency = documentFrequencies.get(word);
          if (frequency == null || frequency < 1 || frequency > documentCount) {
            throw new IllegalArgumentException(
                "word '%s' occurs in %s of %d documents".formatted(word, frequency, documentCount));
          }
          entries.put(word, new Entry(idf(frequency, documentCount), vector));
        });
    int dimension =
        vectors.values().stream().mapToInt(vector -> vector.length).findFirst().orElse(0);
    return new Word2VecEmbedder(Word2VecFile.write(new Vocabulary(dimension, entries)));
  }

  /**
   * @throws EmbedderFileException if the bytes are damaged or from a newer version
   */
  public static Word2VecEmbedder fromBytes(byte[] bytes) {
    return new Word2VecEmbedder(bytes.clone());
  }

  /** A Parquet file with one row for each word. */
  @Override
  public byte[] toBytes() {
    return stored.clone();
  }

  @Override
  public int dimension() {
    return vocabulary.dimension();
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public float[] embed(Content content) throws EmbeddingException {
    if (!(content instanceof Content.Text text)) {
      throw new EmbeddingException("the embedder takes texts, and this is an image");
    }
    List<String> words = Tokenizer.tokenize(text.text());
    double[] sum = new double[dimension()];
    double weight = 0;
    for (String word : words) {
      Entry entry = vocabulary.byWord().get(word);
      if (entry != null) {
        addWeighted(entry, sum);
        weight += entry.idf();
      }
    }
    if (weight == 0) {
      throw new EmbeddingException(noKnownWord(words));
    }
    float[] mean = new float[sum.length];
    for (int d = 0; d < mean.length; d++) {
      mean[d] = (float) (sum[d] / weight);
    }
    return mean;
  }

  private static void addWeighted(Entry entry, double[] sum) {
    double idf = entry.idf();
    float[] vector = entry.vector();
    for (int d = 0; d < sum.length; d++) {
      sum[d] += idf * vector[d];
    }
  }

  private static String noKnownWord(List<String> words) {
    if (words.isEmpty()) {
      return "the text has no word: neither a letter nor a digit";
    }
    String first =
        words.stream()
            .limit(WORDS_IN_MESSAGE)
            .map(word -> word.substring(0, Math.min(word.length(), WORD_CHARS_IN_MESSAGE)))
            .collect(Collectors.joining(", "));
    return "no word of the text is known to the embedder (first words: %s)".formatted(first);
  }

  /** StrictMath, as Math.log may differ in the last bit between machines. */
  private static float idf(long documentFrequency, long documentCount) {
    return (float) (StrictMath.log((1.0 + documentCount) / (1.0 + documentFrequency)) + 1);
  }

  private Object readResolve() {
    return new Word2VecEmbedder(stored);
  }
}
