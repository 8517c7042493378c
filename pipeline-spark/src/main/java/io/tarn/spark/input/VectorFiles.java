package io.tarn.spark.input;

import io.tarn.index.vectorfile.RowLayout;
import io.tarn.index.vectorfile.VectorFileFormat;
import io.tarn.index.vectorfile.VectorFileReader;
import io.tarn.spark.rows.Packed;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Vector files as a table. A plain file is read by many tasks, each from a row of its own on; a
 * gzipped one by one task. Nothing is held beyond the row being read.
 */
final class VectorFiles {
  private static final long MIN_SPLIT_BYTES = 1L << 20;
  private static final long MAX_SPLIT_BYTES = 64L << 20;
  private static final int SPLITS_PER_CORE = 4;

  private final SparkSession spark;
  private final VectorFileFormat format;
  private final Configuration hadoop;

  /**
   * A run of rows that one task reads.
   *
   * @param path the file
   * @param layout how its rows lie; null for a gzipped file, which is read from its beginning
   * @param firstRow the first row within the file
   * @param rows how many rows; {@link #ALL} to the end of the file
   * @param firstId the number of the first row through all files
   */
  record Split(String path, RowLayout layout, long firstRow, long rows, long firstId)
      implements Serializable {
    static final long ALL = Long.MAX_VALUE;
  }

  /** What the beginning of a file says; no layout if it has no rows. */
  private record Head(FileStatus file, boolean compressed, Optional<RowLayout> layout) {
    String path() {
      return file.getPath().toString();
    }

    /** Whether the file has to be read to its end to know how many rows it has. */
    boolean mustBeCounted() {
      return compressed && layout.isPresent() && layout.get().rows() == Split.ALL;
    }
  }

  private VectorFiles(SparkSession spark, VectorFileFormat format) {
    this.spark = spark;
    this.format = format;
    this.hadoop = spark.sparkContext().hadoopConfiguration();
  }

  static InputTable open(SparkSession spark, VectorFileFormat format, List<FileStatus> files)
      throws IOException {
    return new VectorFiles(spark, format).table(files);
  }

  private InputTable table(List<FileStatus> files) throws IOException {
    List<Head> heads = new ArrayList<>();
    for (FileStatus file : files) {
      heads.add(head(file));
    }
    OptionalInt dimension =
        heads.stream()
            .flatMap(head -> head.layout().stream())
            .mapToInt(RowLayout::dimension)
            .findFirst();
    List<Split> splits = splits(heads, rowCounts(heads));
    Broadcast<SerializableConfiguration> configuration =
        SerializableConfiguration.broadcast(spark.sparkContext());
    VectorFileFormat formatOfAll = format;
    JavaRDD<VectorRow> rows =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(packed(splits), Math.max(1, splits.size()))
            .flatMap(split -> read(split.get(), formatOfAll, configuration.value().value()));
    return new InputTable(
        spark.createDataset(rows.rdd(), Encoders.bean(VectorRow.class)).toDF(),
        RowOrder.NUMBERED,
        dimension,
        Optional.empty());
  }

  private Head head(FileStatus file) throws IOException {
    Path path = file.getPath();
    try (FSDataInputStream stream = path.getFileSystem(hadoop).open(path);
        VectorFileReader reader = VectorFileReader.open(path.toString(), format, stream)) {
      return new Head(file, reader.isCompressed(), reader.layout());
    }
  }

  /** The rows of each file; of the last one only if that is free, as nothing comes after it. */
  private List<Long> rowCounts(List<Head> heads) {
    List<Split> uncounted =
        heads.subList(0, heads.size() - 1).stream()
            .filter(Head::mustBeCounted)
            .map(head -> new Split(head.path(), null, 0, Split.ALL, 0))
            .toList();
    Iterator<Long> counted = count(uncounted).iterator();
    List<Long> counts = new ArrayList<>();
    for (Head head : heads) {
      if (head.layout().isEmpty()) {
        counts.add(0L);
      } else if (head.mustBeCounted()) {
        counts.add(counted.hasNext() ? counted.next() : Split.ALL);
      } else {
        counts.add(head.layout().get().rowsIn(head.file().getLen()));
      }
    }
    return counts;
  }

  private List<Long> count(List<Split> files) {
    if (files.isEmpty()) {
      return List.of();
    }
    Broadcast<SerializableConfiguration> configuration =
        SerializableConfiguration.broadcast(spark.sparkContext());
    VectorFileFormat formatOfAll = format;
    return JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(packed(files), files.size())
        .map(
            file -> {
              long rows = 0;
              Iterator<VectorRow> each =
                  read(file.get(), formatOfAll, configuration.value().value());
              while (each.hasNext()) {
                each.next();
                rows++;
              }
              return rows;
            })
        .collect();
  }

  private List<Split> splits(List<Head> heads, List<Long> rowCounts) {
    long totalBytes = heads.stream().mapToLong(head -> head.file().getLen()).sum();
    long tasks = (long) spark.sparkContext().defaultParallelism() * SPLITS_PER_CORE;
    long splitBytes = Math.max(MIN_SPLIT_BYTES, Math.min(MAX_SPLIT_BYTES, totalBytes / tasks));
    List<Split> splits = new ArrayList<>();
    long firstId = 0;
    for (int i = 0; i < heads.size(); i++) {
      Head head = heads.get(i);
      long rows = rowCounts.get(i);
      if (head.compressed()) {
        splits.add(new Split(head.path(), null, 0, Split.ALL, firstId));
      } else if (head.layout().isPresent()) {
        RowLayout layout = head.layout().get();
        long splitRows = Math.max(1, splitBytes / layout.rowBytes());
        // One split at least, and the last one to the end: it meets what is wrong there.
        for (long row = 0; row == 0 || row < rows; row += splitRows) {
          boolean last = row + splitRows >= rows;
          splits.add(
              new Split(head.path(), layout, row, last ? Split.ALL : splitRows, firstId + row));
        }
      }
      firstId += rows;
    }
    return splits;
  }

  private static List<Packed<Split>> packed(List<Split> splits) {
    return splits.stream().map(Packed::of).toList();
  }

  private static Iterator<VectorRow> read(
      Split split, VectorFileFormat format, Configuration hadoop) throws IOException {
    Path path = new Path(split.path());
    FSDataInputStream stream = path.getFileSystem(hadoop).open(path);
    try {
      VectorFileReader reader;
      if (split.layout() == null) {
        reader = VectorFileReader.open(split.path(), format, stream);
      } else {
        stream.seek(split.layout().offsetBytes(split.firstRow()));
        reader = VectorFileReader.resume(split.path(), split.layout(), split.firstRow(), stream);
      }
      return new VectorRowIterator(reader, split.rows(), split.firstId());
    } catch (IOException | RuntimeException e) {
      stream.close();
      throw e;
    }
  }
}
