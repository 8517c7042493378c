package io.tarn.benchmark;

import java.io.IOException;
import java.nio.file.Path;

/** Where a data set comes from. */
public sealed interface DataSource {
  /** A folder with the files of a published data set. */
  record Folder(Path path) implements DataSource {
    @Override
    public String name() {
      Path name = path.toAbsolutePath().normalize().getFileName();
      return name == null ? path.toString() : name.toString();
    }

    @Override
    public DataSet load(int queryCount) throws IOException {
      return DataFolder.read(name(), path, queryCount);
    }
  }

  /**
   * Data drawn from a mixture of Gaussians.
   *
   * @param rows how many vectors to index
   * @param dimension floats of a vector
   * @param clusters how many Gaussians
   * @param seed the same seed gives the same data
   */
  record Generated(int rows, int dimension, int clusters, long seed) implements DataSource {
    private static final String FORM = "n=ROWS,d=DIMENSION,clusters=COUNT[,seed=NUMBER]";

    /**
     * Reads {@code n=10000,d=64,clusters=100,seed=1}; the seed may be left out.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    public static Generated parse(String text) {
      int rows = 0;
      int dimension = 0;
      int clusters = 0;
      long seed = 1;
      for (String part : text.split(",", -1)) {
        String[] keyAndValue = part.strip().split("=", -1);
        if (keyAndValue.length != 2) {
          throw problem(text, "'" + part + "' is no key=value");
        }
        switch (keyAndValue[0]) {
          case "n" -> rows = positive(text, keyAndValue[1]);
          case "d" -> dimension = positive(text, keyAndValue[1]);
          case "clusters" -> clusters = positive(text, keyAndValue[1]);
          case "seed" -> seed = positive(text, keyAndValue[1]);
          default -> throw problem(text, "there is no '" + keyAndValue[0] + "'");
        }
      }
      if (rows == 0 || dimension == 0 || clusters == 0) {
        throw problem(text, "n, d and clusters are needed");
      }
      if ((long) rows * dimension > Integer.MAX_VALUE - Long.BYTES) {
        throw problem(text, "n times d must stay below " + Integer.MAX_VALUE);
      }
      return new Generated(rows, dimension, clusters, seed);
    }

    private static int positive(String text, String number) {
      try {
        int value = Integer.parseInt(number.strip().replace("_", ""));
        if (value >= 1) {
          return value;
        }
      } catch (NumberFormatException e) {
        // Said below, in the same words.
      }
      throw problem(text, "'" + number + "' is not a whole number between 1 and 2147483647");
    }

    private static IllegalArgumentException problem(String text, String problem) {
      return new IllegalArgumentException("'" + text + "': " + problem + "; write " + FORM);
    }

    @Override
    public String name() {
      return "generated-n%d-d%d-clusters%d-seed%d".formatted(rows, dimension, clusters, seed);
    }

    @Override
    public DataSet load(int queryCount) {
      return Mixture.of(this).draw(name(), rows, queryCount);
    }
  }

  /** What reports and files call the data. */
  String name();

  /**
   * Reads or draws the data.
   *
   * @param queryCount how many queries at most
   */
  DataSet load(int queryCount) throws IOException;
}
