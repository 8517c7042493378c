package io.tarn.index.snapshot;

import io.tarn.index.feature.AnyFeature;
import io.tarn.index.feature.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Snapshots and changes for property tests. */
public final class AnySnapshot {
  private AnySnapshot() {}

  public static Arbitrary<Snapshot> snapshot() {
    Arbitrary<List<SegmentRef>> segments = segment().list().ofMaxSize(5);
    Arbitrary<List<CalibrationPoint>> calibration =
        Combinators.combine(number(), number(), Arbitraries.doubles(), Arbitraries.of(true, false))
            .as(
                (nprobe, k, recall, adaptive) ->
                    new CalibrationPoint(nprobe.intValue(), k.intValue(), recall, adaptive))
            .list()
            .ofMaxSize(3);
    return Combinators.combine(
            number(),
            AnyFeature.text(),
            AnyFeature.schema(),
            model(),
            embedder().injectNull(0.5),
            segments,
            map(AnyFeature.text(), sourceState()),
            Combinators.combine(calibration, drift()).as(Measured::new))
        .as(AnySnapshot::snapshot);
  }

  private static Snapshot snapshot(
      long version,
      String operation,
      Schema schema,
      ModelRef model,
      EmbedderRef embedder,
      List<SegmentRef> segments,
      SortedMap<String, SourceState> sources,
      Measured measured) {
    return new Snapshot(
        1,
        "index-" + operation,
        version,
        "commit " + operation,
        operation,
        version ^ 17,
        schema,
        model,
        embedder,
        segments,
        sources,
        measured.calibration(),
        history(version, operation),
        measured.drift());
  }

  private record Measured(List<CalibrationPoint> calibration, Drift drift) {}

  private static Arbitrary<Drift> drift() {
    Arbitrary<DriftSample> sample =
        Combinators.combine(number(), Arbitraries.doubles(), Arbitraries.doubles(), number())
            .as(
                (v, imbalance, recall, n) ->
                    new DriftSample(v, imbalance, recall, n.intValue(), 7));
    Arbitrary<RetrainRequest> request =
        Combinators.combine(number(), AnyFeature.text()).as(RetrainRequest::new);
    return Combinators.combine(
            number(),
            number(),
            Arbitraries.doubles(),
            Arbitraries.doubles(),
            sample.injectNull(0.3),
            sample.injectNull(0.3),
            request.injectNull(0.5))
        .as(Drift::new);
  }

  private static History history(long version, String operation) {
    return version % 3 == 0
        ? History.none()
        : new History(version / 2, List.of(new PastCommit(operation, version)));
  }

  public static Arbitrary<Change> change() {
    return Combinators.combine(
            AnyFeature.text(),
            AnyFeature.text(),
            AnyFeature.text(),
            segment().list().ofMaxSize(5),
            AnyFeature.text().list().ofMaxSize(3),
            map(AnyFeature.text(), sourceAdvance()),
            upkeep().injectNull(0.5))
        .as(Change::new);
  }

  private static Arbitrary<Upkeep> upkeep() {
    return Combinators.combine(
            number(),
            AnyFeature.text(),
            model().injectNull(0.5),
            Arbitraries.longs(),
            Arbitraries.of(true, false))
        .as(
            (madeFrom, oldModel, model, order, trained) ->
                new Upkeep(madeFrom, oldModel, model, order, trained && model != null));
  }

  private static Arbitrary<Long> number() {
    return Arbitraries.longs().greaterOrEqual(0);
  }

  private static Arbitrary<FileRef> file() {
    return Combinators.combine(AnyFeature.text(), number(), Arbitraries.integers())
        .as((name, bytes, crc) -> new FileRef("files/x" + name, bytes, Integer.toHexString(crc)));
  }

  private static Arbitrary<ModelRef> model() {
    return Combinators.combine(AnyFeature.text(), file(), Arbitraries.integers())
        .as((id, file, lists) -> new ModelRef(id, file, lists, "none"));
  }

  private static Arbitrary<EmbedderRef> embedder() {
    return Combinators.combine(AnyFeature.text(), AnyFeature.text(), file()).as(EmbedderRef::new);
  }

  private static Arbitrary<SegmentRef> segment() {
    return Combinators.combine(
            file(),
            number(),
            number(),
            number(),
            Arbitraries.longs(),
            Arbitraries.longs(),
            Arbitraries.doubles())
        .as(SegmentRef::new);
  }

  private static Arbitrary<SourceState> sourceState() {
    return Combinators.combine(map(Arbitraries.integers(), number()), Arbitraries.longs())
        .as(SourceState::new);
  }

  private static Arbitrary<SourceAdvance> sourceAdvance() {
    return Combinators.combine(map(Arbitraries.integers(), offsets()), Arbitraries.longs())
        .as(SourceAdvance::new);
  }

  private static Arbitrary<OffsetRange> offsets() {
    return Arbitraries.longs()
        .greaterOrEqual(OffsetRange.UNKNOWN)
        .list()
        .ofSize(3)
        .map(
            offsets -> {
              List<Long> sorted = new ArrayList<>(offsets);
              sorted.sort(null);
              return new OffsetRange(sorted.get(0), sorted.get(1), sorted.get(2));
            });
  }

  private static <K extends Comparable<K>, V> Arbitrary<SortedMap<K, V>> map(
      Arbitrary<K> keys, Arbitrary<V> values) {
    return Arbitraries.maps(keys, values).ofMaxSize(3).map(TreeMap::new);
  }
}
