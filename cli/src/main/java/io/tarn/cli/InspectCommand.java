package io.tarn.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tarn.cli.print.Amounts;
import io.tarn.index.feature.Schema;
import io.tarn.index.search.IndexView;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.DriftSample;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "inspect",
    header = "Show what an index holds.",
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./tarn inspect --index photos",
      "  ./tarn inspect --index photos --version 1 --json"
    })
final class InspectCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private IndexOption index;

  @Mixin private ViewOptions opened;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    try (Storage storage = index.storage()) {
      Contents contents = Contents.of(opened.open(storage));
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(Json.write(toJson(contents)));
      } else {
        print(out, contents, storage.location());
      }
    }
    return Tarn.DONE;
  }

  /** What is counted, beside what the snapshot says of itself. */
  private record Contents(
      Snapshot snapshot,
      long liveRows,
      long storedRows,
      long deletes,
      long[] listRows,
      long segmentBytes) {

    static Contents of(IndexView view) {
      Snapshot snapshot = view.snapshot();
      long[] listRows = view.liveRowsByList();
      Arrays.sort(listRows);
      return new Contents(
          snapshot,
          view.liveRowCount(),
          snapshot.segments().stream().mapToLong(SegmentRef::rows).sum(),
          snapshot.segments().stream().mapToLong(SegmentRef::deletes).sum(),
          listRows,
          snapshot.segments().stream().mapToLong(s -> s.file().bytes()).sum());
    }

    long deadRows() {
      return storedRows - liveRows;
    }

    long minListRows() {
      return listRows[0];
    }

    long medianListRows() {
      return listRows[(listRows.length - 1) / 2];
    }

    long maxListRows() {
      return listRows[listRows.length - 1];
    }

    /** All files a reader of this version needs. */
    long bytes() {
      EmbedderRef embedder = snapshot.embedder();
      return segmentBytes
          + snapshot.model().file().bytes()
          + (embedder == null ? 0 : embedder.file().bytes());
    }
  }

  private static ObjectNode toJson(Contents contents) {
    Snapshot snapshot = contents.snapshot();
    Schema schema = snapshot.schema();
    ObjectNode node = Json.object();
    node.put("version", snapshot.version());
    node.put("rows", contents.liveRows());
    node.put("dimension", schema.dimension());
    node.put("metric", schema.metric().externalName());
    node.put("lists", snapshot.model().lists());
    node.put("segments", snapshot.segments().size());
    ObjectNode sources = node.putObject("sources");
    snapshot
        .sources()
        .forEach(
            (name, state) -> {
              ObjectNode source = sources.putObject(name);
              ObjectNode offsets = source.putObject("next_offsets");
              state.nextOffsets().forEach((p, next) -> offsets.put(Integer.toString(p), next));
              source.put("last_record_ms", state.lastRecordMs());
            });
    node.put("id_type", schema.idType().externalName());
    ObjectNode attributes = node.putObject("attributes");
    schema.attributes().forEach(a -> attributes.put(a.name(), a.type().externalName()));
    node.put("index_id", snapshot.indexId());
    node.put("format_version", snapshot.formatVersion());
    node.put("operation", snapshot.operation());
    node.put("committed", Instant.ofEpochMilli(snapshot.timestampMs()).toString());
    node.put("age_ms", Math.max(0, System.currentTimeMillis() - snapshot.timestampMs()));
    node.put("dead_rows", contents.deadRows());
    node.put("deletes", contents.deletes());
    node.put("bytes", contents.bytes());
    ObjectNode listRows = node.putObject("list_rows");
    listRows.put("min", contents.minListRows());
    listRows.put("median", contents.medianListRows());
    listRows.put("max", contents.maxListRows());
    addDrift(node, snapshot.drift());
    addFiles(node, snapshot);
    return node;
  }

  private static void addDrift(ObjectNode node, Drift drift) {
    ObjectNode described = node.putObject("drift");
    drift.errorRatio().ifPresent(ratio -> described.put("error_ratio", ratio));
    drift
        .latestIfAny()
        .ifPresent(
            latest -> {
              described.put("imbalance", latest.imbalance());
              described.put("imbalance_at_first", drift.first().imbalance());
              described.put("recall", latest.recall());
              described.put("recall_at_first", drift.first().recall());
              described.put("k", DriftSample.K);
              described.put("nprobe", latest.nprobe());
              described.put("measured_version", latest.version());
            });
    drift
        .retrainIfAsked()
        .ifPresentOrElse(
            asked -> {
              ObjectNode retrain = node.putObject("retrain");
              retrain.put("since_version", asked.sinceVersion());
              retrain.put("reason", asked.reason());
            },
            () -> node.putNull("retrain"));
  }

  private static void addFiles(ObjectNode node, Snapshot snapshot) {
    ObjectNode model = node.putObject("model");
    model.put("id", snapshot.model().id());
    model.put("quantizer", snapshot.model().quantizer());
    model.put("path", snapshot.model().file().path());
    model.put("bytes", snapshot.model().file().bytes());
    EmbedderRef embedder = snapshot.embedder();
    if (embedder == null) {
      node.putNull("embedder");
    } else {
      ObjectNode described = node.putObject("embedder");
      described.put("kind", embedder.kind());
      described.put("fingerprint", embedder.fingerprint());
      described.put("path", embedder.file().path());
      described.put("bytes", embedder.file().bytes());
    }
    ArrayNode files = node.putArray("segment_files");
    for (SegmentRef segment : snapshot.segments()) {
      ObjectNode file = files.addObject();
      file.put("path", segment.path());
      file.put("bytes", segment.file().bytes());
      file.put("rows", segment.rows());
      file.put("deletes", segment.deletes());
      file.put("since_version", segment.sequence());
    }
  }

  private static void print(PrintWriter out, Contents contents, String location) {
    Snapshot snapshot = contents.snapshot();
    Schema schema = snapshot.schema();
    EmbedderRef embedder = snapshot.embedder();
    line(out, "index", location);
    line(
        out,
        "version",
        snapshot.version()
            + ", by "
            + snapshot.operation()
            + ", "
            + Amounts.time(snapshot.timestampMs())
            + " ("
            + Amounts.age(snapshot.timestampMs())
            + ")");
    line(out, "rows", Amounts.count(contents.liveRows()) + " live");
    line(out, "dimension", Integer.toString(schema.dimension()));
    line(out, "metric", schema.metric().externalName());
    line(out, "ids", schema.idType().externalName());
    line(out, "attributes", schema.attributes().isEmpty() ? "none" : schema.describeAttributes());
    line(
        out,
        "lists",
        Amounts.count(snapshot.model().lists())
            + ", of "
            + Amounts.count(contents.minListRows())
            + " / "
            + Amounts.count(contents.medianListRows())
            + " / "
            + Amounts.count(contents.maxListRows())
            + " live rows (min / median / max)");
    line(
        out,
        "segments",
        Amounts.count(snapshot.segments().size())
            + ", "
            + Amounts.bytes(contents.segmentBytes())
            + ": "
            + Amounts.count(contents.storedRows(), "row")
            + ", of them "
            + Amounts.count(contents.deadRows())
            + " dead, and "
            + Amounts.count(contents.deletes(), "delete"));
    line(
        out,
        "model",
        snapshot.model().id()
            + ", "
            + Amounts.bytes(snapshot.model().file().bytes())
            + ", quantizer "
            + snapshot.model().quantizer());
    line(
        out,
        "embedder",
        embedder == null
            ? "none: vectors come ready-made"
            : embedder.kind()
                + " "
                + embedder.fingerprint()
                + ", "
                + Amounts.bytes(embedder.file().bytes()));
    if (snapshot.sources().isEmpty()) {
      line(out, "source", "none");
    }
    snapshot
        .sources()
        .forEach(
            (name, state) ->
                line(
                    out,
                    "source",
                    name
                        + ", next offsets "
                        + state.nextOffsets().entrySet().stream()
                            .map(entry -> entry.getKey() + ": " + entry.getValue())
                            .collect(Collectors.joining(", "))
                        + "; newest record "
                        + Amounts.age(state.lastRecordMs())));
    line(out, "drift", describe(snapshot.drift()));
    line(out, "in all", Amounts.bytes(contents.bytes()));
    snapshot
        .drift()
        .retrainIfAsked()
        .ifPresent(
            asked ->
                line(
                    out,
                    "retrain",
                    "asked for since version "
                        + asked.sinceVersion()
                        + ": "
                        + asked.reason()
                        + ". Run ./tarn retrain --index "
                        + location));
  }

  private static String describe(Drift drift) {
    String error =
        drift.errorRatio().isEmpty()
            ? "too few rows to compare"
            : String.format(
                Locale.ROOT,
                "recent rows %.2f times as far from their centroids, squared, as at first",
                drift.errorRatio().getAsDouble());
    return drift
        .latestIfAny()
        .map(
            latest ->
                error
                    + String.format(
                        Locale.ROOT,
                        "; in version %d imbalance %.2f (at first %.2f), recall@%d %.3f at nprobe"
                            + " %d (at first %.3f)",
                        latest.version(),
                        latest.imbalance(),
                        drift.first().imbalance(),
                        DriftSample.K,
                        latest.recall(),
                        latest.nprobe(),
                        drift.first().recall()))
        .orElse(error);
  }

  private static void line(PrintWriter out, String name, String value) {
    out.printf("%-12s%s%n", name, value);
  }
}
