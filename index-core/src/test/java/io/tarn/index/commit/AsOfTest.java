package io.tarn.index.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SnapshotFile;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.History;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceState;
import io.tarn.index.storage.FileStat;
import io.tarn.index.storage.PendingFile;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.LongFunction;
import java.util.function.LongPredicate;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AsOfTest {
  private static final String SOURCE = "kafka:t";

  /** Versions that are made up as they are asked for; some have expired. */
  private static final class Versions implements Storage {
    private final LongFunction<Snapshot> snapshots;
    private final LongPredicate exists;
    private int reads;

    Versions(LongFunction<Snapshot> snapshots, LongPredicate exists) {
      this.snapshots = snapshots;
      this.exists = exists;
    }

    @Override
    public Optional<FileStat> stat(String path) {
      if (!path.startsWith("versions/") || !exists.test(version(path))) {
        return Optional.empty();
      }
      return Optional.of(new FileStat(path, bytes(path).length, 1));
    }

    @Override
    public byte[] read(String path, long offsetBytes, int length) {
      reads++;
      return bytes(path);
    }

    private byte[] bytes(String path) {
      return SnapshotFile.toBytes(snapshots.apply(version(path)));
    }

    private static long version(String path) {
      return Long.parseLong(path.substring(9, 29));
    }

    @Override
    public List<FileStat> list(String directory) {
      throw new AssertionError("finding a version must not list");
    }

    @Override
    public PendingFile create(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void delete(String path) {
      throw new UnsupportedOperationException();
    }

    @Override
    public String location() {
      return "history";
    }
  }

  private static Snapshot snapshot(
      long version, long timestampMs, String incarnation, long next, String... segments) {
    TreeMap<Integer, Long> offsets = new TreeMap<>();
    if (next > 0) {
      offsets.put(3, next);
    }
    return new Snapshot(
        1,
        "index",
        version,
        "commit " + version,
        "test",
        timestampMs,
        new Schema(IdType.INT64, 1, Metric.L2, List.of()),
        new ModelRef("m", new FileRef("models/m.parquet", 1, "00000000"), 1, "none"),
        null,
        List.of(segments).stream()
            .map(s -> new SegmentRef(new FileRef(s, 1, "00000000"), 1, 1, 0, 0, 0))
            .toList(),
        new TreeMap<>(Map.of(SOURCE, new SourceState(offsets, 0, incarnation))),
        List.of(),
        History.none(),
        Drift.unknown());
  }

  private static boolean isSignpost(long version, long newest) {
    return (newest & -(version & -version)) == version;
  }

  /** Brute force looks at all versions that there ever were. */
  @Property(tries = 300)
  void theVersionIsTheOneOfBruteForceOrHasExpired(
      @ForAll @IntRange(min = 1, max = 70) int newest,
      @ForAll @IntRange(min = 1, max = 70) int oldestKept,
      @ForAll @IntRange(max = 70) int remade,
      @ForAll long seed)
      throws IOException {
    Random random = new Random(seed);
    long[] timestamps = new long[newest + 1];
    long[] next = new long[newest + 1];
    for (int v = 1; v <= newest; v++) {
      timestamps[v] = Math.max(1000, timestamps[v - 1] + random.nextInt(4));
      // In version 'remade' the topic is another, of which nothing has been read yet.
      next[v] = v == remade ? 0 : next[v - 1] + random.nextInt(4);
    }
    int kept = Math.min(oldestKept, newest);
    Versions history =
        new Versions(
            v -> snapshot(v, timestamps[(int) v], v < remade ? "old" : "new", next[(int) v]),
            v -> v >= 1 && v <= newest && (v >= kept || isSignpost(v, newest)));
    SnapshotLog log = new SnapshotLog(history);

    for (long t = 998; t <= timestamps[newest] + 2; t++) {
      long time = t;
      long expected =
          LongStream.rangeClosed(1, newest)
              .filter(v -> timestamps[(int) v] <= time)
              .max()
              .orElse(0);
      AsOf moment = new AsOf.Time(Instant.ofEpochMilli(t));
      check(log, moment, expected, expected == 0 ? kept == 1 : expected >= kept);
    }
    int from = remade > newest ? 0 : remade;
    for (long o = 0; o <= next[newest] + 2; o++) {
      long offset = o;
      long expected =
          LongStream.rangeClosed(Math.max(1, from), newest)
              .filter(v -> next[(int) v] > offset)
              .min()
              .orElse(0);
      AsOf moment = new AsOf.Record(SOURCE, 3, o);
      check(log, moment, expected, expected > kept || (expected == 1 && kept == 1));
    }
  }

  private static void check(SnapshotLog log, AsOf moment, long expected, boolean mustBeFound)
      throws IOException {
    Snapshot found;
    try {
      found = log.asOf(moment);
    } catch (NoVersionAsOfException e) {
      assertThat(mustBeFound && expected > 0).as("%s: %s", moment, e.getMessage()).isFalse();
      return;
    }
    assertThat(found.version()).as("%s", moment).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 999_999, 1_000_000})
  void aVersionInAMillionIsFoundWithFewReads(long wanted) throws IOException {
    Versions history =
        new Versions(v -> snapshot(v, v * 10, null, v * 5), v -> v >= 1 && v <= 1_000_000);
    SnapshotLog log = new SnapshotLog(history);

    assertThat(log.asOf(new AsOf.Time(Instant.ofEpochMilli(wanted * 10 + 9))).version())
        .isEqualTo(wanted);
    assertThat(log.asOf(new AsOf.Record(SOURCE, 3, wanted * 5 - 1)).version()).isEqualTo(wanted);
    assertThat(history.reads).isLessThanOrEqualTo(2 * 22);
  }

  @Test
  void whatCannotBeAnsweredIsAnErrorThatSaysWhy() {
    Versions history =
        new Versions(v -> snapshot(v, v * 1000, null, v * 5), v -> v == 32 || (v >= 40 && v <= 42));
    SnapshotLog log = new SnapshotLog(history);

    assertRefused(
        log,
        "1970-01-01T00:00:35Z",
        "what the index at history was as of 1970-01-01T00:00:35Z has expired; the oldest version"
            + " after it that is left is 40, committed at 1970-01-01T00:00:40Z");
    assertRefused(
        log,
        "kafka:t:3:198",
        "what the index at history was as of kafka:t:3:198 has expired; the oldest version after"
            + " it that is left is 40, committed at 1970-01-01T00:00:40Z");
    assertRefused(
        log,
        "kafka:t:3:210",
        "version 42 has read kafka:t, partition 3, up to offset 209; the record 210 is not in it"
            + " yet");
    assertRefused(
        log,
        "kafka:t:0:1",
        "version 42 has read nothing of kafka:t, partition 0; its sources are [kafka:t]");
    assertThatThrownBy(() -> log.asOf(AsOf.parse("+999999-01-01T00:00:00Z")))
        .isInstanceOf(NoVersionAsOfException.class)
        .hasMessageStartingWith("+999999-01-01T00:00:00Z is yet to come: it is ");

    Versions young = new Versions(v -> snapshot(v, v * 1000, null, 0), v -> v == 1 || v == 2);
    assertRefused(
        new SnapshotLog(young),
        "-999999-01-01T00:00:00Z",
        "the index at history did not exist at -999999-01-01T00:00:00Z: its first version is of"
            + " 1970-01-01T00:00:01Z");
  }

  private static void assertRefused(SnapshotLog log, String moment, String message) {
    assertThatThrownBy(() -> log.asOf(AsOf.parse(moment)))
        .isInstanceOf(NoVersionAsOfException.class)
        .hasMessage(message);
  }

  /** Of 41 the version before it is a signpost, and stays when its segments go. */
  @Test
  void aSignpostWithoutItsSegmentsHasExpired() {
    Versions history =
        new Versions(
            v -> snapshot(v, v * 1000, null, 0, v == 40 ? "segments/gone.parquet" : "segments/s"),
            v -> v == 32 || v == 40 || v == 41);

    assertRefused(
        new SnapshotLog(history),
        "1970-01-01T00:00:40Z",
        "what the index at history was as of 1970-01-01T00:00:40Z has expired; the oldest version"
            + " after it that is left is 41, committed at 1970-01-01T00:00:41Z");
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-21T10:00:00Z, 2026-11-21T10:00:00Z",
    "2026-11-21T11:00:00.5+01:00, 2026-11-21T10:00:00.500Z",
    "kafka:features:3:12345, kafka:features:3:12345",
    "kafka:a.b-c_d:0:0, kafka:a.b-c_d:0:0",
  })
  void momentsAreTimesOrOffsets(String text, String read) {
    assertThat(AsOf.parse(text)).hasToString(read);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "now",
        "2026-11-21",
        "2026-11-21T10:00:00",
        "kafka:t:3",
        "t:3:5",
        "kafka:t:x:5",
        "kafka:t:3:5x",
        "kafka:t:-1:5",
        "kafka:t:3:-5",
        "kafka:t:3:",
        ":::",
      })
  void whatIsNeitherIsRefused(String text) {
    assertThatThrownBy(() -> AsOf.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("'" + text + "' is neither a time with its zone, such as");
  }
}
