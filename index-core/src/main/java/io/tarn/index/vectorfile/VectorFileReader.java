package io.tarn.index.vectorfile;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.GZIPInputStream;

/**
 * Reads vectors row by row from a stream, gzipped or not (the content tells). Not thread-safe.
 *
 * <p>What is wrong with a file is an {@link IOException} that names it, the row and the byte
 * offset.
 */
public final class VectorFileReader implements Closeable {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final int GZIP_MAGIC = 0x1f8b;
  private static final int MAX_DIMENSION = 1 << 20;
  private static final int IDX_UNSIGNED_BYTE = 0x08;
  private static final int IDX_SIGNED_BYTE = 0x09;
  private static final int IDX_SHORT = 0x0B;
  private static final int IDX_INT = 0x0C;
  private static final int IDX_FLOAT = 0x0D;
  private static final int IDX_DOUBLE = 0x0E;

  private final String name;
  private final VectorFileFormat format;
  private final InputStream in;
  private long offsetBytes;
  private long row;
  private int dimension;
  private int idxType;
  private long idxRows = Long.MAX_VALUE;
  private ByteBuffer values = ByteBuffer.allocate(0);

  private VectorFileReader(String name, VectorFileFormat format, InputStream in) {
    this.name = name;
    this.format = format;
    this.in = in;
  }

  /**
   * Begins to read.
   *
   * @param name what errors call the file
   * @param stream the file from its beginning; closed with the reader
   */
  public static VectorFileReader open(String name, VectorFileFormat format, InputStream stream)
      throws IOException {
    VectorFileReader reader = new VectorFileReader(name, format, decompressed(stream));
    if (format == VectorFileFormat.IDX) {
      reader.readIdxHeader();
    }
    return reader;
  }

  private static InputStream decompressed(InputStream stream) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(stream, BUFFER_BYTES);
    buffered.mark(2);
    int magic = buffered.read() << 8 | buffered.read();
    buffered.reset();
    return magic == GZIP_MAGIC
        ? new BufferedInputStream(new GZIPInputStream(buffered, BUFFER_BYTES), BUFFER_BYTES)
        : buffered;
  }

  /** How many rows have been read. */
  public long rowsRead() {
    return row;
  }

  /** The next row as floats, or null at the end. */
  public float[] next() throws IOException {
    if (!readRow()) {
      return null;
    }
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = value(i);
    }
    return vector;
  }

  /** The next row as ints, or null at the end; for {@link VectorFileFormat#IVECS}. */
  public int[] nextInts() throws IOException {
    if (format != VectorFileFormat.IVECS) {
      throw new IllegalStateException(name + " is read as " + format + ", which holds no ints");
    }
    if (!readRow()) {
      return null;
    }
    int[] ints = new int[dimension];
    values.asIntBuffer().get(ints);
    return ints;
  }

  private float value(int i) {
    return switch (format) {
      case FVECS -> values.getFloat(i * Float.BYTES);
      case BVECS -> values.get(i) & 0xff;
      case IVECS -> values.getInt(i * Integer.BYTES);
      case IDX ->
          switch (idxType) {
            case IDX_UNSIGNED_BYTE -> values.get(i) & 0xff;
            case IDX_SIGNED_BYTE -> values.get(i);
            case IDX_SHORT -> values.getShort(i * Short.BYTES);
            case IDX_INT -> values.getInt(i * Integer.BYTES);
            case IDX_FLOAT -> values.getFloat(i * Float.BYTES);
            default -> (float) values.getDouble(i * Double.BYTES);
          };
    };
  }

  private boolean readRow() throws IOException {
    if (row == idxRows) {
      if (in.read() >= 0) {
        throw problem("has more bytes than its header's " + idxRows + " rows take");
      }
      return false;
    }
    if (format.hasRowHeaders() && !readRowHeader()) {
      return false;
    }
    int bytes = values.capacity();
    int read = in.readNBytes(values.array(), 0, bytes);
    if (read < bytes) {
      throw problem("ends in the middle of a row: " + read + " of " + bytes + " bytes");
    }
    offsetBytes += bytes;
    row++;
    return true;
  }

  private boolean readRowHeader() throws IOException {
    byte[] header = in.readNBytes(Integer.BYTES);
    if (header.length == 0) {
      return false;
    }
    if (header.length < Integer.BYTES) {
      throw problem("ends in the middle of a row's dimension");
    }
    int found = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (row == 0 && found >= 1 && found <= MAX_DIMENSION) {
      dimension = found;
      values = ByteBuffer.allocate(dimension * format.valueBytes()).order(ByteOrder.LITTLE_ENDIAN);
    } else if (found != dimension || row == 0) {
      throw problem(
          row == 0
              ? "says that its vectors have " + found + " values; is it really " + format + "?"
              : "has a row of " + found + " values after rows of " + dimension);
    }
    offsetBytes += Integer.BYTES;
    return true;
  }

  private void readIdxHeader() throws IOException {
    byte[] magic = in.readNBytes(4);
    if (magic.length < 4 || magic[0] != 0 || magic[1] != 0 || magic[3] < 1) {
      throw problem("does not begin as an IDX file does");
    }
    idxType = magic[2];
    int valueBytes =
        switch (idxType) {
          case IDX_UNSIGNED_BYTE, IDX_SIGNED_BYTE -> 1;
          case IDX_SHORT -> Short.BYTES;
          case IDX_INT, IDX_FLOAT -> Integer.BYTES;
          case IDX_DOUBLE -> Double.BYTES;
          default -> throw problem("has IDX values of the unknown type " + idxType);
        };
    byte[] sizes = in.readNBytes(magic[3] * Integer.BYTES);
    if (sizes.length < magic[3] * Integer.BYTES) {
      throw problem("ends in its header");
    }
    ByteBuffer header = ByteBuffer.wrap(sizes);
    idxRows = Integer.toUnsignedLong(header.getInt());
    long size = 1;
    while (header.hasRemaining()) {
      size *= Integer.toUnsignedLong(header.getInt());
      if (size < 1 || size > MAX_DIMENSION) {
        throw problem("says that its vectors have " + size + " values or more");
      }
    }
    dimension = (int) size;
    values = ByteBuffer.allocate(dimension * valueBytes);
    offsetBytes = 4L + sizes.length;
  }

  private IOException problem(String what) {
    return new IOException(name + " " + what + " (row " + row + ", byte " + offsetBytes + ")");
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
