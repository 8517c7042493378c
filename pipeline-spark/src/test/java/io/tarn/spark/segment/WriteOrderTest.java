package io.tarn.spark.segment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class WriteOrderTest {
  /** A row among those of a model. */
  record Place(int list, long position) {}

  /** Two rows of one model, often of one list. */
  record Case(int lists, Place left, Place right) {}

  @Provide
  Arbitrary<Case> cases() {
    Arbitrary<Long> positions =
        Arbitraries.oneOf(
            Arbitraries.longs(),
            Arbitraries.longs().between(0, 3),
            Arbitraries.of(Long.MIN_VALUE, -1L, Long.MAX_VALUE - 1, Long.MAX_VALUE));
    return Arbitraries.integers()
        .between(1, Integer.MAX_VALUE)
        .flatMap(
            lists -> {
              Arbitrary<Place> places =
                  Combinators.combine(
                          Arbitraries.oneOf(
                              Arbitraries.integers().between(ListRanges.DELETES, lists - 1),
                              Arbitraries.of(ListRanges.DELETES, 0, lists - 1)),
                          positions)
                      .as(Place::new);
              return Combinators.combine(places, places)
                  .as((left, right) -> new Case(lists, left, right));
            });
  }

  @Property
  void keysAndThenPositionsAreInTheOrderOfListsAndPositions(@ForAll("cases") Case rows) {
    WriteOrder order = WriteOrder.of(rows.lists());
    long leftKey = order.keyOf(rows.left().list(), rows.left().position());
    long rightKey = order.keyOf(rows.right().list(), rows.right().position());
    int byKey =
        leftKey != rightKey
            ? Long.compare(leftKey, rightKey)
            : Long.compare(rows.left().position(), rows.right().position());
    assertThat(byKey)
        .isEqualTo(
            Comparator.comparingInt(Place::list)
                .thenComparingLong(Place::position)
                .compare(rows.left(), rows.right()));
    assertThat(order.listOf(leftKey)).isEqualTo(rows.left().list());
  }
}
