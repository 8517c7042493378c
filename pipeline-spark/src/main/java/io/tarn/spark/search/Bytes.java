package io.tarn.spark.search;

import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.nio.ByteBuffer;

/** Arrays on their way from task to task; they may be null. */
final class Bytes {
  private static final int NULL = -1;

  private Bytes() {}

  static void write(ObjectOutput out, byte[] bytes) throws IOException {
    if (bytes == null) {
      out.writeInt(NULL);
      return;
    }
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  static byte[] read(ObjectInput in) throws IOException {
    int length = in.readInt();
    if (length == NULL) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }

  static void write(ObjectOutput out, float[] floats) throws IOException {
    if (floats == null) {
      out.writeInt(NULL);
      return;
    }
    ByteBuffer bytes = ByteBuffer.allocate(floats.length * Float.BYTES);
    bytes.asFloatBuffer().put(floats);
    write(out, bytes.array());
  }

  static float[] readFloats(ObjectInput in) throws IOException {
    byte[] bytes = read(in);
    if (bytes == null) {
      return null;
    }
    float[] floats = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).asFloatBuffer().get(floats);
    return floats;
  }
}
