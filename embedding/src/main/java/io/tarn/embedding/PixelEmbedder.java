package io.tarn.embedding;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * The vector of an image is the image itself, made as large as all others: row by row the
 * brightness of its pixels, or their red, green and blue, as whole numbers from 0 to 255, which an
 * index keeps in a byte each. Near in these vectors are images that look alike pixel by pixel, such
 * as copies in other sizes and formats.
 *
 * <p>A pixel of the small image is the mean of what it covers of the large one, weighted by area.
 * Sums are taken in whole numbers, so that they do not depend on who computes them. Transparent
 * parts are as on white ground. Formats are those of {@link ImageIO}: PNG, JPEG, GIF, BMP, TIFF.
 */
public final class PixelEmbedder implements Embedder {
  private static final long serialVersionUID = 1L;

  static final String KIND = "pixels";

  /** How a pixel becomes numbers. */
  public enum Colors {
    /** One number, the brightness (luma of ITU-R BT.601). */
    GRAY,

    /** Three numbers: red, green, blue. */
    RGB
  }

  /** The largest image that is looked at: a small file may hold a very large one. */
  private static final long MAX_PIXELS = 1L << 26;

  private static final int MAX_SIDE = 4096;
  private static final int WHITE = 255;
  private static final int RED_WEIGHT = 299;
  private static final int GREEN_WEIGHT = 587;
  private static final int BLUE_WEIGHT = 114;
  private static final int WEIGHTS = RED_WEIGHT + GREEN_WEIGHT + BLUE_WEIGHT;

  private static final Pattern STORED =
      Pattern.compile("tarn pixels 1\nwidth (\\d{1,4})\nheight (\\d{1,4})\ncolors (GRAY|RGB)\n");

  private final int width;
  private final int height;
  private final Colors colors;

  /**
   * @param width how many pixels wide images become, from 1 to 4,096
   * @param height how many pixels high, likewise
   */
  public PixelEmbedder(int width, int height, Colors colors) {
    if (width < 1 || width > MAX_SIDE || height < 1 || height > MAX_SIDE) {
      throw new IllegalArgumentException(
          "width and height must be between 1 and %d, not %d and %d"
              .formatted(MAX_SIDE, width, height));
    }
    this.width = width;
    this.height = height;
    this.colors = colors;
  }

  /**
   * @throws EmbedderFileException if the bytes are damaged or from a newer version
   */
  public static PixelEmbedder fromBytes(byte[] bytes) {
    Matcher stored = STORED.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
    if (!stored.matches()) {
      throw new EmbedderFileException(
          "damaged pixels embedder, or one of a newer Tarn: it has %d bytes and does not read 'tarn pixels 1, width, height, colors'"
              .formatted(bytes.length));
    }
    try {
      return new PixelEmbedder(
          Integer.parseInt(stored.group(1)),
          Integer.parseInt(stored.group(2)),
          Colors.valueOf(stored.group(3)));
    } catch (IllegalArgumentException e) {
      throw new EmbedderFileException("damaged pixels embedder: " + e.getMessage(), e);
    }
  }

  /** Four lines of text. */
  @Override
  public byte[] toBytes() {
    return "tarn pixels 1\nwidth %d\nheight %d\ncolors %s\n"
        .formatted(width, height, colors)
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public int dimension() {
    return width * height * (colors == Colors.GRAY ? 1 : 3);
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public String fingerprint() {
    return Fingerprint.of(toBytes());
  }

  @Override
  public float[] embed(Content content) throws EmbeddingException {
    if (!(content instanceof Content.Image image)) {
      throw new EmbeddingException("the embedder takes images, and this is a text");
    }
    return scale(read(image.bytes()));
  }

  private static BufferedImage read(byte[] bytes) throws EmbeddingException {
    try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(bytes))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new EmbeddingException(
            "the image is of no format that is known, such as PNG or JPEG: it has %d bytes"
                .formatted(bytes.length));
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
        if (pixels > MAX_PIXELS) {
          throw new EmbeddingException(
              "the image has %d pixels, at most %d are looked at".formatted(pixels, MAX_PIXELS));
        }
        return reader.read(0);
      } finally {
        reader.dispose();
      }
    } catch (IOException | RuntimeException e) {
      // Decoders answer damage with exceptions of every kind.
      throw new EmbeddingException("the image cannot be decoded: " + e.getMessage());
    }
  }

  private float[] scale(BufferedImage image) {
    int channels = colors == Colors.GRAY ? 1 : 3;
    float[] vector = new float[dimension()];
    int[] row = new int[image.getWidth()];
    // In units of 1 / width by 1 / height of the large image's pixels, all borders are whole.
    long area = (long) image.getWidth() * image.getHeight();
    long[] sums = new long[width * channels];
    for (int y = 0; y < height; y++) {
      Arrays.fill(sums, 0);
      long top = (long) y * image.getHeight();
      long bottom = top + image.getHeight();
      for (long source = top / height; source * height < bottom; source++) {
        long high = Math.min(bottom, (source + 1) * height) - Math.max(top, source * height);
        readRow(image, (int) source, row);
        addRow(row, high, sums, channels);
      }
      for (int i = 0; i < sums.length; i++) {
        long divisor = channels == 1 ? area * WEIGHTS : area;
        long mean = (sums[i] + divisor / 2) / divisor;
        vector[y * sums.length + i] = mean;
      }
    }
    return vector;
  }

  /** A row's pixels: alpha, red, green and blue, eight bits each. */
  private static void readRow(BufferedImage image, int y, int[] row) {
    ColorModel model = image.getColorModel();
    boolean isGray =
        model.getColorSpace().getType() == ColorSpace.TYPE_GRAY
            && !(model instanceof IndexColorModel);
    if (!isGray) {
      image.getRGB(0, y, row.length, 1, row, 0, row.length);
      return;
    }
    // Java takes gray for linear in light, which files hardly ever are, and would brighten it.
    int largest = (1 << model.getComponentSize(0)) - 1;
    for (int x = 0; x < row.length; x++) {
      int gray = 255 * image.getRaster().getSample(x, y, 0) / largest;
      int alpha = model.hasAlpha() ? 255 * image.getRaster().getSample(x, y, 1) / largest : 255;
      row[x] = alpha << 24 | gray << 16 | gray << 8 | gray;
    }
  }

  /** Adds what a row of the large image brings to a row of the small one. */
  private void addRow(int[] row, long high, long[] sums, int channels) {
    for (int x = 0; x < width; x++) {
      long left = (long) x * row.length;
      long right = left + row.length;
      for (long source = left / width; source * width < right; source++) {
        long wide = Math.min(right, (source + 1) * width) - Math.max(left, source * width);
        int pixel = row[(int) source];
        int red = onWhite(pixel >> 16, pixel);
        int green = onWhite(pixel >> 8, pixel);
        int blue = onWhite(pixel, pixel);
        if (channels == 1) {
          sums[x] += wide * high * (RED_WEIGHT * red + GREEN_WEIGHT * green + BLUE_WEIGHT * blue);
        } else {
          sums[3 * x] += wide * high * red;
          sums[3 * x + 1] += wide * high * green;
          sums[3 * x + 2] += wide * high * blue;
        }
      }
    }
  }

  private static int onWhite(int value, int pixel) {
    int alpha = pixel >>> 24;
    return ((value & 255) * alpha + WHITE * (255 - alpha) + 127) / 255;
  }
}
