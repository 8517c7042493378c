package io.tarn.index.format;

import io.tarn.index.segment.RowVectors;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Vectors in a segment's file that is mapped into memory. A page is checked when it is first
 * touched; two threads may check it at once, with the same outcome.
 */
final class MappedVectors implements RowVectors.Source {
  private final VectorLayout layout;
  private final ByteBuffer file;

  /** The file as floats that begin at byte 0, 1, 2 and 3: pages begin at any byte. */
  private final FloatBuffer[] floats = new FloatBuffer[Float.BYTES];

  /** Where in the file the values of a page begin; 0 until it is checked. */
  private final int[] values;

  /**
   * @param file all of the file
   */
  MappedVectors(VectorLayout layout, ByteBuffer file) {
    this.layout = layout;
    this.file = file;
    this.values = new int[layout.pages()];
    for (int i = 0; i < floats.length; i++) {
      int from = Math.min(i, file.limit());
      floats[i] =
          file.slice(from, file.limit() - from).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }
  }

  @Override
  public void copy(int row, float[] out, int outOffset) {
    int page = layout.pageOf(row);
    int dimension = layout.dimension();
    int start = values[page];
    if (start == 0) {
      start = check(page);
    }
    int at = start + (row - layout.firstVector(page)) * dimension * Float.BYTES;
    floats[at % Float.BYTES].get(at / Float.BYTES, out, outOffset, dimension);
  }

  private int check(int page) {
    int offset = layout.offset(page);
    try {
      int start = offset + layout.check(page, file.slice(offset, layout.length(page)));
      values[page] = start;
      return start;
    } catch (DamagedFileException e) {
      throw new UncheckedIOException(e);
    } catch (InternalError e) {
      // What the JVM throws where a mapped file has become shorter, or its disk cannot be read.
      throw new UncheckedIOException(
          new DamagedFileException(
              layout.path(), "cannot be read at byte " + offset + " through its mapping", e));
    }
  }

  @Override
  public long memoryBytes() {
    return layout.memoryBytes() + (long) Integer.BYTES * values.length;
  }
}
