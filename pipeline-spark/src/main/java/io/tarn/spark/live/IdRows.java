package io.tarn.spark.live;

import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.segment.IdColumn;
import io.tarn.index.segment.ListRuns;
import io.tarn.index.segment.LongColumn;
import io.tarn.index.segment.RowVectors;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.SegmentRef;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Some rows of a segment, in its order: what of them tells which row of an id is the newest. */
final class IdRows implements Serializable {
  private final Origin of;
  private int[] rows = new int[16];
  private long[] orders = new long[16];
  private long[] positions = new long[16];

  /** Ids that are numbers. */
  private long[] numbers = {};

  /** Ids that are text, in UTF-8. */
  private byte[][] texts = {};

  private int size;

  /** The segment that rows are of, and the lists it has rows of. */
  record Origin(SegmentRef ref, int[] lists) implements Serializable {}

  private IdRows(Origin of) {
    this.of = of;
  }

  /** The lists that a segment has rows of, ascending. */
  static int[] lists(Segment segment) {
    ListRuns runs = segment.lists();
    return IntStream.range(0, runs.count()).map(runs::list).filter(list -> list >= 0).toArray();
  }

  /** The rows of a segment, each in the share that {@link SettledRows#share} says. */
  static IdRows[] split(Segment segment, IdType idType, int shares) {
    IdRows[] parts = new IdRows[shares];
    Origin of = new Origin(segment.ref(), lists(segment));
    for (int share = 0; share < shares; share++) {
      parts[share] = new IdRows(of);
    }
    for (int row = 0; row < segment.rowCount(); row++) {
      parts[SettledRows.share(segment.ids(), row, shares)].add(segment, row, idType);
    }
    return parts;
  }

  private void add(Segment segment, int row, IdType idType) {
    if (size == rows.length) {
      rows = Arrays.copyOf(rows, 2 * size);
      orders = Arrays.copyOf(orders, 2 * size);
      positions = Arrays.copyOf(positions, 2 * size);
    }
    rows[size] = row;
    orders[size] = segment.orders().get(row);
    positions[size] = segment.positions().get(row);
    FeatureId id = segment.ids().get(row);
    switch (idType) {
      case INT64 -> {
        numbers = numbers.length < rows.length ? Arrays.copyOf(numbers, rows.length) : numbers;
        numbers[size] = ((FeatureId.Int64) id).value();
      }
      case STRING -> {
        texts = texts.length < rows.length ? Arrays.copyOf(texts, rows.length) : texts;
        texts[size] = ((FeatureId.Text) id).value().getBytes(StandardCharsets.UTF_8);
      }
    }
    size++;
  }

  Origin of() {
    return of;
  }

  int size() {
    return size;
  }

  /** These rows as a segment, under the name of the one they are of: they win and lose as there. */
  Segment segment(IdType idType) {
    IdColumn.Builder ids = new IdColumn.Builder(idType, size);
    for (int i = 0; i < size; i++) {
      switch (idType) {
        case INT64 -> ids.add(numbers[i]);
        case STRING -> ids.add(texts[i]);
      }
    }
    int deletes = 0;
    while (deletes < size && rows[deletes] < of.ref().deletes()) {
      deletes++;
    }
    return new Segment(
        of.ref(),
        deletes,
        new ListRuns.Builder().build(),
        ids.build(),
        LongColumn.of(Arrays.copyOf(orders, size)),
        LongColumn.of(Arrays.copyOf(positions, size)),
        new RowVectors.Builder(1, 0).build(),
        null,
        List.of());
  }

  /** The rows, as their segment counts them, whose numbers here fulfil a condition. */
  int[] rowsWhere(IntPredicate condition) {
    int[] found = new int[size];
    int count = 0;
    for (int i = 0; i < size; i++) {
      if (condition.test(i)) {
        found[count++] = rows[i];
      }
    }
    return Arrays.copyOf(found, count);
  }
}
