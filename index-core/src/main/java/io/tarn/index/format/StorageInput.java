package io.tarn.index.format;

import io.tarn.index.snapshot.FileRef;
import io.tarn.index.storage.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;

/**
 * Gives a file of the index in pieces, so that it is never held whole, to {@link ParquetPages} and
 * to Parquet's own readers. The footer is read once and kept. If asked to, sums up the bytes as
 * they are read on through the file, so that the very bytes that were given are those whose
 * checksum is compared. Not thread-safe.
 */
final class StorageInput implements InputFile {
  /** Read from the end at first: the footer of all but the largest files. */
  private static final int TAIL_BYTES = 64 * 1024;

  private static final int MAX_FOOTER_BYTES = 64 << 20;

  /** The most read at once. */
  static final int MAX_READ_BYTES = 4 << 20;

  /** Fewer bytes are taken from a window of so many, read at once. */
  private static final int WINDOW_BYTES = 64 * 1024;

  private final Storage storage;
  private final FileRef ref;
  private final byte[] footer;
  private final long footerStart;
  private byte[] window = {};
  private long windowStart;
  private int windowBytes;
  private ByteBuffer mapped;

  /** What {@link #bytes} has read of the file, if it is not mapped. */
  private byte[] piece = {};

  private long pieceStart;
  private int pieceBytes;
  private final CRC32C sum = new CRC32C();
  private boolean summing;
  private long summedBytes;
  private Exception failure;

  /**
   * Opens a file.
   *
   * @throws DamagedFileException if it is missing or its length is wrong
   */
  StorageInput(Storage storage, FileRef ref) throws IOException {
    ChecksummedFile.checkLength(storage, ref);
    this.storage = storage;
    this.ref = ref;
    byte[] tail = readTail(TAIL_BYTES);
    if (tail.length >= ParquetFile.TRAILER_BYTES) {
      int footerBytes =
          ByteBuffer.wrap(tail)
              .order(ByteOrder.LITTLE_ENDIAN)
              .getInt(tail.length - ParquetFile.TRAILER_BYTES);
      if (footerBytes < 0 || footerBytes > MAX_FOOTER_BYTES) {
        throw new DamagedFileException(
            ref.path(), "says that its footer has " + footerBytes + " bytes");
      }
      int wanted = footerBytes + ParquetFile.TRAILER_BYTES;
      if (wanted > tail.length) {
        tail = readTail(wanted);
      } else {
        tail = Arrays.copyOfRange(tail, tail.length - wanted, tail.length);
      }
    }
    this.footer = tail;
    this.footerStart = ref.bytes() - tail.length;
  }

  private byte[] readTail(int bytes) throws IOException {
    int length = (int) Math.min(bytes, ref.bytes());
    try {
      return storage.read(ref.path(), ref.bytes() - length, length);
    } catch (NoSuchFileException | EOFException e) {
      throw vanished(e);
    }
  }

  private DamagedFileException vanished(IOException e) {
    return new DamagedFileException(ref.path(), "vanished while it was read", e);
  }

  /** Bytes held as long as this is. */
  int footerBytes() {
    return footer.length;
  }

  /** From now on Parquet reads from the beginning to the end, and all of it is summed up. */
  void beginSum() {
    summing = true;
  }

  /** Whether the checksum of the whole file is going to be compared. */
  boolean isSumming() {
    return summing;
  }

  /** Lets go of what was read. */
  void close() {
    mapped = null;
    piece = new byte[0];
    window = piece;
    pieceBytes = 0;
    windowBytes = 0;
  }

  /**
   * Reads what was not read yet and compares the checksum.
   *
   * @throws DamagedFileException if it is wrong
   */
  void checkSum() throws IOException {
    sumUpTo(ref.bytes());
    ChecksummedFile.checkCrc(ref, sum);
  }

  /** Throws again what the storage threw, which Parquet may have taken for damage. */
  void rethrowFailure() throws IOException {
    if (failure instanceof NoSuchFileException || failure instanceof EOFException) {
      throw vanished((IOException) failure);
    }
    if (failure instanceof IOException e) {
      throw e;
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    }
  }

  @Override
  public long getLength() {
    return ref.bytes();
  }

  @Override
  public SeekableInputStream newStream() {
    return new Stream(new Reads());
  }

  /** From now on reads the file through a mapping, which saves copies, if it can be mapped. */
  void map() throws IOException {
    try {
      mapped = storage.map(ref.path(), 0, Math.toIntExact(ref.bytes())).orElse(null);
    } catch (NoSuchFileException | EOFException e) {
      throw vanished(e);
    }
  }

  /** All of the file, if it is mapped. */
  Optional<ByteBuffer> mapping() {
    return Optional.ofNullable(mapped);
  }

  private void sumUpTo(long position) throws IOException {
    if (mapped != null) {
      sumMapped(Math.min(position, footerStart));
    }
    byte[] bytes = new byte[(int) Math.min(MAX_READ_BYTES, Math.max(0, position - summedBytes))];
    while (summedBytes < position) {
      fetch(summedBytes, bytes, 0, (int) Math.min(bytes.length, position - summedBytes));
    }
  }

