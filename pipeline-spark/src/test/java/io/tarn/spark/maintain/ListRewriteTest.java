package io.tarn.spark.maintain;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Metric;
import io.tarn.index.maintain.MovingCentroids;
import io.tarn.index.maintain.SplitSettings;
import io.tarn.index.quantize.Quantizer;
import io.tarn.spark.maintain.ListRewrite.SumOfList;
import io.tarn.spark.rows.Packed;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ListRewriteTest {
  private static final MovingCentroids CENTROIDS =
      MovingCentroids.of(
          Model.of(Metric.L2, 1, new float[] {7}, Quantizer.byDefault()),
          new TreeMap<>(Map.of(0, new float[] {7})),
          SplitSettings.intoPartsOf(1));

  private static Packed<SumOfList> sum(int list, float value) {
    return Packed.of(new SumOfList(list, CENTROIDS.sums(new float[] {value}).get(0)));
  }

  /** Of these numbers the sum depends on the order: 1 is lost if it comes second. */
  @Test
  void sumsAreAddedInTheOrderOfTheListsWhateverOrderTheyComeIn() {
    Packed<SumOfList> first = sum(1, 1e16f);
    Packed<SumOfList> second = sum(2, 1);
    Packed<SumOfList> third = sum(10, -1e16f);
    Stream.of(
            List.of(first, second, third),
            List.of(first, third, second),
            List.of(second, third, first),
            List.of(third, first, second))
        .forEach(
            order ->
                assertThat(CENTROIDS.moved(0, ListRewrite.sum(unpackedAnew(order))))
                    .containsExactly(0));
  }

  /** As a task receives them: nobody else has them. */
  private static List<Packed<SumOfList>> unpackedAnew(List<Packed<SumOfList>> sums) {
    return sums.stream().map(each -> Packed.of(each.get())).toList();
  }
}
