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
import java.util.zip.CRC32C;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;

/**
 * Lets Parquet read a file of the index in pieces, so that it is never held whole. The footer is
 * read once and kept. If asked to, sums up the bytes as Parquet reads on through the file, so that
 * the very bytes it was given are those whose checksum is compared. Not thread-safe.
 */
final class StorageInput implements InputFile {
  /** Read from the end at first: the footer of all but the largest files. */
  private static final int TAIL_BYTES = 64 * 1024;

  private static final int MAX_FOOTER_BYTES = 64 << 20;

  /** The length of the footer in four bytes, and "PAR1". */
  private static final int TRAILER_BYTES = 8;

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
    if (tail.length >= TRAILER_BYTES) {
      int footerBytes =
          ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt(tail.length - TRAILER_BYTES);
      if (footerBytes < 0 || footerBytes > MAX_FOOTER_BYTES) {
        throw new DamagedFileException(
            ref.path(), "says that its footer has " + footerBytes + " bytes");
      }
      int wanted = footerBytes + TRAILER_BYTES;
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

  private void sumUpTo(long position) throws IOException {
    while (summedBytes < position) {
      fetch(summedBytes, (int) Math.min(MAX_READ_BYTES, position - summedBytes));
    }
  }

  /** Reads from {@code position} on at most {@code length} bytes, at least one. */
  private byte[] fetch(long position, int length) throws IOException {
    byte[] bytes;
    if (position >= footerStart) {
      int from = (int) (position - footerStart);
      bytes = Arrays.copyOfRange(footer, from, Math.min(footer.length, from + length));
    } else {
      int wanted = (int) Math.min(length, footerStart - position);
      try {
        bytes = storage.read(ref.path(), position, wanted);
      } catch (IOException | RuntimeException e) {
        failure = e;
        throw e;
      }
    }
    if (summing && position == summedBytes) {
      sum.update(bytes, 0, bytes.length);
      summedBytes += bytes.length;
    }
    return bytes;
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
      int count;
      if (summing) {
        sumUpTo(position);
        byte[] bytes = fetch(position, Math.min(MAX_READ_BYTES, length));
        count = bytes.length;
        System.arraycopy(bytes, 0, out, offset, count);
      } else if (length < WINDOW_BYTES) {
        count = readWindow(out, offset, length);
      } else {
        byte[] bytes = fetch(position, Math.min(MAX_READ_BYTES, length));
        count = bytes.length;
        System.arraycopy(bytes, 0, out, offset, count);
      }
      position += count;
      return count;
    }

    private int readWindow(byte[] out, int offset, int length) throws IOException {
      if (position < windowStart || position >= windowStart + window.length) {
        window = fetch(position, WINDOW_BYTES);
        windowStart = position;
      }
      int from = (int) (position - windowStart);
      int count = Math.min(length, window.length - from);
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
