package io.tarn.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.embedding.PixelEmbedder.Colors;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PixelEmbedderTest {
  private static Content file(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, format, bytes)).isTrue();
    return new Content.Image(bytes.toByteArray());
  }

  private static BufferedImage gray(int width, int height, int... values) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setPixels(0, 0, width, height, values);
    return image;
  }

  private static BufferedImage colored(int type, int width, int height, int... pixels) {
    BufferedImage image = new BufferedImage(width, height, type);
    image.setRGB(0, 0, width, height, pixels, 0, width);
    return image;
  }

  /** Java would make the middle one 188. */
  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp"})
  void grayImagesOfTheSizeAskedForAreTheirOwnVectors(String format) throws Exception {
    assertThat(new PixelEmbedder(3, 1, Colors.GRAY).embed(file(gray(3, 1, 0, 128, 255), format)))
        .containsExactly(0, 128, 255);
  }

  @Test
  void sixteenBitsBecomeEight() throws Exception {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    image.getRaster().setPixels(0, 0, 2, 1, new int[] {65_535, 32_896});

    assertThat(new PixelEmbedder(2, 1, Colors.GRAY).embed(file(image, "png")))
        .containsExactly(255, 128);
  }

  @Test
  void colorsAreBrightnessOrThreeValues() throws Exception {
    Content image = file(colored(BufferedImage.TYPE_INT_RGB, 2, 1, 0xff0000, 0x1040ff), "png");

    assertThat(new PixelEmbedder(2, 1, Colors.GRAY).embed(image)).containsExactly(76, 71);
    assertThat(new PixelEmbedder(2, 1, Colors.RGB).embed(image))
        .containsExactly(255, 0, 0, 0x10, 0x40, 255);
  }

  @Test
  void whatIsTransparentIsWhite() throws Exception {
    Content image = file(colored(BufferedImage.TYPE_INT_ARGB, 2, 1, 0x00ff0000, 0x80000000), "png");

    assertThat(new PixelEmbedder(2, 1, Colors.GRAY).embed(image)).containsExactly(255, 127);
  }

  @Test
  void smallerImagesAreMeansOfWhatTheyCover() throws Exception {
    Content image = file(gray(4, 2, 0, 10, 20, 31, 40, 50, 60, 70), "png");

    assertThat(new PixelEmbedder(2, 1, Colors.GRAY).embed(image)).containsExactly(25, 45);
    // The middle pixel of three covers a third of each of the four, and so on.
    assertThat(new PixelEmbedder(3, 1, Colors.GRAY).embed(file(gray(4, 1, 0, 90, 30, 60), "png")))
        .containsExactly(23, 60, 53);
  }

  @ParameterizedTest
  @CsvSource({"7, 5, 3, 4", "3, 4, 7, 5", "1, 1, 9, 2", "64, 48, 5, 5"})
  void anySizeIsTheMeanByArea(int fromWidth, int fromHeight, int width, int height)
      throws Exception {
    int[] values = new Random(1).ints((long) fromWidth * fromHeight, 0, 256).toArray();
    float[] vector =
        new PixelEmbedder(width, height, Colors.GRAY)
            .embed(file(gray(fromWidth, fromHeight, values), "png"));

    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double sum = 0;
        for (int sy = 0; sy < fromHeight; sy++) {
          for (int sx = 0; sx < fromWidth; sx++) {
            sum +=
                values[sy * fromWidth + sx]
                    * overlap(x, width, sx, fromWidth)
                    * overlap(y, height, sy, fromHeight);
          }
        }
        double mean = sum * width * height;
        assertThat((double) vector[y * width + x]).isBetween(mean - 0.501, mean + 0.501);
      }
    }
  }

  /** What part i of so many has in common with part j of others, of a length of 1. */
  private static double overlap(int i, int parts, int j, int otherParts) {
    double from = Math.max((double) i / parts, (double) j / otherParts);
    double to = Math.min((i + 1.0) / parts, (j + 1.0) / otherParts);
    return Math.max(0, to - from);
  }

  @Test
  void photographsAreRead() throws Exception {
    int[] pixels = new int[64 * 64];
    Arrays.fill(pixels, 0x2080c0);
    float[] vector =
        new PixelEmbedder(1, 1, Colors.RGB)
            .embed(file(colored(BufferedImage.TYPE_INT_RGB, 64, 64, pixels), "jpg"));

    for (int i = 0; i < 3; i++) {
      assertThat(vector[i]).isBetween(new float[] {0x20, 0x80, 0xc0}[i] - 4, 0x20 + i * 0x60 + 4f);
    }
  }

  @Test
  void whatIsNoImageSaysSo() throws Exception {
    PixelEmbedder embedder = new PixelEmbedder(2, 2, Colors.GRAY);
    byte[] whole = ((Content.Image) file(gray(9, 9, new int[81]), "png")).bytes();

    assertThatThrownBy(() -> embedder.embed("words"))
        .isInstanceOf(EmbeddingException.class)
        .hasMessage("the embedder takes images, and this is a text");
    assertThatThrownBy(() -> embedder.embed(new Content.Image(new byte[] {1, 2, 3})))
        .isInstanceOf(EmbeddingException.class)
        .hasMessageStartingWith("the image is of no format that is known");
    assertThatThrownBy(() -> embedder.embed(new Content.Image(Arrays.copyOf(whole, 40))))
        .isInstanceOf(EmbeddingException.class)
        .hasMessageStartingWith("the image cannot be decoded");
    assertThatThrownBy(() -> embedder.embed(new Content.Image(claiming(whole, 100_000, 100_000))))
        .isInstanceOf(EmbeddingException.class)
        .hasMessage("the image has 10000000000 pixels, at most 67108864 are looked at");
  }

  /** A PNG whose header says another size. */
  private static byte[] claiming(byte[] png, int width, int height) {
    byte[] changed = png.clone();
    ByteBuffer.wrap(changed).putInt(16, width).putInt(20, height);
    return changed;
  }

  @Test
  void brokenFilesNeverFailOtherwise() throws Exception {
    PixelEmbedder embedder = new PixelEmbedder(2, 2, Colors.RGB);
    Random random = new Random(7);
    for (String format : new String[] {"png", "gif", "jpg", "bmp"}) {
      byte[] whole =
          ((Content.Image) file(colored(BufferedImage.TYPE_INT_RGB, 8, 8, new int[64]), format))
              .bytes();
      for (int i = 0; i < 200; i++) {
        byte[] broken = whole.clone();
        broken[random.nextInt(broken.length)] = (byte) random.nextInt();
        try {
          assertThat(embedder.embed(new Content.Image(broken))).hasSize(12);
        } catch (EmbeddingException e) {
          assertThat(e.getMessage()).startsWith("the image ");
        }
      }
    }
  }

  @Test
  void itIsStoredInWords() throws Exception {
    PixelEmbedder embedder = new PixelEmbedder(28, 14, Colors.RGB);
    String stored = "tarn pixels 1\nwidth 28\nheight 14\ncolors RGB\n";
    assertThat(embedder.toBytes()).asString(StandardCharsets.UTF_8).isEqualTo(stored);
    assertThat(embedder.dimension()).isEqualTo(3 * 28 * 14);

    for (Embedder opened :
        new Embedder[] {
          Embedders.open("pixels", embedder.toBytes()),
          Embedders.open(embedder.toBytes()),
          serialized(embedder)
        }) {
      assertThat(opened.toBytes()).isEqualTo(embedder.toBytes());
      assertThat(opened.fingerprint()).isEqualTo(embedder.fingerprint()).hasSize(32);
    }
    for (String damaged : new String[] {"", "PAR", stored + " ", stored.replace('1', '2')}) {
      assertThatThrownBy(() -> Embedders.open(damaged.getBytes(StandardCharsets.UTF_8)))
          .isInstanceOf(EmbedderFileException.class)
          .hasMessageStartingWith("damaged pixels embedder");
    }
    assertThatThrownBy(
            () -> Embedders.open(stored.replace("28", "0").getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(EmbedderFileException.class)
        .hasMessageContaining("width and height must be between 1 and 4096, not 0 and 14");
  }

  private static Embedder serialized(Embedder embedder) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(embedder);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (Embedder) in.readObject();
    }
  }
}
