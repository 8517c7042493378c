package io.tarn.index.format;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.SeekableInputStream;

/** Lets Parquet read from an array and write to any stream. */
final class MemoryParquet {
  private MemoryParquet() {}

  static InputFile input(byte[] bytes) {
    return new InputFile() {
      @Override
      public long getLength() {
        return bytes.length;
      }

      @Override
      public SeekableInputStream newStream() {
        return new ArrayInput(bytes);
      }
    };
  }

  /** A file that goes to {@code out}, which stays open when Parquet closes the file. */
  static OutputFile output(OutputStream out) {
    return new OutputFile() {
      @Override
      public PositionOutputStream create(long blockSizeHint) {
        return new CountingOutput(out);
      }

      @Override
      public PositionOutputStream createOrOverwrite(long blockSizeHint) {
        return create(blockSizeHint);
      }

      @Override
      public boolean supportsBlockSize() {
        return false;
      }

      @Override
      public long defaultBlockSize() {
        return 0;
      }
    };
  }

  private static final class ArrayInput extends DelegatingSeekableInputStream {
    private final int length;
    private final PositionedBytes bytes;

    ArrayInput(byte[] bytes) {
      this(new PositionedBytes(bytes), bytes.length);
    }

    private ArrayInput(PositionedBytes bytes, int length) {
      super(bytes);
      this.bytes = bytes;
      this.length = length;
    }

    @Override
    public long getPos() {
      return bytes.position();
    }

    @Override
    public void seek(long newPosition) throws IOException {
      if (newPosition < 0 || newPosition > length) {
        throw new IOException("seek to " + newPosition + " of " + length + " bytes");
      }
      bytes.seek((int) newPosition);
    }
  }

  /** An array stream whose position can be set; the one of the JDK cannot. */
  private static final class PositionedBytes extends java.io.ByteArrayInputStream {
    PositionedBytes(byte[] bytes) {
      super(bytes);
    }

    int position() {
      return pos;
    }

    void seek(int newPosition) {
      pos = newPosition;
    }
  }

  private static final class CountingOutput extends PositionOutputStream {
    private final OutputStream out;
    private long position;

    CountingOutput(OutputStream out) {
      this.out = out;
    }

    @Override
    public long getPos() {
      return position;
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      position++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      position += length;
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    @Override
    public void close() {
      // Whoever opened the stream publishes it after the footer is written.
    }
  }
}
