package io.tarn.index.segment;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;

/**
 * The vectors of a segment's features, wherever they are held. However they are held, they have the
 * same values and the same distances to the bit.
 */
public abstract sealed class RowVectors {
  private static final int CACHE_LINE_BYTES = 64;

  /**
   * Bytes before the first vector. The default collector puts a large array, whose header has 16
   * bytes, at the beginning of a cache line: so vectors of whole lines begin there, too, and do not
   * take one line more.
   */
  public static final int LEAD_BYTES = CACHE_LINE_BYTES - 16;

  private final int dimension;
  private final int size;

  private RowVectors(int dimension, int size) {
    this.dimension = dimension;
    this.size = size;
  }

  /** Floats of a vector. */
  public int dimension() {
    return dimension;
  }

  /** How many vectors there are. */
  public int size() {
    return size;
  }

  /** Bytes of memory the vectors take. */
  public abstract long memoryBytes();

  /** Copies a vector. */
  public abstract void copy(int row, float[] out, int outOffset);

  /** The squared Euclidean distance of {@code query} and a vector. */
  public abstract float squaredL2(float[] query, int row);

  /** The inner product of {@code query} and a vector. */
  public abstract float dot(float[] query, int row);

  /**
   * The squared Euclidean distances of {@code query} and some vectors.
   *
   * @param rows which; those from {@code from} up to {@code to} count
   * @param distances receives the distance of row {@code rows[i]} at i
   */
  public void squaredL2(float[] query, int[] rows, int from, int to, float[] distances) {
    for (int i = from; i < to; i++) {
      distances[i] = squaredL2(query, rows[i]);
    }
  }

  /** The inner products of {@code query} and some vectors, as {@link #squaredL2}. */
  public void dot(float[] query, int[] rows, int from, int to, float[] products) {
    for (int i = from; i < to; i++) {
      products[i] = dot(query, rows[i]);
    }
  }

  /**
   * Reads a little of some vectors, so that they are on their way from memory when they are needed.
   * In one go: the less is done between the reads, the more of them the processor has under way.
   *
   * @param rows which; those from {@code from} up to {@code to} count
   * @return anything; to be used for something, or the reading is optimised away
   */
  public abstract int touch(int[] rows, int from, int to);

  /** A vector of its own. */
  public float[] get(int row) {
    float[] vector = new float[dimension];
    copy(row, vector, 0);
    return vector;
  }

  /**
   * Vectors that lie elsewhere and are fetched, one at a time, when they are asked for.
   *
   * @param source gives their floats
   */
  public static RowVectors fetched(int dimension, int size, Source source) {
    return new Fetched(dimension, size, source);
  }

  /** Where vectors come from that are not held in memory. Thread-safe. */
  public interface Source {
    /**
     * Copies a vector.
     *
     * @throws java.io.UncheckedIOException if it cannot be read, or is damaged
     */
    void copy(int row, float[] out, int outOffset);

    /** Bytes of memory it takes to find the vectors. */
    long memoryBytes();
  }

  /**
   * Collects vectors. As long as every value is a whole number from 0 to 255, as in pictures and in
   * many image descriptors, a value takes a byte and not four.
   */
  public static final class Builder {
    private static final int BYTE_OFFSET = 128;
    private static final int MAX_BYTE = 255;

    /** Looking for values that are no bytes, so many are stored before the first look. */
    private static final int CHECKED_VALUES = 4096;

    private final int dimension;
    private final int rows;
    private byte[] bytes;
    private float[] floats;
    private int size;

    /**
     * @param rows how many vectors there will be
     */
    public Builder(int dimension, int rows) {
      this.dimension = dimension;
      this.rows = rows;
      Math.multiplyExact(rows, dimension);
    }

    /** Adds vectors that stand one after the other from {@code offset} on. */
    public void add(float[] vectors, int offset, int count) {
      if (size + count > rows) {
        throw new IllegalStateException("more than " + rows + " vectors");
      }
      if (floats == null && !addBytes(vectors, offset, count)) {
        floats = new float[Math.addExact(LEAD_BYTES / Float.BYTES, rows * dimension)];
        for (int i = 0; i < size * dimension; i++) {
          floats[LEAD_BYTES / Float.BYTES + i] = bytes[LEAD_BYTES + i] + BYTE_OFFSET;
        }
        bytes = null;
      }
      if (floats != null) {
        int at = LEAD_BYTES / Float.BYTES + size * dimension;
        System.arraycopy(vectors, offset, floats, at, count * dimension);
      }
      size += count;
    }

    private boolean addBytes(float[] vectors, int offset, int count) {
      if (bytes == null) {
        bytes = new byte[Math.addExact(rows * dimension, LEAD_BYTES + CodeKernels.ROW_PADDING)];
      }
      int at = LEAD_BYTES + size * dimension;
      int values = count * dimension;
      for (int begin = 0; begin < values; begin += CHECKED_VALUES) {
        int end = Math.min(values, begin + CHECKED_VALUES);
        if (!storeBytes(vectors, offset + begin, at + begin, end - begin)) {
          return false;
        }
      }
      return true;
    }

    /** Bit by bit: negative zero is none, it would come back as zero. */
    private boolean storeBytes(float[] vectors, int offset, int at, int count) {
      int wrongBits = 0;
      for (int i = 0; i < count; i++) {
        float value = vectors[offset + i];
        int whole = (int) value & MAX_BYTE;
        bytes[at + i] = (byte) (whole - BYTE_OFFSET);
        wrongBits |= Float.floatToRawIntBits(whole) ^ Float.floatToRawIntBits(value);
      }
      return wrongBits == 0;
    }

