package io.tarn.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class FrontTest {
  private static Point point(double recall, double queriesPerSecond) {
    return new Point("tarn", "nlist 4", "nprobe", 1, recall, queriesPerSecond, 1, 1, 1);
  }

  @Test
  void pointsThatAnotherBeatsAreLeftOut() {
    Point fast = point(0.90, 1000);
    Point slowerAndWorse = point(0.89, 900);
    Point middle = point(0.95, 500);
    Point asGoodButSlower = point(0.95, 400);
    Point thorough = point(0.99, 100);
    assertThat(Front.of(List.of(thorough, slowerAndWorse, fast, asGoodButSlower, middle)).points())
        .containsExactly(fast, middle, thorough);
  }

  @Test
  void betweenTwoPointsSpeedFallsByTheSameFactorForTheSameGain() {
    Front front = Front.of(List.of(point(0.90, 1000), point(0.98, 10)));
    assertThat(front.queriesPerSecondAt(0.94).getAsDouble()).isCloseTo(100, within(1e-6));
    assertThat(front.queriesPerSecondAt(0.96).getAsDouble())
        .isCloseTo(Math.pow(10, 1.5), within(1e-6));
    assertThat(front.queriesPerSecondAt(0.98).getAsDouble()).isCloseTo(10, within(1e-9));
  }

  @Test
  void belowTheFirstPointItsSpeedIsToBeHadAndAboveTheLastNone() {
    Front front = Front.of(List.of(point(0.97, 1000), point(0.98, 10)));
    assertThat(front.queriesPerSecondAt(0.90)).hasValue(1000);
    assertThat(front.queriesPerSecondAt(0.981)).isEmpty();
    assertThat(Front.of(List.of()).queriesPerSecondAt(0.5)).isEmpty();
  }

  @Property
  void theFrontIsWhatNoPointBeats(@ForAll("points") List<Point> points) {
    List<Point> unbeaten = new ArrayList<>();
    for (Point candidate : points) {
      boolean beaten =
          points.stream()
              .anyMatch(
                  other ->
                      other.recall() >= candidate.recall()
                          && other.queriesPerSecond() >= candidate.queriesPerSecond()
                          && (other.recall() > candidate.recall()
                              || other.queriesPerSecond() > candidate.queriesPerSecond()));
      if (!beaten) {
        unbeaten.add(candidate);
      }
    }
    List<Point> front = Front.of(points).points();
    assertThat(front).hasSameElementsAs(unbeaten);
    for (int i = 1; i < front.size(); i++) {
      assertThat(front.get(i).recall()).isGreaterThan(front.get(i - 1).recall());
      assertThat(front.get(i).queriesPerSecond()).isLessThan(front.get(i - 1).queriesPerSecond());
    }
  }

  @Provide
  Arbitrary<List<Point>> points() {
    // Few values, so that many points tie in one or both.
    Arbitrary<Integer> tenths = Arbitraries.integers().between(1, 10);
    return Combinators.combine(tenths, tenths)
        .as((recall, speed) -> point(recall / 10.0, speed * 100))
        .list()
        .ofMaxSize(12);
  }

  @Test
  void theMedianOfAnEvenNumberLiesBetween() {
    assertThat(Race.median(List.of(3.0, 1.0, 2.0))).isEqualTo(2);
    assertThat(Race.median(List.of(4.0, 1.0, 2.0, 3.0))).isEqualTo(2.5);
  }

  @Test
  void percentilesAreValuesThatOccurred() {
    long[] hundred = Stream.iterate(1L, i -> i + 1).limit(100).mapToLong(i -> i).toArray();
    assertThat(Race.percentile(hundred, 0.50)).isEqualTo(50);
    assertThat(Race.percentile(hundred, 0.99)).isEqualTo(99);
    assertThat(Race.percentile(new long[] {7}, 0.99)).isEqualTo(7);
  }

  @Test
  void laddersGrowByHalvesFromTheLeastToTheMost() {
    assertThat(Benchmark.ladder(1, 16)).containsExactly(1, 2, 3, 4, 6, 8, 12, 16);
    assertThat(Benchmark.ladder(10, 45)).containsExactly(10, 15, 20, 30, 40, 45);
    assertThat(Benchmark.ladder(1, 1)).containsExactly(1);
  }
}
