package io.tarn.embedding;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.apache.parquet.io.DelegatingPositionOutputStream;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.SeekableInputStream;

/** Parquet files as byte arrays. */
final class InMemoryFile {

  private InMemoryFile() {}

  static final class Output implements OutputFile {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    byte[] bytes() {
      return bytes.toByteArray();
    }

    @Override
    public PositionOutputStream create(long blockSizeHint) {
      return new DelegatingPositionOutputStream(bytes) {
        @Override
        public long getPos() {
          return bytes.size();
        }
      };
    }

    @Override
    public PositionOutputStream createOrOverwrite(long blockSizeHint) {
      bytes.reset();
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
  }

  record Input(byte[] bytes) implements InputFile {
    /** Parquet's messages call the file by this. */
    @Override
    public String toString() {
      return "the file of %d bytes".formatted(bytes.length);
    }

    @Override
    public long getLength() {
      return bytes.length;
    }

    @Override
    public SeekableInputStream newStream() {
      Cursor cursor = new Cursor(bytes);
      return new DelegatingSeekableInputStream(cursor) {
        @Override
        public long getPos() {
          return cursor.position();
        }

        @Override
        public void seek(long position) throws IOException {
          cursor.seek(position);
        }
      };
    }
  }

  private static final class Cursor extends ByteArrayInputStream {
    Cursor(byte[] bytes) {
      super(bytes);
    }

    int position() {
      return pos;
    }

    void seek(long position) throws IOException {
      if (position < 0 || position > count) {
        throw new IOException("offset %d is outside the %d bytes".formatted(position, count));
      }
      pos = (int) position;
    }
  }
}
