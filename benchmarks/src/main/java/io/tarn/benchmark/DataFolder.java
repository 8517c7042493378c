package io.tarn.benchmark;

import io.tarn.index.vectorfile.RowLayout;
import io.tarn.index.vectorfile.VectorFileFormat;
import io.tarn.index.vectorfile.VectorFileReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder with a published data set. File names tell what is what: the vectors to index are in the
 * file whose name has {@code base} or {@code train} in it, the queries in the one with {@code
 * query}, {@code test} or {@code t10k}, the true neighbours in an ivecs file. Labels and training
 * sets of other kinds ({@code labels}, {@code learn}) are passed over.
 */
final class DataFolder {
  private static final int FIRST_CAPACITY_ROWS = 1024;
  private static final int MAX_FLOATS = Integer.MAX_VALUE - Long.BYTES;

  /** What a file is for. */
  private enum Role {
    BASE("the vectors to index", "base or train"),
    QUERIES("the queries", "query, test or t10k"),
    TRUTH("the true neighbours", "groundtruth, and is ivecs");

    private final String meaning;
    private final String sign;

    Role(String meaning, String sign) {
      this.meaning = meaning;
      this.sign = sign;
    }
  }

  private final Path folder;
  private final List<Path> files;

  private DataFolder(Path folder, List<Path> files) {
    this.folder = folder;
    this.files = files;
  }

  /**
   * Reads a data set.
   *
   * @param queryCount how many queries to read at most
   */
  static DataSet read(String name, Path path, int queryCount) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    if (!Files.isDirectory(path)) {
      throw new NotDirectoryException(path.toString());
    }
    try (Stream<Path> entries = Files.list(path)) {
      return new DataFolder(path, entries.filter(Files::isRegularFile).sorted().toList())
          .read(name, queryCount);
    }
  }

  private DataSet read(String name, int queryCount) throws IOException {
    Path baseFile = file(Role.BASE).orElseThrow(() -> missing(Role.BASE));
    Path queryFile = file(Role.QUERIES).orElseThrow(() -> missing(Role.QUERIES));
    Vectors base = readVectors(baseFile, Integer.MAX_VALUE);
    Vectors queries = readVectors(queryFile, queryCount);
    if (base.dimension() != queries.dimension()) {
      throw new BenchmarkException(
          "the vectors of %s have %d values, those of %s have %d"
              .formatted(baseFile, base.dimension(), queryFile, queries.dimension()));
    }
    Optional<Path> truthFile = file(Role.TRUTH);
    List<int[]> truth =
        truthFile.isEmpty() ? List.of() : readTruth(truthFile.get(), queries.count(), base.count());
    return new DataSet(name, base, queries, truth);
  }

  private static Optional<Role> role(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    Optional<VectorFileFormat> format = VectorFileFormat.ofFileName(name);
    if (format.isEmpty() || name.contains("label") || name.contains("learn")) {
      return Optional.empty();
    }
    if (format.get() == VectorFileFormat.IVECS) {
      return Optional.of(Role.TRUTH);
    }
    if (name.contains("query")
        || name.contains("queries")
        || name.contains("test")
        || name.contains("t10k")) {
      return Optional.of(Role.QUERIES);
    }
    return name.contains("base") || name.contains("train")
        ? Optional.of(Role.BASE)
        : Optional.empty();
  }

  private Optional<Path> file(Role role) {
    List<Path> found = files.stream().filter(file -> role(file).equals(Optional.of(role))).toList();
    if (found.size() > 1) {
      throw new BenchmarkException(
          "which file of %s holds %s: %s?".formatted(folder, role.meaning, names(found)));
    }
    return found.stream().findFirst();
  }

  private BenchmarkException missing(Role role) {
    return new BenchmarkException(
        "%s has no file with %s: none of %s is fvecs, bvecs or idx with %s in its name"
            .formatted(folder, role.meaning, names(files), role.sign));
  }

  private static String names(List<Path> files) {
    return files.stream().map(file -> file.getFileName().toString()).toList().toString();
  }

  private static Vectors readVectors(Path file, int limit) throws IOException {
    VectorFileFormat format = VectorFileFormat.ofFileName(file.toString()).orElseThrow();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file));
        VectorFileReader reader = VectorFileReader.open(file.toString(), format, in)) {
      RowLayout layout =
          reader.layout().orElseThrow(() -> new BenchmarkException(file + " holds no vectors"));
      int dimension = layout.dimension();
      long announced = layout.rows() == Long.MAX_VALUE ? FIRST_CAPACITY_ROWS : layout.rows();
      float[] values = new float[capacity(file, Math.min(announced, limit) * dimension)];
      int filled = 0;
      for (int row = 0; row < limit; row++) {
        float[] vector = reader.next();
        if (vector == null) {
          break;
        }
        if (filled + dimension > values.length) {
          int needed = capacity(file, (long) filled + dimension);
          values = Arrays.copyOf(values, (int) Math.max(needed, Math.min(MAX_FLOATS, 2L * filled)));
        }
        System.arraycopy(vector, 0, values, filled, dimension);
        filled += dimension;
      }
      return new Vectors(
          dimension, filled == values.length ? values : Arrays.copyOf(values, filled));
    }
  }

  private static int capacity(Path file, long floats) {
    if (floats > MAX_FLOATS) {
      throw new BenchmarkException(file + " has more than " + MAX_FLOATS + " values");
    }
    return (int) floats;
  }

  private static List<int[]> readTruth(Path file, int queries, int rows) throws IOException {
    List<int[]> truth = new ArrayList<>();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file));
        VectorFileReader reader =
            VectorFileReader.open(file.toString(), VectorFileFormat.IVECS, in)) {
      for (int[] row = reader.nextInts();
          row != null && truth.size() < queries;
          row = reader.nextInts()) {
        for (int id : row) {
          if (id < 0 || id >= rows) {
            throw new BenchmarkException(
                "%s names row %d as a neighbour of query %d, and there are %d rows"
                    .formatted(file, id, truth.size(), rows));
          }
        }
        truth.add(row);
      }
    }
    if (truth.size() < queries) {
      throw new BenchmarkException(
          "%s covers %d of %d queries".formatted(file, truth.size(), queries));
    }
    return truth;
  }
}
