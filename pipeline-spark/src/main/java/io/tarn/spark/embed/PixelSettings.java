package io.tarn.spark.embed;

import io.tarn.embedding.PixelEmbedder;
import io.tarn.embedding.PixelEmbedder.Colors;
import io.tarn.settings.Default;

/**
 * How images become vectors.
 *
 * @param width how many pixels wide they are made
 * @param height how many pixels high
 * @param colors gray, one value a pixel, or rgb, three
 */
public record PixelSettings(
    @Default("32") int width, @Default("32") int height, @Default("gray") Colors colors) {
  public PixelSettings {
    embedder(width, height, colors);
  }

  /** The embedder that does so. */
  public PixelEmbedder embedder() {
    return embedder(width, height, colors);
  }

  private static PixelEmbedder embedder(int width, int height, Colors colors) {
    return new PixelEmbedder(width, height, colors);
  }
}
