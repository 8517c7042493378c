package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.quantize.QueryTables;
import io.tarn.index.quantize.Rotation;
import io.tarn.index.quantize.RowCode;
import io.tarn.index.quantize.RowCoder;
import io.tarn.index.segment.CodeColumns;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bounds as searches compute them, against distances in double precision. */
class RowCodesTest {
  private static final long SEED = 20_250_311;
  private static final int ROWS = 50;
  private static final int QUERIES = 60;

  private final SplittableRandom random = new SplittableRandom(SEED);

  @ParameterizedTest
  @CsvSource({
    "L2, 100, rabitq2",
    "COSINE, 70, rabitq2",
    "L2, 33, rabitq4",
    "INNER_PRODUCT, 100, rabitq4",
    "L2, 100, rabitq8",
    "COSINE, 33, rabitq8",
    "INNER_PRODUCT, 128, rabitq8",
    "L2, 1, int8",
    "L2, 100, int8",
    "COSINE, 70, int8",
    "INNER_PRODUCT, 33, int8"
  })
  void boundsLieAroundTheDistanceAsFarAsPromised(Metric metric, int dimension, String type) {
    Quantizer quantizer = Quantizer.of(type);
    float[] centroids = new float[3 * dimension];
    for (int list = 0; list < 3; list++) {
      float[] centroid = vector(metric, dimension, new float[dimension], 1);
      System.arraycopy(centroid, 0, centroids, list * dimension, dimension);
    }
    Model model = Model.of(metric, dimension, centroids, quantizer);
    CoarseSearch coarse = new SearchModel(model).coarse();
    Rotation rotation = new Rotation(dimension);
    ListCenters centers = new ListCenters(model, rotation, ListCenters.mean(model));
    QueryTables tables = new QueryTables(rotation, centers.mean());
    ResidualQuery residual = new ResidualQuery(dimension);
    double errors = 0;
    int beyond = 0;
    for (int q = 0; q < QUERIES; q++) {
      int list = q % 3;
      float[] centroid = new float[dimension];
      System.arraycopy(centroids, list * dimension, centroid, 0, dimension);
      float[][] rows = new float[ROWS][];
      RowCodes codes = codes(metric, quantizer, rows, centroid);
      float[] query = vector(metric, dimension, centroid, 0.5f);
      tables.prepare(query);
      for (int i = 0; i < dimension; i++) {
        residual.values[i] = query[i] - centroid[i];
      }
      float detour = 0;
      if (codes.isRotated()) {
        centers.residual(tables.rotated(), list, residual.values);
        detour = (float) Math.sqrt(TestIndexes.distance(Metric.L2, query, centers.mean()));
      }
      float base = (float) distance(metric, query, centroid);
      float norm = (float) -distance(Metric.INNER_PRODUCT, query, query);
      float rounding = coarse.rounding(list, base, norm);
      float spread = coarse.spread(list, base, norm);
      residual.prepare(list, codes.isRotated(), base, rounding, spread, detour);
      for (int row = 0; row < ROWS; row++) {
        codes.estimate(row, residual);
        double distance = distance(metric, query, rows[row]);
        double estimate = (residual.lower + (double) residual.upper) / 2;
        double width = (residual.upper - (double) residual.lower) / 2;
        errors += (distance - estimate) / width * ((distance - estimate) / width);
        beyond += Math.abs(distance - estimate) > width ? 1 : 0;
      }
    }
    int samples = ROWS * QUERIES;
    double deviation = Math.sqrt(errors / samples);
    System.out.printf(
        "%s, d = %d, %s, seed %d: deviation %.3f of the bound, %d of %d beyond%n",
        metric, dimension, type, SEED, deviation, beyond, samples);
    if (type.equals("int8")) {
      assertThat(beyond).isZero();
      // In one dimension the row's value is its largest, and not rounded.
      assertThat(deviation).isGreaterThan(dimension == 1 ? 0 : 0.05);
    } else {
      // A standard error is a third of the bound; of a Gaussian 0.27% lie beyond on both sides.
      assertThat(deviation).isBetween(0.7 / RowCodes.ERRORS, 1.06 / RowCodes.ERRORS);
      assertThat(beyond).isLessThan(20);
    }
  }

  /** Makes rows around a centroid, and codes them. */
  private RowCodes codes(Metric metric, Quantizer quantizer, float[][] rows, float[] centroid) {
    int dimension = centroid.length;
    RowCoder coder = quantizer.coder(metric, dimension).orElseThrow();
    RowCode code = new RowCode(quantizer, dimension);
    CodeColumns columns = CodeColumns.allocate(quantizer, dimension, rows.length);
    for (int row = 0; row < rows.length; row++) {
      rows[row] = vector(metric, dimension, centroid, 0.5f);
      coder.encode(rows[row], 0, centroid, 0, code);
      System.arraycopy(code.bits, 0, columns.bits(), row * code.bits.length, code.bits.length);
      columns.offsets()[row] = code.offset;
      columns.scales()[row] = code.scale;
      columns.errors()[row] = code.error;
      if (columns.full() != null) {
        int at = row * code.full.length;
        System.arraycopy(code.full, 0, columns.full().codes(), at, code.full.length);
        columns.full().scales()[row] = code.fullScale;
        columns.full().errors()[row] = code.fullError;
      }
    }
    return RowCodes.of(dimension, columns);
  }

  @Test
  void onlyCodesOfSeveralBitsAreRowCodes() {
    for (Quantizer quantizer : Quantizer.all()) {
      boolean several = !quantizer.type().matches("none|rabitq");
      CodeColumns columns = CodeColumns.allocate(quantizer, 20, 3);
      assertThat(RowCodes.of(20, columns) != null).as(quantizer.type()).isEqualTo(several);
    }
  }

  private float[] vector(Metric metric, int dimension, float[] around, float deviation) {
    float[] vector = new float[dimension];
    double squaredNorm = 0;
    for (int i = 0; i < dimension; i++) {
      vector[i] = around[i] + deviation * (float) random.nextGaussian();
      squaredNorm += (double) vector[i] * vector[i];
    }
    for (int i = 0; metric == Metric.COSINE && i < dimension; i++) {
      vector[i] /= (float) Math.sqrt(squaredNorm);
    }
    return vector;
  }

  /** Vectors have unit length under cosine. */
  private static double distance(Metric metric, float[] a, float[] b) {
    double product = -TestIndexes.distance(Metric.INNER_PRODUCT, a, b);
    return metric == Metric.COSINE ? 1 - product : TestIndexes.distance(metric, a, b);
  }
}
