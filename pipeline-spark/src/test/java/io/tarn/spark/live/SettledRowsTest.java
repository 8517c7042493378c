package io.tarn.spark.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.index.snapshot.Snapshot;
import io.tarn.settings.Settings;
import io.tarn.spark.AppendJob;
import io.tarn.spark.AppendSettings;
import io.tarn.spark.BuildJob;
import io.tarn.spark.BuildSettings;
import io.tarn.spark.IndexFiles;
import io.tarn.spark.LocalSpark;
import io.tarn.spark.SampleIndex;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettledRowsTest {
  @TempDir Path directory;

  @Test
  void executorsSettleWhatTheDriverDoes() throws Exception {
    Path index = directory.resolve("index");
    SampleIndex.create(index);
    assertThat(assertSettled(index, 1500)).isLessThan(SampleIndex.ROWS + 200);
  }

  @Test
  void idsMayBeText() throws Exception {
    Path index = directory.resolve("index");
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      lines.add("{\"id\": \"é%d\", \"vector\": [%d, 1]}".formatted(i, i));
    }
    Path input = Files.write(directory.resolve("rows.json"), lines);
    List<String> settings = List.of("index=" + index, "input.path=" + input, "input.format=json");
    BuildJob.run(
        LocalSpark.session(), Settings.load(BuildSettings.class, Optional.empty(), settings));
    AppendSettings append = Settings.load(AppendSettings.class, Optional.empty(), settings);
    Files.write(input, lines.subList(0, 100));
    AppendJob.run(LocalSpark.session(), append);
    assertThat(assertSettled(index, 200)).isEqualTo(300);
  }

  private static long assertSettled(Path index, long maxRowsAtOnce) throws IOException {
    Snapshot snapshot = IndexFiles.view(index).snapshot();
    IndexLocation location = SampleIndex.location(index);
    List<LiveSegment> atOnce =
        SettledRows.settle(LocalSpark.session(), location, snapshot, Long.MAX_VALUE);
    List<LiveSegment> inShares =
        SettledRows.settle(LocalSpark.session(), location, snapshot, maxRowsAtOnce);
    assertThat(liveRows(atOnce)).isEqualTo(IndexFiles.view(index).liveRowsBySegment());
    for (int s = 0; s < atOnce.size(); s++) {
      assertThat(inShares.get(s).ref()).isEqualTo(atOnce.get(s).ref());
      assertThat(inShares.get(s).live()).isEqualTo(atOnce.get(s).live());
    }
    return liveRows(atOnce).values().stream().mapToLong(Long::longValue).sum();
  }

  private static Map<String, Long> liveRows(List<LiveSegment> segments) {
    Map<String, Long> rows = new HashMap<>();
    segments.forEach(segment -> rows.put(segment.ref().path(), segment.liveRows()));
    return rows;
  }
}
