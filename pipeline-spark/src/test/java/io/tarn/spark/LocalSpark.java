package io.tarn.spark;

import org.apache.spark.sql.SparkSession;

/**
 * The one Spark session of all tests in this JVM: two cores, and four attempts at a task. It
 * serializes with Kryo, which takes fewer classes than Java's own serialization.
 */
public final class LocalSpark {
  private static final SparkSession SESSION =
      SparkSession.builder()
          .master("local[2,4]")
          .appName("tests")
          .config("spark.ui.enabled", false)
          .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
          .config("spark.sql.extensions", "io.tarn.spark.source.TarnExtensions")
          .config("spark.sql.shuffle.partitions", 4)
          .config("spark.sql.session.timeZone", "UTC")
          .config("spark.driver.host", "127.0.0.1")
          .config("spark.driver.bindAddress", "127.0.0.1")
          .config("spark.sql.warehouse.dir", System.getProperty("java.io.tmpdir") + "/warehouse")
          .getOrCreate();

  private LocalSpark() {}

  public static SparkSession session() {
    return SESSION;
  }
}
