package io.tarn.index.format;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.KeyValue;
import org.apache.parquet.format.Util;

/** Rewrites the footer of a Parquet file: thrift, its length in four bytes, and "PAR1". */
final class ParquetFooter {
  private static final int TAIL_BYTES = 8;

  private ParquetFooter() {}

  /** The file with another value for a key of its metadata, if it has that key. */
  static byte[] withMetadata(byte[] file, String key, String value) throws IOException {
    int footerBytes =
        ByteBuffer.wrap(file, file.length - TAIL_BYTES, Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .getInt();
    int footerStart = file.length - TAIL_BYTES - footerBytes;
    FileMetaData footer =
        Util.readFileMetaData(new ByteArrayInputStream(file, footerStart, footerBytes));
    for (KeyValue entry : footer.getKey_value_metadata()) {
      if (entry.getKey().equals(key)) {
        entry.setValue(value);
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(file, 0, footerStart);
    Util.writeFileMetaData(footer, out);
    int length = out.size() - footerStart;
    out.write(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(length).array());
    out.write(Arrays.copyOfRange(file, file.length - Integer.BYTES, file.length));
    return out.toByteArray();
  }
}
