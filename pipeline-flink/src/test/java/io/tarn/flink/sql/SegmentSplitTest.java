package io.tarn.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.SegmentRef;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Splits hold every live row once, whatever was read of them, and survive being stored. */
class SegmentSplitTest {
  private static final SegmentRef SEGMENT =
      new SegmentRef(new FileRef("segments/a.parquet", 1000, "0123abcd"), 7, 990, 10, -5, 12);

  private static BitSet rows(List<SegmentSplit> splits) {
    BitSet rows = new BitSet();
    for (SegmentSplit split : splits) {
      BitSet.valueOf(split.live()).stream()
          .forEach(
              row -> {
                assertThat(rows.get(split.firstRow() + row)).as("row given twice").isFalse();
                rows.set(split.firstRow() + row);
              });
    }
    return rows;
  }

  private static BitSet random(int seed) {
    BitSet live = new BitSet();
    Random random = new Random(seed);
    for (int row = 0; row < 1000; row++) {
      live.set(row, random.nextBoolean());
    }
    return live;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 64, 100, 128, 640, 1000, 1 << 20})
  void everyLiveRowIsInOneSplit(int maxRows) {
    BitSet live = random(maxRows);
    assertThat(rows(SegmentSplit.of(SEGMENT, live.toLongArray(), maxRows))).isEqualTo(live);
  }

  @Test
  void theRestOfASplitIsWhatWasNotRead() {
    BitSet live = random(3);
    SegmentSplit split = new SegmentSplit(SEGMENT, 128, live.get(128, 328).toLongArray());
    for (int row = 128; row <= 328; row++) {
      BitSet expected = (BitSet) live.clone();
      expected.clear(0, row);
      expected.clear(328, live.length());
      assertThat(rows(List.of(split.from(row)))).as("from row " + row).isEqualTo(expected);
    }
  }

  @Test
  void whatIsStoredIsReadBack() throws Exception {
    List<SegmentSplit> splits = SegmentSplit.of(SEGMENT, random(5).toLongArray(), 128);
    RemainingSplits.Serializer all = new RemainingSplits.Serializer();
    RemainingSplits read =
        all.deserialize(all.getVersion(), all.serialize(new RemainingSplits(true, splits)));
    assertThat(read.settled()).isTrue();
    assertThat(read.splits()).usingRecursiveComparison().isEqualTo(splits);
    SegmentSplit.Serializer one = new SegmentSplit.Serializer();
    assertThat(one.deserialize(one.getVersion(), one.serialize(splits.get(1))))
        .usingRecursiveComparison()
        .isEqualTo(splits.get(1));
  }
}
