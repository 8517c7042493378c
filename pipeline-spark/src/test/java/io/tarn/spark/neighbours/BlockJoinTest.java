package io.tarn.spark.neighbours;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.KMeans;
import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.quantize.Quantizer;
import io.tarn.spark.LocalSpark;
import io.tarn.spark.reduce.PrincipalAxes;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Pairs of neighbours beside those that all distances give, to the bit. */
class BlockJoinTest {
  private static final int DIMENSION = 64;
  private static final int COUNT = 260;

  private static float[] rows(Random random, int count, double scale, double offset, int ranks) {
    float[] rows = new float[count * DIMENSION];
    float[][] basis = new float[ranks][DIMENSION];
    for (float[] axis : basis) {
      for (int d = 0; d < DIMENSION; d++) {
        axis[d] = (float) random.nextGaussian();
      }
    }
    for (int i = 0; i < count; i++) {
      if (i > 0 && random.nextInt(6) == 0) {
        int twin = random.nextInt(i);
        System.arraycopy(rows, twin * DIMENSION, rows, i * DIMENSION, DIMENSION);
        continue;
      }
      for (float[] axis : basis) {
        double along = random.nextGaussian() * scale;
        for (int d = 0; d < DIMENSION; d++) {
          rows[i * DIMENSION + d] += (float) (along * axis[d]);
        }
      }
      for (int d = 0; d < DIMENSION; d++) {
        rows[i * DIMENSION + d] += (float) (offset + scale * 0.1 * random.nextGaussian());
      }
    }
    return rows;
  }

  @Property(tries = 40)
  void findsAllPairsAndNoOthers(@ForAll long seed) {
    Random random = new Random(seed);
    double scale = Math.pow(10, random.nextInt(-25, 30));
    double offset = random.nextInt(3) == 0 ? scale * 1000 : 0;
    compare(random, scale, offset, random.nextBoolean() ? Metric.L2 : Metric.COSINE);
  }

  /** On a line, what lists and distances from centroids rule out is all that can be ruled out. */
  @Property(tries = 30)
  void findsAllPairsOnALine(@ForAll long seed) {
    Random random = new Random(seed);
    float[] all = new float[COUNT * DIMENSION];
    for (int i = 0; i < COUNT; i++) {
      all[i * DIMENSION] = random.nextInt(4 * COUNT);
    }
    compare(random, all, 1, Metric.L2);
  }

  /** Squares overflow, or vanish: nothing may be inferred from distances then. */
  @Test
  void findsAllPairsOfExtremeVectors() {
    compare(new Random(1), 1e30, 0, Metric.L2);
    compare(new Random(2), 1e-30, 0, Metric.L2);
    compare(new Random(3), 1e37, 0, Metric.L2);
  }

  private static void compare(Random random, double scale, double offset, Metric metric) {
    float[] all = rows(random, COUNT, scale, offset, 1 + random.nextInt(40));
    if (metric == Metric.COSINE) {
      normalise(all);
    }
    compare(random, all, scale, metric);
  }

  private static void compare(Random random, float[] all, double scale, Metric metric) {
    Model model =
        Model.of(
            metric,
            DIMENSION,
            KMeans.train(metric, DIMENSION, all, 1 + random.nextInt(9), 4, 1, 1),
            Quantizer.byDefault());
    PrincipalAxes axes =
        scale > 1e18
            ? null
            : PrincipalAxes.of(LocalSpark.session(), all, DIMENSION, Projection.AXES);
    Projection projection = axes == null ? null : new Projection(axes);
    int split = 100;
    float limit = limit(random, all, metric);
    Reach reach = new Reach(metric, DIMENSION, limit);
    BlockRows a = block(all, 0, split, model, projection);
    BlockRows b = block(all, split, COUNT, model, projection);
    Map<Long, Float> found = new TreeMap<>();
    new BlockJoin(model, reach, a, b).run((i, j, d) -> put(found, i, split + j, d));
    new BlockJoin(model, reach, a, a).run((i, j, d) -> put(found, i, j, d));
    new BlockJoin(model, reach, b, b).run((i, j, d) -> put(found, split + i, split + j, d));
    Map<Long, Float> expected = new TreeMap<>();
    for (int i = 0; i < COUNT; i++) {
      for (int j = i + 1; j < COUNT; j++) {
        float distance = distance(all, i, j, metric);
        if (distance <= limit) {
          put(expected, i, j, distance);
        }
      }
    }
    assertThat(found).isEqualTo(expected);
  }

  /** Just the distance of some pair, so that the limit is met exactly. */
  private static float limit(Random random, float[] all, Metric metric) {
    float[] distances = new float[60];
    for (int i = 0; i < distances.length; i++) {
      distances[i] = distance(all, random.nextInt(COUNT), random.nextInt(COUNT), metric);
    }
    Arrays.sort(distances);
    float limit = distances[random.nextInt(distances.length / 2)];
    return limit < Float.POSITIVE_INFINITY ? limit : Float.MAX_VALUE;
  }

  private static float distance(float[] all, int i, int j, Metric metric) {
    return metric == Metric.L2
        ? Kernels.best().squaredL2(all, i * DIMENSION, all, j * DIMENSION, DIMENSION)
        : Math.max(0, 1 - Kernels.best().dot(all, i * DIMENSION, all, j * DIMENSION, DIMENSION));
  }

  private static void put(Map<Long, Float> pairs, int i, int j, float distance) {
    long key = (long) Math.min(i, j) << 32 | Math.max(i, j);
    assertThat(pairs.put(key, distance)).as("a pair found twice").isNull();
  }

  private static void normalise(float[] rows) {
    for (int at = 0; at < rows.length; at += DIMENSION) {
      double squared = 0;
      for (int d = at; d < at + DIMENSION; d++) {
        squared += (double) rows[d] * rows[d];
      }
      for (int d = at; d < at + DIMENSION; d++) {
        rows[d] = (float) (rows[d] / Math.sqrt(squared));
      }
    }
  }

  private static BlockRows block(
      float[] all, int from, int to, Model model, Projection projection) {
    float[] rows = Arrays.copyOfRange(all, from * DIMENSION, to * DIMENSION);
    int[] lists = new int[to - from];
    new Assigner(model).assign(rows, 0, lists.length, lists, 0);
    return BlockRows.of(rows, lists, model, projection);
  }
}
