package io.tarn.spark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.embedding.Content;
import io.tarn.embedding.Tokenizer;
import io.tarn.embedding.Word2VecEmbedder;
import io.tarn.index.feature.FeatureId;
import io.tarn.spark.LocalSpark;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.rows.InputRow;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import scala.Tuple2;

class Word2VecTrainingTest {
  private static final Word2VecSettings SETTINGS = new Word2VecSettings(12, 3, 2, 3, 0.025, 42, 1);

  /** Texts of words that occur equally often, so that only their order breaks the ties. */
  private static List<String> texts() {
    Random random = new Random(3);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      List<String> words = new ArrayList<>();
      for (int w = 0; w < 6; w++) {
        words.add("word" + (char) ('a' + random.nextInt(20)) + (char) ('a' + (i + w) % 5));
      }
      texts.add(String.join(" ", words));
    }
    return texts;
  }

  private static JavaRDD<InputRow> rows(List<String> texts, int partitions) {
    List<Tuple2<Integer, String>> numbered = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      numbered.add(new Tuple2<>(i, texts.get(i)));
    }
    Collections.shuffle(numbered, new Random(partitions));
    return JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext())
        .parallelize(numbered, partitions)
        .map(
            text ->
                new InputRow.Readable(
                    FeatureId.of(text._1),
                    null,
                    new Content.Text(text._2),
                    0,
                    text._1,
                    false,
                    new Object[0]));
  }

  @Test
  void theSameTextsGiveTheSameEmbedderHoweverTheyAreSpread() {
    String fingerprint = null;
    for (int partitions : new int[] {1, 2, 7}) {
      Word2VecEmbedder embedder = Word2VecTraining.train(rows(texts(), partitions), SETTINGS);
      assertThat(embedder.dimension()).isEqualTo(12);
      if (fingerprint != null) {
        assertThat(embedder.fingerprint()).isEqualTo(fingerprint);
      }
      fingerprint = embedder.fingerprint();
    }
    Word2VecSettings otherSeed = new Word2VecSettings(12, 3, 2, 3, 0.025, 43, 1);
    assertThat(Word2VecTraining.train(rows(texts(), 2), otherSeed).fingerprint())
        .isNotEqualTo(fingerprint);
  }

  /** The weights are those of the texts: an embedder made of the same vectors by hand agrees. */
  @Test
  void wordsAreWeightedByTheShareOfTextsTheyOccurIn() throws Exception {
    List<String> texts = texts();
    Word2VecEmbedder trained = Word2VecTraining.train(rows(texts, 3), SETTINGS);
    Map<String, Long> frequencies = new HashMap<>();
    for (String text : texts) {
      new HashSet<>(Tokenizer.tokenize(text))
          .forEach(word -> frequencies.merge(word, 1L, Long::sum));
    }
    Map<String, float[]> vectors = new HashMap<>();
    for (String word : frequencies.keySet()) {
      try {
        // One word alone is its own mean, up to the rounding of weight · x / weight.
        vectors.put(word, trained.embed(word));
      } catch (io.tarn.embedding.EmbeddingException e) {
        // A word that was too rare to be learned.
        assertThat(frequencies.get(word)).isEqualTo(1);
      }
    }
    Word2VecEmbedder byHand = Word2VecEmbedder.of(vectors, frequencies, texts.size());
    for (String text : texts) {
      assertThat(trained.embed(text)).containsExactly(byHand.embed(text), within());
    }
  }

  private static org.assertj.core.data.Offset<Float> within() {
    return org.assertj.core.data.Offset.offset(1e-6f);
  }

  @Test
  void wordsOfLikeContextsGetLikeVectors() throws Exception {
    List<String> texts = new ArrayList<>();
    Random random = new Random(5);
    String[] animals = {"cat", "dog", "cow"};
    String[] tools = {"saw", "drill", "hammer"};
    for (int i = 0; i < 600; i++) {
      texts.add("the " + animals[random.nextInt(3)] + " eats and sleeps in the stable");
      texts.add("a " + tools[random.nextInt(3)] + " cuts or breaks wood at work");
    }
    Word2VecEmbedder embedder = Word2VecTraining.train(rows(texts, 2), SETTINGS);
    double like = cosine(embedder.embed("cat"), embedder.embed("cow"));
    double unlike = cosine(embedder.embed("cat"), embedder.embed("drill"));
    assertThat(like).isGreaterThan(unlike + 0.1);
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    double normA = 0;
    double normB = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
      normA += a[i] * a[i];
      normB += b[i] * b[i];
    }
    return dot / Math.sqrt(normA * normB);
  }

  @Test
  void textsWithoutWordsThatOccurOftenEnoughAreAnError() {
    assertThatThrownBy(() -> Word2VecTraining.train(rows(List.of("a b", "c"), 1), SETTINGS))
        .isInstanceOf(UnusableInputException.class)
        .hasMessage(
            "there is nothing to learn from the texts: no word occurs at least 2 times; lower"
                + " min-count, or check the text column");
  }
}
