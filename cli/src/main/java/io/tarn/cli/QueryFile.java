package io.tarn.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import io.tarn.index.vectorfile.VectorFileFormat;
import io.tarn.index.vectorfile.VectorFileReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** Reads query vectors, and the ground truth that goes with them. */
final class QueryFile {
  private static final int GZIP_MAGIC = 0x1f8b;

  private QueryFile() {}

  /**
   * Reads vectors.
   *
   * @param format null to tell by the file's name, or else by its content
   * @param vectorColumn the column, or JSON member, that holds the vectors
   * @param limit how many to read at most
   */
  static List<float[]> readVectors(Path file, QueryFormat format, String vectorColumn, int limit)
      throws IOException {
    QueryFormat known = format == null ? formatOf(file) : format;
    List<float[]> vectors =
        switch (known) {
          case FVECS -> readVectorFile(file, VectorFileFormat.FVECS, limit);
          case BVECS -> readVectorFile(file, VectorFileFormat.BVECS, limit);
          case IDX -> readVectorFile(file, VectorFileFormat.IDX, limit);
          case JSON -> readJson(file, vectorColumn, limit);
          case PARQUET -> ParquetVectors.read(file, vectorColumn, limit);
        };
    if (vectors.isEmpty()) {
      throw new CommandException(file + " holds no vectors");
    }
    return vectors;
  }

  /** Reads ivecs: for each query the row numbers of its nearest neighbours. */
  static List<int[]> readGroundTruth(Path file, int limit) throws IOException {
    List<int[]> rows = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file);
        VectorFileReader reader =
            VectorFileReader.open(file.toString(), VectorFileFormat.IVECS, in)) {
      for (int[] row = reader.nextInts();
          row != null && rows.size() < limit;
          row = reader.nextInts()) {
        rows.add(row);
      }
    }
    return rows;
  }

  private static QueryFormat formatOf(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    return QueryFormat.ofFileName(file)
        .or(() -> beginsAsIdx(file) ? Optional.of(QueryFormat.IDX) : Optional.empty())
        .orElseThrow(
            () ->
                new CommandException(
                    "neither the name nor the content of "
                        + file
                        + " tells its format: give --query-format"));
  }

  private static List<float[]> readVectorFile(Path file, VectorFileFormat format, int limit)
      throws IOException {
    List<float[]> vectors = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file);
        VectorFileReader reader = VectorFileReader.open(file.toString(), format, in)) {
      while (vectors.size() < limit) {
        float[] vector = reader.next();
        if (vector == null) {
          break;
        }
        vectors.add(vector);
      }
    }
    return vectors;
  }

  private static List<float[]> readJson(Path file, String member, int limit) throws IOException {
    ObjectReader reader =
        Json.MAPPER
            .readerFor(JsonNode.class)
            .without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    List<float[]> vectors = new ArrayList<>();
    try (InputStream in = decompressed(file);
        JsonParser lines = Json.MAPPER.createParser(in)) {
      while (vectors.size() < limit && lines.nextToken() != null) {
        JsonNode line = reader.readTree(lines);
        if (line.isObject() && !line.has(member)) {
          throw new IllegalArgumentException(
              "has no '" + member + "': name what holds the vector with --vector-column");
        }
        vectors.add(Json.vector(line.isObject() ? line.get(member) : line));
      }
    } catch (JsonProcessingException e) {
      throw badQuery(file, vectors.size(), "is no JSON: " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw badQuery(file, vectors.size(), e.getMessage(), e);
    }
    return vectors;
  }

  private static CommandException badQuery(Path file, int number, String problem, Exception e) {
    return new CommandException(file + ", query " + number + ": " + problem, e);
  }

  private static InputStream decompressed(Path file) throws IOException {
    BufferedInputStream in = new BufferedInputStream(Files.newInputStream(file));
    in.mark(2);
    int magic = in.read() << 8 | in.read();
    in.reset();
    return magic == GZIP_MAGIC ? new GZIPInputStream(in) : in;
  }

  /** IDX files begin with two zero bytes, a value type, and a number of dimensions. */
  private static boolean beginsAsIdx(Path file) {
    try (InputStream in = decompressed(file)) {
      byte[] magic = in.readNBytes(4);
      return magic.length == 4
          && magic[0] == 0
          && magic[1] == 0
          && magic[2] >= 0x08
          && magic[2] <= 0x0E
          && magic[3] >= 1;
    } catch (IOException e) {
      return false;
    }
  }
}
