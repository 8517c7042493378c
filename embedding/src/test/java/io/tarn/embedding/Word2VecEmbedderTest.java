package io.tarn.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class Word2VecEmbedderTest {

  private static final Map<String, float[]> VECTORS =
      Map.of(
          "read", new float[] {1, 0, 0.5f},
          "line", new float[] {0, 2, -0.25f},
          "größe", new float[] {-1, 0.125f, 3});
  private static final Map<String, Long> FREQUENCIES =
      Map.of("read", 9L, "line", 4L, "größe", 1L, "rare", 1L);
  private static final long DOCUMENTS = 9;

  private static final Word2VecEmbedder EMBEDDER =
      Word2VecEmbedder.of(VECTORS, FREQUENCIES, DOCUMENTS);

  @Test
  void theVectorIsTheMeanWeightedByInverseDocumentFrequency() throws EmbeddingException {
    double idfRead = 1; // ln(10 / 10) + 1: in every document
    double idfLine = (float) (Math.log(10 / 5.0) + 1);
    double weight = 2 * idfRead + idfLine;

    assertThat(EMBEDDER.embed("readLine, and READ"))
        .containsExactly(
            (float) (2 * idfRead / weight),
            (float) (2 * idfLine / weight),
            (float) ((2 * idfRead * 0.5 - idfLine * 0.25) / weight));
  }

  @Test
  void aSingleWordHasItsOwnVectorWhateverItsLength() throws EmbeddingException {
    assertThat(EMBEDDER.embed("Größe")).isEqualTo(VECTORS.get("größe"));
  }

  @Test
  void aTextWithoutAKnownWordIsRefusedWithItsFirstWords() {
    assertThatThrownBy(() -> EMBEDDER.embed("one two3 four-five six"))
        .isInstanceOf(EmbeddingException.class)
        .hasMessage(
            "no word of the text is known to the embedder (first words: one, two, 3, four, five)");
    assertThatThrownBy(() -> EMBEDDER.embed("x".repeat(1000)))
        .hasMessage(
            "no word of the text is known to the embedder (first words: %s)", "x".repeat(40));
    assertThatThrownBy(() -> EMBEDDER.embed(" … "))
        .isInstanceOf(EmbeddingException.class)
        .hasMessage("the text has no word: neither a letter nor a digit");
  }

  @Property
  void everyTextHasAFiniteVectorOrNoKnownWord(@ForAll("texts") String text) {
    try {
      float[] vector = EMBEDDER.embed(text);

      assertThat(vector).hasSize(3);
      for (float component : vector) {
        assertThat(component).isFinite();
      }
    } catch (EmbeddingException e) {
      assertThat(Tokenizer.tokenize(text)).doesNotContainAnyElementsOf(VECTORS.keySet());
    }
  }

  /** Known words among anything, unpaired surrogates included. */
  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> anything =
        Arbitraries.strings()
            .withCharRange(Character.MIN_VALUE, Character.MAX_VALUE)
            .ofMaxLength(9);
    return Arbitraries.oneOf(anything, Arbitraries.of("read", "LINE", "größe", "Gro\u0308ße"))
        .list()
        .map(parts -> String.join(" ", parts));
  }

  @Test
  void theLargestNumbersDoNotOverflow() throws EmbeddingException {
    float[] largest = {Float.MAX_VALUE, -Float.MAX_VALUE};
    Word2VecEmbedder embedder =
        Word2VecEmbedder.of(Map.of("big", largest), Map.of("big", 1L), Long.MAX_VALUE);

    assertThat(embedder.embed("big ".repeat(1000))).isEqualTo(largest);
  }

  @Test
  void wordsThatCancelOutGiveZero() throws EmbeddingException {
    Word2VecEmbedder embedder =
        Word2VecEmbedder.of(
            Map.of("yes", new float[] {1}, "no", new float[] {-1}), Map.of("yes", 1L, "no", 1L), 2);

    assertThat(embedder.embed("yes no")).containsExactly(0);
  }

  @Test
  void serializationKeepsTheExactModel() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(EMBEDDER);
    }
    Embedder copy;
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      copy = (Embedder) in.readObject();
    }

    assertThat(copy.fingerprint()).isEqualTo(EMBEDDER.fingerprint());
    assertThat(copy.embed("read line")).isEqualTo(EMBEDDER.embed("read line"));
  }

  @Test
  void aWrongVocabularyIsNamed() {
    assertRefused(Map.of(), Map.of(), "an embedder needs at least one word and one dimension");
    assertRefused(
        Map.of("a", new float[0]),
        Map.of("a", 1L),
        "an embedder needs at least one word and one dimension");
    assertRefused(
        Map.of("a", new float[] {Float.NaN}), Map.of("a", 1L), "word 'a' has the component NaN");
    assertRefused(Map.of("a", new float[] {1}), Map.of(), "word 'a' occurs in null of 9 documents");
    assertRefused(
        Map.of("a", new float[] {1}), Map.of("a", 0L), "word 'a' occurs in 0 of 9 documents");
    assertRefused(
        Map.of("a", new float[] {1}), Map.of("a", 10L), "word 'a' occurs in 10 of 9 documents");
    Map<String, float[]> uneven = new LinkedHashMap<>();
    uneven.put("a", new float[] {1, 2});
    uneven.put("b", new float[] {1});
    assertRefused(uneven, Map.of("a", 1L, "b", 1L), "word 'b' has 1 dimensions, others have 2");
  }

  @Test
  void itIsOpenedByItsKind() throws EmbeddingException {
    Embedder opened = Embedders.open(EMBEDDER.kind(), EMBEDDER.toBytes());

    assertThat(opened.kind()).isEqualTo("word2vec");
    assertThat(opened.dimension()).isEqualTo(3);
    assertThat(opened.embed("read line")).isEqualTo(EMBEDDER.embed("read line"));
    assertThatThrownBy(() -> Embedders.open("glove", EMBEDDER.toBytes()))
        .isInstanceOf(EmbedderFileException.class)
        .hasMessage("unknown embedder kind 'glove'; this version of Tarn knows pixels, word2vec");
  }

  private static void assertRefused(
      Map<String, float[]> vectors, Map<String, Long> frequencies, String message) {
    assertThatThrownBy(() -> Word2VecEmbedder.of(vectors, frequencies, DOCUMENTS))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }
}
