package io.tarn.spark.rows;

import java.io.IOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;

/** Parquet tables that jobs leave behind for others. */
public final class OutputTable {
  private OutputTable() {}

  /**
   * Writes a table where there is nothing yet. Spark leaves an empty folder when it fails, which
   * would refuse the next try; that is removed.
   */
  public static void write(Dataset<Row> table, String path) throws IOException {
    boolean written = false;
    try {
      table.write().mode(SaveMode.ErrorIfExists).parquet(path);
      written = true;
    } finally {
      if (!written) {
        removeIfEmpty(table, new Path(path));
      }
    }
  }

  private static void removeIfEmpty(Dataset<Row> table, Path path) throws IOException {
    FileSystem files =
        path.getFileSystem(table.sparkSession().sparkContext().hadoopConfiguration());
    if (files.exists(path)
        && files.getFileStatus(path).isDirectory()
        && files.listStatus(path).length == 0) {
      files.delete(path, false);
    }
  }
}
