package io.tarn.spark.input;

import io.tarn.index.vectorfile.VectorFileFormat;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The table a job reads.
 *
 * @param rows the rows, read anew whenever they are asked for
 * @param order what tells the place of a row
 * @param dimension the dimension of the vectors where the files' headers say it
 * @param corruptColumn the column that holds, of a line that could not be parsed, its text
 */
public record InputTable(
    Dataset<Row> rows, RowOrder order, OptionalInt dimension, Optional<String> corruptColumn) {
  private static final String CORRUPT = "_corrupt_record";

  /**
   * How many rows Spark unpacks at once from Parquet. A value of a vector takes twelve bytes then,
   * so that the 4,096 rows it takes by itself would be 72 MiB of 1,536 dimensions.
   */
  private static final int MAX_PARQUET_BATCH_ROWS = 512;

  private static final String PARQUET_BATCH_ROWS = "spark.sql.parquet.columnarReaderBatchSize";

  /** Any table; its rows are numbered in the order of its partitions, which must not vary. */
  public static InputTable of(Dataset<Row> rows) {
    return new InputTable(rows, RowOrder.BY_PARTITION, OptionalInt.empty(), Optional.empty());
  }

  /**
   * The table in files. Vector files have the columns {@code id}, the row's number from 0 on
   * through all files by path, and {@code vector}.
   *
   * @throws UnusableInputException if there are no such files, or they are not of the format
   */
  public static InputTable open(SparkSession spark, InputSettings input) throws IOException {
    List<FileStatus> files = files(spark, input.path());
    Optional<VectorFileFormat> vectorFile = input.format().vectorFile();
    if (vectorFile.isPresent()) {
      return VectorFiles.open(spark, vectorFile.get(), files);
    }
    try {
      return sparkTable(spark, input);
    } catch (Exception e) {
      // Scala does not declare the checked exceptions it throws.
      if (e instanceof SparkThrowable) {
        throw new UnusableInputException(
            input.path() + " cannot be read as " + input.format().externalName() + ": " + reason(e),
            e);
      }
      throw e;
    }
  }

  /** What Spark itself says, which may be wrapped in its account of a job that failed. */
  private static String reason(Throwable e) {
    String reason = e.getMessage();
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof SparkThrowable) {
        reason = cause.getMessage();
      }
    }
    return reason.lines().findFirst().orElse("");
  }

  /** The files of an input by path: those of a directory, of a pattern, or the one file. */
  private static List<FileStatus> files(SparkSession spark, String path) throws IOException {
    Path pattern = new Path(path);
    FileSystem system = pattern.getFileSystem(spark.sparkContext().hadoopConfiguration());
    FileStatus[] matches = system.globStatus(pattern);
    if (matches == null || matches.length == 0) {
      throw new UnusableInputException("the input " + path + " does not exist");
    }
    if (matches.length == 1 && matches[0].isDirectory()) {
      matches = system.listStatus(matches[0].getPath());
    }
    List<FileStatus> files =
        Arrays.stream(matches)
            .filter(file -> !file.getPath().getName().startsWith("_"))
            .filter(file -> !file.getPath().getName().startsWith("."))
            .sorted(Comparator.comparing(file -> file.getPath().toString()))
            .toList();
    if (files.isEmpty()) {
      throw new UnusableInputException("the input " + path + " is empty: it holds no files");
    }
    return files;
  }

  private static InputTable sparkTable(SparkSession spark, InputSettings input) {
    DataFrameReader reader = readingSession(spark).read();
    Optional<String> corrupt = Optional.empty();
    switch (input.format()) {
      case PARQUET -> reader.format("parquet");
      case JSON -> {
        reader.format("json").option("columnNameOfCorruptRecord", CORRUPT);
        corrupt = Optional.of(CORRUPT);
      }
      case CSV -> {
        // A quote inside quotes is doubled, as RFC 4180 has it and spreadsheets write it.
        reader.format("csv").option("header", true).option("inferSchema", true);
        reader.option("escape", "\"").option("columnNameOfCorruptRecord", CORRUPT);
        corrupt = Optional.of(CORRUPT);
      }
      case FVECS, BVECS, IDX -> throw new IllegalStateException("Spark reads no vector files");
    }
    StructType schema = reader.load(input.path()).schema();
    refuseSchemaless(schema, input);
    if (corrupt.isPresent()) {
      // Without this column, a line that cannot be parsed would be a row of nulls.
      StructType withCorrupt = schema;
      if (!Arrays.asList(schema.fieldNames()).contains(CORRUPT)) {
        withCorrupt = schema.add(CORRUPT, DataTypes.StringType);
      }
      reader.schema(withCorrupt);
    }
    return new InputTable(
        reader.load(input.path()), RowOrder.BY_FILE, OptionalInt.empty(), corrupt);
  }

  /** A copy of the session, as there is no option of the reader for this. */
  private static SparkSession readingSession(SparkSession spark) {
    SparkSession copy = ((org.apache.spark.sql.classic.SparkSession) spark).cloneSession();
    int rows = Integer.parseInt(copy.conf().get(PARQUET_BATCH_ROWS));
    copy.conf().set(PARQUET_BATCH_ROWS, Math.min(rows, MAX_PARQUET_BATCH_ROWS));
    return copy;
  }

  /** Without a column found in the lines, the ids' would be the first thing to be missed. */
  private static void refuseSchemaless(StructType schema, InputSettings input) {
    if (schema.isEmpty()) {
      throw new UnusableInputException("the input " + input.path() + " is empty: it has no rows");
    }
    if (Arrays.equals(schema.fieldNames(), new String[] {CORRUPT})) {
      throw new UnusableInputException(
          "no line of "
              + input.path()
              + " can be read as "
              + input.format().externalName()
              + (input.format() == InputFormat.JSON ? ": each must be an object of its own" : ""));
    }
  }
}