  private void sumMapped(long position) throws IOException {
    if (position > summedBytes) {
      try {
        sum.update(mapped.slice((int) summedBytes, (int) (position - summedBytes)));
      } catch (InternalError e) {
        throw unmappable(e);
      }
      summedBytes = position;
    }
  }

  /** What the JVM throws where a mapped file has become shorter, or its disk cannot be read. */
  DamagedFileException unmappable(InternalError e) {
    DamagedFileException damage =
        new DamagedFileException(ref.path(), "cannot be read through its mapping", e);
    failure = damage;
    return damage;
  }

  /** The footer, without its length and magic number. */
  ByteBuffer footer() {
    return ByteBuffer.wrap(footer, 0, Math.max(0, footer.length - ParquetFile.TRAILER_BYTES))
        .slice();
  }

  /**
   * Bytes of the file from its mapping, if there is one, or else read in large pieces; valid until
   * the next call. They are summed up if they are those that follow what was summed up.
   */
  ByteBuffer bytes(long position, int length) throws IOException {
    if (position < 0 || length < 0 || position + length > footerStart) {
      throw new IOException(
          length + " bytes at " + position + " where the footer begins at " + footerStart);
    }
    if (mapped != null) {
      if (summing) {
        sumMapped(position + length);
      }
      return mapped.slice((int) position, length);
    }
    if (position < pieceStart || position + length > pieceStart + pieceBytes) {
      readPiece(position, length);
    }
    return ByteBuffer.wrap(piece, (int) (position - pieceStart), length).slice();
  }

  /** Keeps what is there already of the bytes wanted: no byte is read and summed up twice. */
  private void readPiece(long position, int length) throws IOException {
    if (summing && summedBytes < position) {
      sumUpTo(position);
    }
    int kept = 0;
    if (position >= pieceStart && position < pieceStart + pieceBytes) {
      kept = (int) (pieceStart + pieceBytes - position);
      System.arraycopy(piece, (int) (position - pieceStart), piece, 0, kept);
    }
    int wanted = (int) Math.min(Math.max(length, MAX_READ_BYTES), footerStart - position);
    if (piece.length < wanted) {
      piece = Arrays.copyOf(piece, wanted);
    }
    pieceStart = position;
    pieceBytes = kept;
    while (pieceBytes < wanted) {
      pieceBytes += fetch(pieceStart + pieceBytes, piece, pieceBytes, wanted - pieceBytes);
    }
  }

  /**
   * Reads from {@code position} on at most {@code length} bytes, at least one; returns how many.
   */
  private int fetch(long position, byte[] out, int offset, int length) throws IOException {
    int count;
    if (position >= footerStart) {
      int from = (int) (position - footerStart);
      count = Math.min(length, footer.length - from);
      System.arraycopy(footer, from, out, offset, count);
    } else {
      count = (int) Math.min(Math.min(length, MAX_READ_BYTES), footerStart - position);
      readInto(position, out, offset, count);
    }
    if (summing && position == summedBytes) {
      sum.update(out, offset, count);
      summedBytes += count;
    }
    return count;
  }

  private void readInto(long position, byte[] out, int offset, int count) throws IOException {
    try {
      if (mapped != null) {
        mapped.get((int) position, out, offset, count);
      } else {
        System.arraycopy(storage.read(ref.path(), position, count), 0, out, offset, count);
      }
    } catch (IOException | RuntimeException e) {
      failure = e;
      throw e;
    } catch (InternalError e) {
      throw unmappable(e);
    }
  }

  private final class Reads extends InputStream {
    private long position;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] out, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (position >= ref.bytes()) {
        return -1;
      }
      if (summing && summedBytes < position) {
        sumUpTo(position);
      }
      int count =
          summing || length >= WINDOW_BYTES
              ? fetch(position, out, offset, length)
              : readWindow(out, offset, length);
      position += count;
      return count;
    }

    private int readWindow(byte[] out, int offset, int length) throws IOException {
      if (position < windowStart || position >= windowStart + windowBytes) {
        windowBytes = 0;
        window = window.length == 0 ? new byte[WINDOW_BYTES] : window;
        windowBytes = fetch(position, window, 0, WINDOW_BYTES);
        windowStart = position;
      }
      int from = (int) (position - windowStart);
      int count = Math.min(length, windowBytes - from);
      System.arraycopy(window, from, out, offset, count);
      return count;
    }
  }

  private final class Stream extends DelegatingSeekableInputStream {
    private final Reads reads;

    Stream(Reads reads) {
      super(reads);
      this.reads = reads;
    }

    @Override
    public long getPos() {
      return reads.position;
    }

    @Override
    public void seek(long newPosition) throws IOException {
      if (newPosition < 0 || newPosition > ref.bytes()) {
        throw new IOException("seek to " + newPosition + " of " + ref.bytes() + " bytes");
      }
      reads.position = newPosition;
    }
  }
}
