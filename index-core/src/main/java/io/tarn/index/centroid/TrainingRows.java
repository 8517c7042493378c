package io.tarn.index.centroid;

import io.tarn.index.feature.Metric;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The rows that lists are trained on.
 *
 * @param metric what nearest means
 * @param dimension floats of a row
 * @param values row-major, in stored form
 * @param kernels what computes distances
 */
record TrainingRows(Metric metric, int dimension, float[] values, VectorKernels kernels) {
  /** Rows that one task copies. */
  private static final int ROWS_PER_TASK = 4096;

  TrainingRows(Metric metric, int dimension, float[] values) {
    this(metric, dimension, values, Kernels.best());
  }

  int count() {
    return values.length / dimension;
  }

  /** A copy of some rows, in the order given. */
  TrainingRows select(int[] rows) {
    float[] selected = new float[rows.length * dimension];
    copy(rows, 0, rows.length, selected, 0);
    return new TrainingRows(metric, dimension, selected, kernels);
  }

  /** A copy of as many rows as there are, in the order given, made by many threads. */
  TrainingRows select(int[] rows, Workers workers) {
    float[] selected = new float[rows.length * dimension];
    int tasks = (rows.length + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    workers.forEach(
        tasks,
        task -> {
          int from = task * ROWS_PER_TASK;
          int to = Math.min(from + ROWS_PER_TASK, rows.length);
          copy(rows, from, to, selected, from * dimension);
        });
    return new TrainingRows(metric, dimension, selected, kernels);
  }

  /** Copies rows that are listed in part of an array, side by side. */
  void copy(int[] rows, int from, int to, float[] target, int offset) {
    int at = offset;
    for (int i = from; i < to; i++) {
      System.arraycopy(values, rows[i] * dimension, target, at, dimension);
      at += dimension;
    }
  }

  /** Rows drawn at random, all of them if there are no more. */
  TrainingRows draw(int limit, SplittableRandom random) {
    if (limit >= count()) {
      return this;
    }
    Shuffle shuffle = new Shuffle(count(), random);
    int[] drawn = new int[limit];
    Arrays.setAll(drawn, i -> shuffle.next());
    return select(drawn);
  }

  /** How many distinct rows there are among some; counted up to a limit. */
  int countDistinct(int[] rows, int limit) {
    Set<Row> distinct = new HashSet<>();
    for (int i = 0; i < rows.length && distinct.size() < limit; i++) {
      distinct.add(row(rows[i]));
    }
    return distinct.size();
  }

  private Row row(int row) {
    return new Row(Arrays.copyOfRange(values, row * dimension, (row + 1) * dimension));
  }

  /** Rows drawn at random, row-major, of which no two are equal; fewer if there are no more. */
  float[] drawDistinct(int limit, SplittableRandom random) {
    Shuffle shuffle = new Shuffle(count(), random);
    Set<Row> chosen = new LinkedHashSet<>();
    for (int i = 0; i < count() && chosen.size() < limit; i++) {
      chosen.add(row(shuffle.next()));
    }
    float[] distinct = new float[chosen.size() * dimension];
    int next = 0;
    for (Row row : chosen) {
      System.arraycopy(row.values, 0, distinct, next, dimension);
      next += dimension;
    }
    return distinct;
  }

  /** Numbers below a limit, each once, in random order. */
  private static final class Shuffle {
    private final int[] order;
    private final SplittableRandom random;
    private int drawn;

    Shuffle(int count, SplittableRandom random) {
      this.order = new int[count];
      this.random = random;
      Arrays.setAll(order, i -> i);
    }

    int next() {
      int place = drawn + random.nextInt(order.length - drawn);
      int number = order[place];
      order[place] = order[drawn++];
      return number;
    }
  }

  /** A row as a key of its values. */
  private static final class Row {
    private final float[] values;

    Row(float[] values) {
      this.values = values;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Row row && Arrays.equals(values, row.values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }
}
