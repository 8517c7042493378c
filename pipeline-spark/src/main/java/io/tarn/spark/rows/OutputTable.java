package io.tarn.spark.rows;

import java.io.IOException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;

/** Parquet tables that jobs leave behind for others. */
public final class OutputTable {
  /** Where Spark's tasks write until the job commits. */
  private static final String UNCOMMITTED = "_temporary";

  /** A task that was under way when the job failed may still put its folder there again. */
  private static final int LOOKS = 10;

  private static final long MILLIS_BETWEEN_LOOKS = 100;

  private OutputTable() {}

  /**
   * Writes a table where there is nothing yet. Spark leaves a folder without results when it fails,
   * which would refuse the next try; that is removed.
   */
  public static void write(Dataset<Row> table, String path) throws IOException {
    Path output = new Path(path);
    FileSystem files =
        output.getFileSystem(table.sparkSession().sparkContext().hadoopConfiguration());
    boolean wasThere = files.exists(output);
    try {
      table.write().mode(SaveMode.ErrorIfExists).parquet(path);
    } catch (Throwable failure) {
      // Of any kind: Spark throws checked exceptions that it does not declare.
      if (!wasThere) {
        try {
          removeRemains(files, output);
        } catch (IOException e) {
          failure.addSuppressed(e);
        }
      }
      throw failure;
    }
  }

  private static void removeRemains(FileSystem files, Path output) throws IOException {
    for (int look = 0; look < LOOKS; look++) {
      if (files.exists(output) && hasNoResults(files, output)) {
        files.delete(output, true);
      }
      try {
        Thread.sleep(MILLIS_BETWEEN_LOOKS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private static boolean hasNoResults(FileSystem files, Path output) throws IOException {
    for (FileStatus file : files.listStatus(output)) {
      if (!file.getPath().getName().equals(UNCOMMITTED)) {
        return false;
      }
    }
    return true;
  }
}
