package io.tarn.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tarn.cli.print.Amounts;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.evaluate.Measurement;
import io.tarn.index.evaluate.RecallEvaluation;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.search.IndexView;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "evaluate",
    header = "Measure recall and speed of searches.",
    description = {
      "",
      "Recall@k is the share of the true k nearest among the k hits. The truth is the ground truth",
      "given, by id, or else exact search; then a hit no farther than the true k-th is right too.",
      "QPS counts the answers a second of all threads; p50 and p99 are the times of one search.",
      "",
      "With --calibrate each nprobe is measured twice: with so many lists for each query, and with",
      "about as many (~), as many as are worth it for the query. The latter is what search --recall",
      "does: it takes less time for the same recall."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./tarn evaluate --index photos --queries queries.fvecs --nprobe 1,2,4",
      "  ./tarn evaluate --index numbered --queries queries.fvecs --ground-truth truth.ivecs --k 2"
          + " --json",
      "  ./tarn evaluate --index photos --queries queries.fvecs --nprobe 1,2,4 --calibrate",
      "  ./tarn evaluate --index photos --queries queries.fvecs --nprobe 2 --tier remote"
          + " --memory-budget 64MiB"
    })
final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private IndexOption index;

  @Option(
      names = "--queries",
      required = true,
      paramLabel = "FILE",
      description = "The vectors to search with; gzip is read too.")
  private Path queries;

  @Option(
      names = "--query-format",
      paramLabel = "FORMAT",
      description = "${COMPLETION-CANDIDATES}; told by the file's name if not given.")
  private QueryFormat queryFormat;

  @Option(
      names = "--vector-column",
      defaultValue = "vector",
      paramLabel = "NAME",
      description = "What holds the vectors in Parquet and JSON; '${DEFAULT-VALUE}' if not given.")
  private String vectorColumn;

  @Option(
      names = "--ground-truth",
      paramLabel = "FILE",
      description = "An ivecs file with the int64 ids of each query's true nearest.")
  private Path groundTruth;

  @Option(
      names = "--k",
      defaultValue = "10",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many features to find; ${DEFAULT-VALUE} if not given.")
  private int k;

  @Option(
      names = "--nprobe",
      split = ",",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Numbers of lists to look at; the powers of two and all lists if not given.")
  private List<Integer> nprobes;

  @Option(
      names = "--threads",
      defaultValue = "1",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Searches at once; ${DEFAULT-VALUE} if not given.")
  private int threads;

  @Option(
      names = "--limit",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "Take only the first N queries.")
  private Integer limit;

  @Mixin private ViewOptions opened;

  @Option(
      names = "--calibrate",
      description = "Record the measured recalls in the index, for search --recall.")
  private boolean calibrate;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException, RejectedFeatureException, InterruptedException {
    int most = limit == null ? Integer.MAX_VALUE : limit;
    List<float[]> vectors = QueryFile.readVectors(queries, queryFormat, vectorColumn, most);
    try (Storage storage = index.storage()) {
      IndexView view = opened.open(storage);
      RecallEvaluation evaluation = evaluation(view, vectors);
      PrintWriter out = spec.commandLine().getOut();
      if (!json) {
        printHead(out, view.snapshot(), vectors.size());
      }
      List<Measurement> measured = new ArrayList<>();
      for (int nprobe : nprobes == null ? powersOfTwo(view.model().listCount()) : nprobes) {
        Progress progress = progress("nprobe " + nprobe, vectors);
        add(measured, evaluation.measure(nprobe, threads, progress), out);
        if (calibrate) {
          Progress again = progress("nprobe ~" + nprobe, vectors);
          add(measured, evaluation.measureAdaptive(nprobe, threads, again), out);
        }
      }
      Snapshot calibrated = calibrate ? calibrate(storage, view.snapshot(), measured) : null;
      if (json) {
        out.println(Json.write(toJson(measured)));
      } else if (calibrated != null) {
        out.println("recorded in version " + calibrated.version());
      }
    }
    return Tarn.DONE;
  }

  private void add(List<Measurement> measured, Measurement latest, PrintWriter out) {
    measured.add(latest);
    if (!json) {
      printRow(out, latest);
    }
  }

  private Snapshot calibrate(Storage storage, Snapshot measuredOn, List<Measurement> measured)
      throws IOException {
    List<CalibrationPoint> points =
        measured.stream()
            .map(m -> new CalibrationPoint(m.nprobe(), k, m.recall(), m.adaptive()))
            .toList();
    return new Committer(new SnapshotLog(storage), new ModelReassigner(storage))
        .calibrate(measuredOn.model().id(), points);
  }

  private RecallEvaluation evaluation(IndexView view, List<float[]> vectors)
      throws IOException, RejectedFeatureException, InterruptedException {
    if (groundTruth != null) {
      return RecallEvaluation.againstTruth(
          view, vectors, k, QueryFile.readGroundTruth(groundTruth, vectors.size()));
    }
    int processors = Runtime.getRuntime().availableProcessors();
    return RecallEvaluation.againstExactSearch(
        view, vectors, k, processors, progress("exact search", vectors));
  }

  private Progress progress(String what, List<float[]> vectors) {
    return new Progress(spec.commandLine().getErr(), what, vectors.size());
  }

  private static List<Integer> powersOfTwo(int lists) {
    List<Integer> powers = new ArrayList<>();
    for (int power = 1; power < lists; power *= 2) {
      powers.add(power);
    }
    powers.add(lists);
    return powers;
  }

  private static ArrayNode toJson(List<Measurement> measured) {
    ArrayNode array = Json.MAPPER.createArrayNode();
    for (Measurement m : measured) {
      ObjectNode node = array.addObject();
      node.put("nprobe", m.nprobe());
      node.put("adaptive", m.adaptive());
      node.put("lists", m.lists());
      node.put("recall", m.recall());
      node.put("qps", m.queriesPerSecond());
      node.put("p50_us", m.p50Us());
      node.put("p99_us", m.p99Us());
    }
    return array;
  }

  private void printHead(PrintWriter out, Snapshot snapshot, int queryCount) {
    out.println(
        "version "
            + snapshot.version()
            + ", "
            + Amounts.count(snapshot.model().lists(), "list")
            + "; "
            + Amounts.count(queryCount)
            + (queryCount == 1 ? " query" : " queries")
            + ", k "
            + k
            + ", "
            + Amounts.count(threads, "thread")
            + ", truth from "
            + (groundTruth == null ? "exact search" : groundTruth));
    out.printf(
        "%8s  %8s  %8s  %10s  %10s  %10s%n",
        "nprobe", "lists", "recall", "QPS", "p50 µs", "p99 µs");
    out.flush();
  }

  private static void printRow(PrintWriter out, Measurement m) {
    out.printf(
        Locale.ROOT,
        "%8s  %8.1f  %8.4f  %,10.0f  %,10.0f  %,10.0f%n",
        (m.adaptive() ? "~" : "") + m.nprobe(),
        m.lists(),
        m.recall(),
        m.queriesPerSecond(),
        m.p50Us(),
        m.p99Us());
    out.flush();
  }
}
