package io.tarn.spark.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.spark.LocalSpark;
import io.tarn.spark.rows.InputRow;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class SampleTest {
  private static final Schema SCHEMA = new Schema(IdType.INT64, 2, Metric.L2, List.of());
  private static final int ROWS = 5000;

  /** Rows of which every tenth is a delete and every hundredth has a bad vector. */
  private static JavaRDD<InputRow> rows(int partitions) {
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      numbers.add(i);
    }
    Collections.shuffle(numbers, new Random(partitions));
    return JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext())
        .parallelize(numbers, partitions)
        .map(
            i -> {
              boolean delete = i % 10 == 3;
              float[] vector = i % 100 == 0 ? new float[] {Float.NaN, 0} : new float[] {i, -i};
              return new InputRow.Readable(
                  FeatureId.of(i), delete ? null : vector, null, 0, i, delete, new Object[0]);
            });
  }

  @Test
  void theSameRowsAreDrawnInTheSameOrderHoweverTheyAreSpread() {
    Sample one = Sample.draw(rows(1), SCHEMA, 4450, 300, 7);
    Sample many = Sample.draw(rows(9), SCHEMA, 4450, 300, 7);
    assertThat(many.rows()).containsExactly(one.rows());
    assertThat(one.rowCount()).isBetween(230, 300);
    assertThat(one.rows()).hasSize(one.rowCount() * 2);
    assertThat(Sample.draw(rows(1), SCHEMA, 4450, 300, 8).rows()).isNotEqualTo(one.rows());
  }

  @Test
  void whatIsNotDrawnIsCounted() {
    Sample sample = Sample.draw(rows(3), SCHEMA, 4450, 10, 7);
    assertThat(sample.features()).isEqualTo(4450);
    assertThat(sample.deletes()).isEqualTo(500);
  }

  @Test
  void allAreDrawnIfThereAreFewEnough() {
    assertThat(Sample.draw(rows(3), SCHEMA, 4450, 4450, 7).rowCount()).isEqualTo(4450);
  }

  @Test
  void neverAreMoreDrawnThanAskedFor() {
    // As when rows were taken for duplicates, and were not.
    assertThat(Sample.draw(rows(3), SCHEMA, 100, 60, 7).rowCount()).isEqualTo(60);
  }
}
