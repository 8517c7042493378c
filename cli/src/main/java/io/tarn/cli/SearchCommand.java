package io.tarn.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tarn.cli.print.Amounts;
import io.tarn.cli.print.Table;
import io.tarn.cli.print.Table.Align;
import io.tarn.embedding.Content;
import io.tarn.embedding.EmbeddingException;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.filter.Filter;
import io.tarn.index.search.Hit;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.search.Query;
import io.tarn.index.search.SearchEffort;
import io.tarn.index.search.SearchResult;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.WriterRuns;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "search",
    header = "Find the features nearest to a vector, a text or another feature.",
    description = {
      "",
      "Distances are squared l2, 1 - cosine, or the negative inner product: smaller is nearer.",
      "Fewer hits than asked for mean that the index holds no more features."
    },
    optionListHeading = "%nOptions:%n",
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  ./tarn search --index photos --id beach-17 --k 5",
      "  ./tarn search --index photos --vector '[0.1, 0.9, 0.4]' --nprobe 4 --json",
      "  ./tarn search --index films --text 'a dog saves the day' --exact",
      "  ./tarn search --index photos --id beach-17 --k 3 --filter 'width < 650' --explain",
      "  ./tarn search --index photos --id beach-17 --tier mapped --memory-budget 64MiB",
      "  ./tarn search --index photos --id beach-17 --as-of kafka:photos:0:1"
    })
final class SearchCommand implements Callable<Integer> {
  private static final int DEFAULT_K = 10;

  @Spec private CommandSpec spec;
  @Mixin private IndexOption index;

  @ArgGroup(multiplicity = "1")
  private Subject subject;

  @Option(
      names = "--k",
      paramLabel = "N",
      converter = AtLeastOne.class,
      description = "How many features to find; 10 if not given, and all with --radius.")
  private Integer k;

  @Option(
      names = "--radius",
      paramLabel = "DISTANCE",
      description = "Find only features no farther than this, as distances are printed.")
  private Float radius;

  @Option(
      names = "--filter",
      paramLabel = "CONDITION",
      description =
          "Find only features whose attributes fulfil it: = != < <= > >= in, is null, and, or, not.")
  private String filter;

  @ArgGroup private Effort effort;

  @Mixin private ViewOptions opened;

  @Option(names = "--explain", description = "Say what the search took.")
  private boolean explain;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  private static final class Subject {
    @Option(
        names = "--vector",
        paramLabel = "JSON",
        description = "A vector as a JSON array of numbers.")
    private String vector;

    @Option(
        names = "--id",
        paramLabel = "ID",
        description = "A feature of the index; it is its own first hit.")
    private String id;

    @Option(
        names = "--text",
        paramLabel = "TEXT",
        description = "A text, embedded as the texts of the index were.")
    private String text;

    @Option(
        names = "--image",
        paramLabel = "FILE",
        description = "An image, embedded as the images of the index were.")
    private Path image;
  }

  private static final class Effort {
    @Option(
        names = "--nprobe",
        paramLabel = "N",
        converter = AtLeastOne.class,
        description = "Look at the N nearest lists; at the square root of all if not given.")
    private Integer nprobe;

    @Option(
        names = "--recall",
        paramLabel = "SHARE",
        description =
            "Look at as many lists as find this share of the true nearest, as last calibrated.")
    private Double recall;

    @Option(names = "--exact", description = "Look at all lists: the true nearest.")
    private boolean exact;

    Probe probe() {
      if (exact) {
        return Probe.exact();
      }
      return nprobe == null ? Probe.recall(recall) : Probe.nearest(nprobe);
    }
  }

