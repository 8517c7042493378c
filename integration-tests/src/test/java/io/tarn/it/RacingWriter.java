package io.tarn.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * An application of a user, in a jar of its own, that makes an index or finds that somebody else
 * has made it, and appends to it time and again.
 */
public final class RacingWriter {
  static final int BUILT_ROWS = 2_000;
  static final int APPENDS = 6;
  static final int ROWS_PER_APPEND = 50;
  static final int ROWS = BUILT_ROWS + APPENDS * ROWS_PER_APPEND;

  /** What it prints when the index was made by another one. */
  static final String REFUSED = "refused: ";

  /** What it prints after the first append, which is slower than all others. */
  static final String WARM = "appended 1 of " + APPENDS;

  private static final int DIMENSION = 32;
  private static final int MODULUS = 65_521;

  private RacingWriter() {}

  /** {@code index first-id}. */
  public static void main(String[] arguments) throws IOException {
    String index = arguments[0];
    long firstId = Long.parseLong(arguments[1]);
    try (SparkSession spark = SparkSession.builder().appName("writer").getOrCreate()) {
      build(rows(spark, firstId, BUILT_ROWS), index);
      for (int i = 0; i < APPENDS; i++) {
        long from = firstId + BUILT_ROWS + (long) i * ROWS_PER_APPEND;
        rows(spark, from, ROWS_PER_APPEND).write().format("tarn").mode("append").save(index);
        System.out.println("appended " + (i + 1) + " of " + APPENDS);
      }
    }
  }

  private static void build(Dataset<Row> rows, String index) {
    try {
      rows.write().format("tarn").option("nlist", 16).save(index);
    } catch (Exception e) {
      // Scala does not declare what it throws; another failure than the one expected is told too.
      System.out.println(REFUSED + e.getMessage());
    }
  }

  private static Dataset<Row> rows(SparkSession spark, long firstId, int count) {
    String vector =
        "transform(sequence(1, %d), i -> float(id * i %% %d))".formatted(DIMENSION, MODULUS);
    return spark.range(firstId, firstId + count, 1, 1).selectExpr("id", vector + " AS vector");
  }

  /** The vector of a row that it writes. */
  static float[] vector(long id) {
    float[] vector = new float[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) {
      vector[i] = id * (i + 1) % MODULUS;
    }
    return vector;
  }

  /** Writes the jar. */
  static void writeJar(Path file) throws IOException {
    String name = RacingWriter.class.getName().replace('.', '/') + ".class";
    try (InputStream in = RacingWriter.class.getClassLoader().getResourceAsStream(name);
        OutputStream out = Files.newOutputStream(file);
        JarOutputStream jar = new JarOutputStream(out)) {
      jar.putNextEntry(new JarEntry(name));
      in.transferTo(jar);
    }
  }
}
