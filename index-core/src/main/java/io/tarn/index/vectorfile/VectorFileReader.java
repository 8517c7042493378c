package io.tarn.index.vectorfile;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
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
  private int headerBytes;
  private int idxType;
  private long idxRows = Long.MAX_VALUE;
  private ByteBuffer values = ByteBuffer.allocate(0);

  private boolean compressed;

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
    BufferedInputStream in = new BufferedInputStream(stream, BUFFER_BYTES);
    boolean compressed = isGzip(in);
    if (compressed) {
      in = new BufferedInputStream(new GZIPInputStream(in, BUFFER_BYTES), BUFFER_BYTES);
    }
    VectorFileReader reader = new VectorFileReader(name, format, in);
    reader.compressed = compressed;
    if (format == VectorFileFormat.IDX) {
      reader.readIdxHeader();
    } else {
      reader.peekDimension();
    }
    return reader;
  }

  /**
   * Begins to read in the middle of a file that is not compressed.
   *
   * @param name what errors call the file
   * @param layout what {@link #layout} said of the same file
   * @param row the first row to read
   * @param stream the file from {@link RowLayout#offsetBytes} of that row on; closed with the
   *     reader
   */
  public static VectorFileReader resume(
      String name, RowLayout layout, long row, InputStream stream) {
    VectorFileReader reader =
        new VectorFileReader(name, layout.format(), new BufferedInputStream(stream, BUFFER_BYTES));
    reader.headerBytes = layout.headerBytes();
    reader.idxType = layout.idxType();
    reader.idxRows = layout.rows();
    reader.setDimension(layout.dimension());
    reader.row = row;
    reader.offsetBytes = layout.offsetBytes(row);
    return reader;
  }

  private static boolean isGzip(BufferedInputStream in) throws IOException {
    in.mark(2);
    int magic = in.read() << 8 | in.read();
    in.reset();
    return magic == GZIP_MAGIC;
  }

  /** Whether the file is gzipped, so that it can only be read from its beginning. */
  public boolean isCompressed() {
    return compressed;
  }

  /** How the rows lie in the file, once decompressed; empty if it has none. */
  public Optional<RowLayout> layout() {
    if (dimension == 0) {
      return Optional.empty();
    }
    int rowHeaderBytes = format.hasRowHeaders() ? Integer.BYTES : 0;
    return Optional.of(
        new RowLayout(
            format, idxType, dimension, headerBytes, rowHeaderBytes + values.capacity(), idxRows));
  }

  /** The number of the next row: how many have been read, or lie before where reading began. */
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
    if (found != dimension) {
      throw problem("has a row of " + found + " values after rows of " + dimension);
    }
    offsetBytes += Integer.BYTES;
    return true;
  }

  private void peekDimension() throws IOException {
    in.mark(Integer.BYTES);
    byte[] header = in.readNBytes(Integer.BYTES);
    in.reset();
    if (header.length < Integer.BYTES) {
      return; // An empty file has no rows; a torn one is reported when its first row is read.
    }
    int found = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (found < 1 || found > MAX_DIMENSION) {
      throw problem(
          "says that its vectors have " + found + " values; is it really " + format + "?");
    }
    setDimension(found);
  }

  private void setDimension(int found) {
    dimension = found;
    int valueBytes = format.hasRowHeaders() ? format.valueBytes() : idxValueBytes(idxType);
    values =
        ByteBuffer.allocate(dimension * valueBytes)
            .order(format.hasRowHeaders() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
  }

  /** Bytes of a value, or 0 if the type is unknown. */
  private static int idxValueBytes(int type) {
    return switch (type) {
      case IDX_UNSIGNED_BYTE, IDX_SIGNED_BYTE -> 1;
      case IDX_SHORT -> Short.BYTES;
      case IDX_INT, IDX_FLOAT -> Integer.BYTES;
      case IDX_DOUBLE -> Double.BYTES;
      default -> 0;
    };
  }

  private void readIdxHeader() throws IOException {
    byte[] magic = in.readNBytes(4);
    if (magic.length < 4 || magic[0] != 0 || magic[1] != 0 || magic[3] < 1) {
      throw problem("does not begin as an IDX file does");
    }
    idxType = magic[2];
    if (idxValueBytes(idxType) == 0) {
      throw problem("has IDX values of the unknown type " + idxType);
    }
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
    setDimension((int) size);
    headerBytes = 4 + sizes.length;
    offsetBytes = headerBytes;
  }

  private IOException problem(String what) {
    return new IOException(name + " " + what + " (row " + row + ", byte " + offsetBytes + ")");
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
