package io.tarn.index.format;

import io.tarn.index.segment.RowVectors;
import io.tarn.index.storage.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;

/**
 * Vectors in a segment's file, whose pages are read when needed and kept in a {@link PageCache}.
 */
final class CachedVectors implements RowVectors.Source {
  private final Storage storage;
  private final VectorLayout layout;
  private final PageCache.File pages;
  private final PageCache.Reader reader = this::read;

  CachedVectors(Storage storage, VectorLayout layout, PageCache cache) {
    this.storage = storage;
    this.layout = layout;
    this.pages = cache.file(layout.pages());
  }

  @Override
  public void copy(int row, float[] out, int outOffset) {
    int page = layout.pageOf(row);
    int dimension = layout.dimension();
    try {
      float[] floats = pages.get(page, layout.floats(page), layout.length(page), reader);
      System.arraycopy(
          floats, (row - layout.firstVector(page)) * dimension, out, outOffset, dimension);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private float[] read(int page) throws IOException {
    byte[] bytes;
    try {
      bytes = storage.read(layout.path(), layout.offset(page), layout.length(page));
    } catch (NoSuchFileException | EOFException e) {
      throw new DamagedFileException(layout.path(), "vanished while it was read", e);
    }
    int start = layout.check(page, ByteBuffer.wrap(bytes));
    float[] floats = new float[layout.floats(page)];
    ByteBuffer.wrap(bytes, start, bytes.length - start)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(floats);
    return floats;
  }

  @Override
  public long memoryBytes() {
    return layout.memoryBytes() + (long) Long.BYTES * layout.pages();
  }
}
