package io.tarn.index.centroid;

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
    "100000000, 8192"
  })
  void theRuleIsTheDocumentedOne(long rows, int lists) {
    assertThat(ListCount.byDefault(rows, 524_288)).isEqualTo(lists);
  }

  @ParameterizedTest
  @CsvSource({"8, 8388608, 8192", "128, 524288, 8192", "1536, 43690, 1024", "4096, 16384, 256"})
  void longVectorsGetFewerListsAsFewerFitIntoTheSample(int dimension, long fitting, int lists) {
    assertThat((256L << 20) / (dimension * 4L)).isEqualTo(fitting);
    assertThat(ListCount.byDefault(10_000_000, fitting)).isEqualTo(lists);
  }
}
