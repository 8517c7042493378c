package io.tarn.spark.embed;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Embedders;
import io.tarn.spark.input.UnusableInputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/** An embedder in a file of its own, on any file system Hadoop knows. */
public final class EmbedderFile {
  private EmbedderFile() {}

  /** Writes an embedder to a file that does not exist yet. */
  public static void write(Configuration hadoop, String file, Embedder embedder)
      throws IOException {
    Path path = new Path(file);
    try (OutputStream out = path.getFileSystem(hadoop).create(path, false)) {
      out.write(embedder.toBytes());
    }
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws UnusableInputException if there is no such file
   * @throws io.tarn.embedding.EmbedderFileException if it is damaged, or no embedder
   */
  public static Embedder read(Configuration hadoop, String file) throws IOException {
    Path path = new Path(file);
    try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
      return Embedders.open(in.readAllBytes());
    } catch (FileNotFoundException e) {
      throw new UnusableInputException("the embedder " + file + " does not exist", e);
    }
  }
}
