package io.tarn.spark.embed;

import io.tarn.settings.Default;

/**
 * How words become vectors. The defaults suit short texts.
 *
 * @param dimension values of a vector
 * @param iterations how often the texts are gone through
 * @param minCount a word that occurs less often is not learned
 * @param window how many words to the left and right are a word's context
 * @param learningRate the step width of the first iteration
 * @param seed where chance begins
 * @param partitions how many tasks train. One gives the same embedder each time, for the same texts
 *     in the same order; more are faster, and learn a little less and in no fixed order
 */
public record Word2VecSettings(
    @Default("100") int dimension,
    @Default("5") int iterations,
    @Default("2") int minCount,
    @Default("5") int window,
    @Default("0.025") double learningRate,
    @Default("42") long seed,
    @Default("1") int partitions) {
  public Word2VecSettings {
    atLeastOne("dimension", dimension);
    atLeastOne("iterations", iterations);
    atLeastOne("min-count", minCount);
    atLeastOne("window", window);
    atLeastOne("partitions", partitions);
    if (!(learningRate > 0)) {
      throw new IllegalArgumentException("learning-rate " + learningRate + " is not above 0");
    }
  }

  private static void atLeastOne(String key, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(key + " " + value + " is less than 1");
    }
  }
}
