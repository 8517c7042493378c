package io.tarn.it;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** A bvecs file, whose rows are numbered; any row can be made again. */
record VectorTable(Path file, int rows) {
  static final int DIMENSION = 64;

  static VectorTable write(Path file, int rows) throws IOException {
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
      for (int row = 0; row < rows; row++) {
        out.writeInt(Integer.reverseBytes(DIMENSION));
        out.write(bytes(row));
      }
    }
    return new VectorTable(file, rows);
  }

  private static byte[] bytes(int row) {
    SplittableRandom random = new SplittableRandom(row);
    byte[] bytes = new byte[DIMENSION];
    random.nextBytes(bytes);
    return bytes;
  }

  static float[] vector(int row) {
    byte[] bytes = bytes(row);
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return vector;
  }
}
