package io.tarn.index.search;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.kernel.CodeKernels;
import io.tarn.index.kernel.Kernels;
import io.tarn.index.kernel.VectorKernels;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The smallest of values that come in blocks, against sorting them. */
class SmallestTest {
  private static final int BLOCK = CodeKernels.BLOCK_ROWS;

  /** What values look like. */
  private enum Kind {
    SPREAD,
    FEW_DIFFERENT,
    ALL_EQUAL,
    WITH_INFINITIES
  }

  @Property(tries = 300)
  void theSmallestAreSelectedAndFewMore(
      @ForAll long seed,
      @ForAll Kind kind,
      @ForAll @IntRange(min = 1, max = 60) int blocks,
      @ForAll @IntRange(min = 1, max = 300) int wanted) {
    SplittableRandom random = new SplittableRandom(seed);
    Smallest smallest = new Smallest();
    for (int use = 0; use < 2; use++) {
      // What an earlier use left behind does not matter.
      Map<Integer, Float> values = fill(smallest, random, kind, blocks);
      for (VectorKernels kernels : List.of(Kernels.scalar(), Kernels.best())) {
        check(smallest, values, Math.min(wanted, values.size()), kernels);
      }
    }
  }

  private static Map<Integer, Float> fill(
      Smallest smallest, SplittableRandom random, Kind kind, int blocks) {
    smallest.clear();
    Map<Integer, Float> values = new TreeMap<>();
    for (int b = 0; b < blocks; b++) {
      float[] block = new float[BLOCK];
      int from = random.nextInt(3) == 0 ? random.nextInt(BLOCK) : 0;
      int to = random.nextInt(3) == 0 ? from + 1 + random.nextInt(BLOCK - from) : BLOCK;
      for (int i = 0; i < BLOCK; i++) {
        block[i] = value(random, kind);
        if (i >= from && i < to) {
          values.put(1000 * b + i, block[i]);
        }
      }
      int room = smallest.room();
      System.arraycopy(block, 0, smallest.values(), room, BLOCK);
      smallest.add(from, to, 1000 * b);
    }
    return values;
  }

  private static float value(SplittableRandom random, Kind kind) {
    return switch (kind) {
      case SPREAD -> (float) random.nextDouble(-1e6, 1e6);
      case FEW_DIFFERENT -> random.nextInt(4) - 2;
      case ALL_EQUAL -> 7;
      case WITH_INFINITIES ->
          random.nextInt(10) == 0 ? Float.NEGATIVE_INFINITY : (float) random.nextDouble();
    };
  }

  private static void check(
      Smallest smallest, Map<Integer, Float> values, int wanted, VectorKernels kernels) {
    int found = smallest.select(wanted, kernels);
    assertThat(found).isGreaterThanOrEqualTo(wanted);
    Set<Integer> numbers = new HashSet<>();
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < found; i++) {
      assertThat(numbers.add(smallest.number(i))).isTrue();
      assertThat(values).containsKey(smallest.number(i));
      largest = Math.max(largest, values.get(smallest.number(i)));
    }
    List<Float> sorted = new ArrayList<>(values.values());
    Collections.sort(sorted);
    for (Map.Entry<Integer, Float> value : values.entrySet()) {
      if (!numbers.contains(value.getKey())) {
        assertThat(value.getValue()).isGreaterThan(largest);
      }
    }
    // Only those that are equal cannot be told apart.
    float limit = sorted.get(Math.min(values.size(), wanted + wanted / 8) - 1);
    assertThat(largest).isLessThanOrEqualTo(limit);
  }
}
