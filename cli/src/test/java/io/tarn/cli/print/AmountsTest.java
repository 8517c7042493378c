package io.tarn.cli.print;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AmountsTest {
  @Test
  void countsAndSizesAreReadable() {
    assertThat(Amounts.count(1234567)).isEqualTo("1,234,567");
    assertThat(Amounts.count(1, "row")).isEqualTo("1 row");
    assertThat(Amounts.count(0, "row")).isEqualTo("0 rows");
    assertThat(Amounts.bytes(999)).isEqualTo("999 bytes");
    assertThat(Amounts.bytes(1_250_000)).isEqualTo("1.3 MB");
  }

  @Test
  void agesHaveTwoUnits() {
    long now = System.currentTimeMillis();
    assertThat(Amounts.age(now + 5_000)).isEqualTo("0 s ago");
    assertThat(Amounts.age(now - 61_500)).startsWith("1 min 1");
    assertThat(Amounts.age(now - 3_725_000)).isEqualTo("1 h 2 min ago");
    assertThat(Amounts.age(now - 90_000_000)).isEqualTo("1 d 1 h ago");
  }

  @Test
  void distancesKeepSixDigits() {
    assertThat(Amounts.distance(0f)).isEqualTo("0");
    assertThat(Amounts.distance(0.1f)).isEqualTo("0.1");
    assertThat(Amounts.distance(-12.3456789f)).isEqualTo("-12.3457");
    assertThat(Amounts.distance(1.5e9f)).isEqualTo("1500000000");
    assertThat(Amounts.distance(1.5e-9f)).isEqualTo("1.5E-9");
    assertThat(Amounts.distance(Float.POSITIVE_INFINITY)).isEqualTo("Infinity");
  }
}
