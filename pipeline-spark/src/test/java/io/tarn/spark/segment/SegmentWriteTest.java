package io.tarn.spark.segment;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.SegmentRef;
import java.util.List;
import org.junit.jupiter.api.Test;

class SegmentWriteTest {
  private static final List<SegmentRef> SEGMENTS =
      List.of(
          new SegmentRef(new FileRef("segments/a", 1, "0"), 0, 10, 2, 0, 0),
          new SegmentRef(new FileRef("segments/b", 1, "0"), 0, 5, 0, 0, 0));

  @Test
  void everyRowThatWasCountedMustBeWritten() {
    assertThatCode(() -> SegmentWrite.checkComplete(SEGMENTS, 15, 2)).doesNotThrowAnyException();
    assertThatThrownBy(() -> SegmentWrite.checkComplete(SEGMENTS, 16, 2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("had 16 features and 2 deletes")
        .hasMessageContaining("15 and 2 when they were written");
    assertThatThrownBy(() -> SegmentWrite.checkComplete(SEGMENTS, 15, 1))
        .isInstanceOf(IllegalStateException.class);
  }
}
