package io.tarn.index.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureIdTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"\ud83d", "\ude00", "a\ud83d", "\ud83db", "\ude00\ud83d", "\ud83d\ude00\ud83d"})
  void textThatUtf8CannotHoldIsNoId(String half) {
    assertThatThrownBy(() -> FeatureId.of(half))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("half a surrogate pair");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\ud83d\ude00", "a\ud83d\ude00b", "\ud83d\ude00\ud83d\ude00", "\0", " "})
  void anyOtherTextIsAnId(String text) {
    assertThat(FeatureId.of(text).toString()).isEqualTo(text);
  }

  @Test
  void theEmptyTextIsNoId() {
    assertThatThrownBy(() -> FeatureId.of("")).hasMessageContaining("must not be empty");
    assertThatThrownBy(() -> FeatureId.of(null)).hasMessageContaining("must not be empty");
  }

  @Test
  void textIsOrderedByItsUtf8Bytes() {
    assertThat(Stream.of("\ud83d\ude00", "\uffee", "b", "a", "ab").map(FeatureId::of).sorted())
        .extracting(FeatureId::toString)
        .containsExactly("a", "ab", "b", "\uffee", "\ud83d\ude00");
  }

  @Test
  void numbersAreOrderedAsNumbers() {
    assertThat(Stream.of(10L, -1L, 9L, Long.MIN_VALUE).map(FeatureId::of).sorted())
        .extracting(FeatureId::toObject)
        .containsExactly(Long.MIN_VALUE, -1L, 9L, 10L);
  }

  @Test
  void aNumberWrittenAsTextIsParsed() {
    assertThat(FeatureId.parse(IdType.INT64, " -7 ")).isEqualTo(FeatureId.of(-7));
    assertThatThrownBy(() -> FeatureId.parse(IdType.INT64, "7.5"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("id '7.5' is not an int64");
  }
}