    /** How many vectors were added. */
    public int size() {
      return size;
    }

    public RowVectors build() {
      return bytes != null
          ? new Bytes(bytes, dimension, size)
          : new Floats(floats == null ? new float[0] : floats, dimension, size);
    }
  }

  private static final class Floats extends RowVectors {
    private final VectorKernels kernels = Kernels.best();
    private final float[] values;

    Floats(float[] values, int dimension, int size) {
      super(dimension, size);
      this.values = values;
    }

    @Override
    public long memoryBytes() {
      return (long) Float.BYTES * values.length;
    }

    @Override
    public int touch(int[] rows, int from, int to) {
      int sum = 0;
      for (int r = from; r < to; r++) {
        int end = at(rows[r] + 1);
        sum += Float.floatToRawIntBits(values[end - 1]);
        for (int i = at(rows[r]); i < end; i += CACHE_LINE_BYTES / Float.BYTES) {
          sum += Float.floatToRawIntBits(values[i]);
        }
      }
      return sum;
    }

    private int at(int row) {
      return LEAD_BYTES / Float.BYTES + row * dimension();
    }

    @Override
    public void copy(int row, float[] out, int outOffset) {
      System.arraycopy(values, at(row), out, outOffset, dimension());
    }

    @Override
    public float squaredL2(float[] query, int row) {
      return kernels.squaredL2(query, 0, values, at(row), dimension());
    }

    @Override
    public float dot(float[] query, int row) {
      return kernels.dot(query, 0, values, at(row), dimension());
    }

    @Override
    public void squaredL2(float[] query, int[] rows, int from, int to, float[] distances) {
      kernels.squaredL2(
          query, values, LEAD_BYTES / Float.BYTES, rows, from, to, dimension(), distances);
    }

    @Override
    public void dot(float[] query, int[] rows, int from, int to, float[] products) {
      kernels.dot(query, values, LEAD_BYTES / Float.BYTES, rows, from, to, dimension(), products);
    }
  }

  private static final class Bytes extends RowVectors {
    private final CodeKernels kernels = Kernels.codes();
    private final byte[] values;

    Bytes(byte[] values, int dimension, int size) {
      super(dimension, size);
      this.values = values;
    }

    @Override
    public long memoryBytes() {
      return values.length;
    }

    @Override
    public int touch(int[] rows, int from, int to) {
      int sum = 0;
      if (dimension() == 2 * CACHE_LINE_BYTES) {
        for (int r = from; r < to; r++) {
          int at = at(rows[r]);
          sum += values[at] + values[at + CACHE_LINE_BYTES];
        }
        return sum;
      }
      if (dimension() < 2 * CACHE_LINE_BYTES) {
        // Without a loop, which is slow to begin, more rows are asked for at once.
        for (int r = from; r < to; r++) {
          int at = at(rows[r]);
          sum += values[at] + values[at + dimension() / 2] + values[at + dimension() - 1];
        }
        return sum;
      }
      for (int r = from; r < to; r++) {
        int end = at(rows[r] + 1);
        sum += values[end - 1];
        for (int i = at(rows[r]); i < end; i += CACHE_LINE_BYTES) {
          sum += values[i];
        }
      }
      return sum;
    }

    private int at(int row) {
      return LEAD_BYTES + row * dimension();
    }

    @Override
    public void copy(int row, float[] out, int outOffset) {
      int from = at(row);
      for (int i = 0; i < dimension(); i++) {
        out[outOffset + i] = values[from + i] + Builder.BYTE_OFFSET;
      }
    }

    @Override
    public float squaredL2(float[] query, int row) {
      return kernels.squaredL2(query, values, at(row), dimension());
    }

    @Override
    public float dot(float[] query, int row) {
      return kernels.dot(query, values, at(row), dimension());
    }

    @Override
    public void squaredL2(float[] query, int[] rows, int from, int to, float[] distances) {
      kernels.squaredL2(query, values, LEAD_BYTES, rows, from, to, dimension(), distances);
    }

    @Override
    public void dot(float[] query, int[] rows, int from, int to, float[] products) {
      kernels.dot(query, values, LEAD_BYTES, rows, from, to, dimension(), products);
    }
  }

  private static final class Fetched extends RowVectors {
    /** The vector a thread looks at. */
    private static final ThreadLocal<float[]> SCRATCH = ThreadLocal.withInitial(() -> new float[0]);

    private final VectorKernels kernels = Kernels.best();
    private final Source source;

    Fetched(int dimension, int size, Source source) {
      super(dimension, size);
      this.source = source;
    }

    @Override
    public long memoryBytes() {
      return source.memoryBytes();
    }

    /** Touching would cost as much as reading. */
    @Override
    public int touch(int[] rows, int from, int to) {
      return 0;
    }

    @Override
    public void copy(int row, float[] out, int outOffset) {
      source.copy(row, out, outOffset);
    }

    @Override
    public float squaredL2(float[] query, int row) {
      return kernels.squaredL2(query, 0, fetch(row), 0, dimension());
    }

    @Override
    public float dot(float[] query, int row) {
      return kernels.dot(query, 0, fetch(row), 0, dimension());
    }

    private float[] fetch(int row) {
      float[] vector = SCRATCH.get();
      if (vector.length < dimension()) {
        vector = new float[dimension()];
        SCRATCH.set(vector);
      }
      source.copy(row, vector, 0);
      return vector;
    }
  }
}
