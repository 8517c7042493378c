package io.tarn.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

/** Reads a list column of a Parquet file as vectors, row by row. */
final class ParquetVectors {
  private final Path file;
  private final String column;

  private ParquetVectors(Path file, String column) {
    this.file = file;
    this.column = column;
  }

  static List<float[]> read(Path file, String column, int limit) throws IOException {
    return new ParquetVectors(file, column).read(limit);
  }

  private List<float[]> read(int limit) throws IOException {
    List<float[]> vectors = new ArrayList<>();
    try (ParquetReader<Group> rows = new Rows(new LocalInputFile(file)).build()) {
      for (Group row = rows.read(); row != null && vectors.size() < limit; row = rows.read()) {
        vectors.add(vector(row, vectors.size()));
      }
    } catch (RuntimeException e) {
      if (e instanceof CommandException) {
        throw e;
      }
      // Parquet answers what is no Parquet with exceptions of several kinds.
      throw new CommandException(file + " cannot be read as Parquet: " + e.getMessage(), e);
    }
    return vectors;
  }

  private float[] vector(Group row, int number) {
    if (!row.getType().containsField(column)) {
      throw new CommandException(
          file
              + " has no column '"
              + column
              + "', but "
              + row.getType().getFields().stream().map(Type::getName).toList()
              + ": name one with --vector-column");
    }
    if (row.getType().getType(column).isPrimitive() || row.getFieldRepetitionCount(column) != 1) {
      throw new CommandException(
          file + ", query " + number + ": column '" + column + "' holds no list of numbers");
    }
    Group list = row.getGroup(column, 0);
    float[] vector = new float[list.getFieldRepetitionCount(0)];
    for (int i = 0; i < vector.length; i++) {
      Group element = list.getGroup(0, i);
      if (element.getFieldRepetitionCount(0) == 0) {
        throw new CommandException(
            file + ", query " + number + ": value " + i + " of the vector is null");
      }
      vector[i] =
          element.getType().getType(0).asPrimitiveType().getPrimitiveTypeName()
                  == PrimitiveTypeName.DOUBLE
              ? (float) element.getDouble(0, 0)
              : element.getFloat(0, 0);
    }
    return vector;
  }

  private static final class Rows extends ParquetReader.Builder<Group> {
    Rows(InputFile file) {
      super(file, new PlainParquetConfiguration());
    }

    @Override
    protected ReadSupport<Group> getReadSupport() {
      return new GroupReadSupport();
    }
  }
}
