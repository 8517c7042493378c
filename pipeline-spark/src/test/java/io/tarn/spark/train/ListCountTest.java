package io.tarn.spark.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ListCountTest {
  @ParameterizedTest
  @CsvSource({
    "0, 1",
    "1, 1",
    "77, 1",
    "78, 2",
    "1000, 16",
    "2500, 64",
    "60000, 512",
    "100000, 1024",
    "1000000, 2048",
    "100000000, 32768"
  })
  void theRuleIsTheDocumentedOne(long rows, int lists) {
    assertThat(ListCount.byDefault(rows)).isEqualTo(lists);
  }
}