  @Override
  public Integer call() throws IOException, RejectedFeatureException, EmbeddingException {
    float[] given = subject.vector == null ? null : parseVector(subject.vector);
    try (Storage storage = index.storage()) {
      long openedNanos = System.nanoTime();
      IndexView view = opened.open(storage);
      long openNanos = System.nanoTime() - openedNanos;
      float[] vector = given == null ? lookUp(storage, view) : given;
      long startNanos = System.nanoTime();
      SearchResult result = view.search(query(view, vector));
      long searchNanos = System.nanoTime() - startNanos;
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(Json.write(toJson(result)));
      } else {
        print(out, view, result);
        out.println(
            "searched in "
                + Amounts.millis(searchNanos)
                + ", opened in "
                + Amounts.millis(openNanos));
      }
    }
    return Tarn.DONE;
  }

  private float[] parseVector(String text) {
    try {
      return Json.vector(Json.MAPPER.readTree(text));
    } catch (JsonProcessingException e) {
      throw new ParameterException(
          spec.commandLine(),
          "--vector is no JSON array of numbers, such as [0.1, 0.9]: " + e.getOriginalMessage(),
          e);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--vector: " + e.getMessage(), e);
    }
  }

  private float[] lookUp(Storage storage, IndexView view) throws IOException, EmbeddingException {
    Snapshot snapshot = view.snapshot();
    if (subject.text != null) {
      return SnapshotEmbedder.open(storage, snapshot).embed(subject.text);
    }
    if (subject.image != null) {
      return SnapshotEmbedder.open(storage, snapshot)
          .embed(new Content.Image(Files.readAllBytes(subject.image)));
    }
    Feature feature =
        view.get(FeatureId.parse(snapshot.schema().idType(), subject.id))
            .orElseThrow(
                () ->
                    new CommandException(
                        "version "
                            + snapshot.version()
                            + " of "
                            + storage.location()
                            + " has no feature '"
                            + subject.id
                            + "': it was never written, or it is deleted"));
    return feature.vector();
  }

  private Query query(IndexView view, float[] vector) {
    Query query;
    if (radius == null) {
      query = Query.nearest(vector, k == null ? DEFAULT_K : k);
    } else {
      query =
          k == null ? Query.within(vector, radius) : Query.nearest(vector, k).withRadius(radius);
    }
    if (filter != null) {
      query = query.where(Filter.parse(filter, view.snapshot().schema()));
    }
    return effort == null ? query : query.probing(effort.probe());
  }

  private ObjectNode toJson(SearchResult result) {
    ObjectNode answer = Json.object();
    answer.put("version", result.snapshot().version());
    ArrayNode hits = answer.putArray("hits");
    for (Hit hit : result.hits()) {
      ObjectNode node = hits.addObject();
      node.putPOJO("id", hit.id().toObject());
      node.put("distance", hit.distance());
      ObjectNode attributes = node.putObject("attributes");
      hit.attributes().forEach((name, value) -> attributes.putPOJO(name, Json.value(value)));
    }
    if (explain) {
      SearchEffort effort = result.effort();
      ObjectNode node = answer.putObject("effort");
      node.put("lists_probed", effort.listsProbed());
      node.put("rows_scanned", effort.rowsScanned());
      node.put("rows_refined", effort.rowsRefined());
      node.put("rows_reranked", effort.rowsReranked());
      node.put("rows_dead", effort.rowsDead());
      node.put("rows_filtered", effort.rowsFiltered());
      node.put("prepare_nanos", effort.prepareNanos());
      node.put("coarse_nanos", effort.coarseNanos());
      node.put("scan_nanos", effort.scanNanos());
      node.put("rerank_nanos", effort.rerankNanos());
    }
    return answer;
  }

  private static void printEffort(PrintWriter out, SearchEffort effort) {
    out.println(
        Amounts.count(effort.rowsReranked(), "row")
            + " looked at in full, "
            + Amounts.count(effort.rowsRefined())
            + " estimated with all bits of their code, "
            + Amounts.count(effort.rowsDead())
            + " of the rows scanned and near are superseded, "
            + Amounts.count(effort.rowsFiltered())
            + " kept out by the condition");
    out.println(
        "preparing "
            + Amounts.millis(effort.prepareNanos())
            + ", finding lists "
            + Amounts.millis(effort.coarseNanos())
            + ", scanning "
            + Amounts.millis(effort.scanNanos())
            + ", looking at rows "
            + Amounts.millis(effort.rerankNanos()));
  }

  private void print(PrintWriter out, IndexView view, SearchResult result) {
    List<Attribute> attributes = result.snapshot().schema().attributes();
    Table table =
        new Table()
            .column("rank", Align.RIGHT)
            .column("distance", Align.LEFT)
            .column("id", Align.LEFT);
    attributes.forEach(attribute -> table.column(attribute.name(), Align.LEFT));
    for (int i = 0; i < result.hits().size(); i++) {
      Hit hit = result.hits().get(i);
      List<String> cells = new ArrayList<>();
      cells.add(Integer.toString(i + 1));
      cells.add(Amounts.distance(hit.distance()));
      cells.add(hit.id().toString());
      for (Attribute attribute : attributes) {
        Object value = hit.attributes().get(attribute.name());
        cells.add(value == null ? "-" : value.toString());
      }
      table.row(cells);
    }
    table.print(out);
    if (radius == null && result.hits().size() < (k == null ? DEFAULT_K : k)) {
      out.println(
          "there are no more"
              + (filter == null ? "" : " that fulfil the condition")
              + ": the index holds "
              + Amounts.count(view.liveRowCount(), "feature"));
    }
    Snapshot snapshot = result.snapshot();
    out.println();
    out.println(
        "version "
            + snapshot.version()
            + ", committed "
            + Amounts.age(snapshot.timestampMs())
            + "; "
            + Amounts.count(result.effort().listsProbed())
            + " of "
            + Amounts.count(view.model().listCount(), "list")
            + " probed, "
            + Amounts.count(result.effort().rowsScanned(), "row")
            + " scanned");
    if (explain) {
      printEffort(out, result.effort());
    }
    snapshot
        .sources()
        .forEach(
            (source, state) -> {
              if (!WriterRuns.isRun(source)) {
                out.println(
                    source
                        + " is contained up to a record of "
                        + Amounts.age(state.lastRecordMs()));
              }
            });
  }
}
