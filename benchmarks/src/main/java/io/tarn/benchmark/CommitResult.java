package io.tarn.benchmark;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tarn.benchmark.Report.Sheet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What commits took, and adding rows beside building. */
public final class CommitResult {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final double MEDIAN = 0.50;
  private static final double NEARLY_ALL = 0.99;

  private final Environment environment;
  private final int rows;
  private final int commits;
  private final List<Index> indexes;
  private final List<Adding> adding;

  /**
   * @param rows of a commit
   * @param commits that were timed of each index
   */
  CommitResult(
      Environment environment, int rows, int commits, List<Index> indexes, List<Adding> adding) {
    this.environment = environment;
    this.rows = rows;
    this.commits = commits;
    this.indexes = List.copyOf(indexes);
    this.adding = List.copyOf(adding);
  }

  /** How long something took, each time. */
  static final class Times {
    private final List<Long> nanos = new ArrayList<>();

    void since(long startNanos) {
      nanos.add(System.nanoTime() - startNanos);
    }

    int count() {
      return nanos.size();
    }

    double totalMs() {
      return nanos.stream().mapToLong(Long::longValue).sum() / 1e6;
    }

    /** Milliseconds that so large a share did not exceed; no number if there are none. */
    double ms(double share) {
      long[] ascending = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
      return ascending.length == 0 ? Double.NaN : Race.percentile(ascending, share) / 1e6;
    }

    private String text() {
      return number(ms(MEDIAN)) + " / " + number(ms(NEARLY_ALL));
    }

    private static String number(double ms) {
      return Report.number(ms < 10 ? "%.2f" : ms < 100 ? "%.1f" : "%,.0f", ms);
    }

    private void put(ObjectNode node, String name) {
      if (count() > 0) {
        node.putObject(name)
            .put("p50", ms(MEDIAN))
            .put("p99", ms(NEARLY_ALL))
            .put("max", ms(1))
            .put("count", count());
      }
    }
  }

  /** What was seen of one index. */
  static final class Index {
    private final String data;
    private final long rows;
    private final long versions;
    private final Times finding;
    private final double openSeconds;
    private Times write = new Times();
    private Times commit = new Times();
    private Times refresh = new Times();
    private Times merge = new Times();
    private Times refreshAfterMerge = new Times();
    private int fewestSegments = Integer.MAX_VALUE;
    private int mostSegments;

    /**
     * @param rows live rows before the commits
     * @param versions before the commits
     * @param finding the newest version, and reading it
     * @param openSeconds opening it, once
     */
    Index(String data, long rows, long versions, Times finding, double openSeconds) {
      this.data = data;
      this.rows = rows;
      this.versions = versions;
      this.finding = finding;
      this.openSeconds = openSeconds;
    }

    /** What was timed until now was to have the code compiled. */
    void forgetTimes() {
      write = new Times();
      commit = new Times();
      refresh = new Times();
      merge = new Times();
      refreshAfterMerge = new Times();
      fewestSegments = Integer.MAX_VALUE;
      mostSegments = 0;
    }

    void sawSegments(int count) {
      fewestSegments = Math.min(fewestSegments, count);
      mostSegments = Math.max(mostSegments, count);
    }

    /** Assigning and coding rows and writing them as a segment. */
    Times write() {
      return write;
    }

    Times commit() {
      return commit;
    }

    /** Of the open reader, after a commit of rows. */
    Times refresh() {
      return refresh;
    }

    Times merge() {
      return merge;
    }

    Times refreshAfterMerge() {
      return refreshAfterMerge;
    }

    private List<String> row(int commits) {
      return List.of(
          data,
          "%,d".formatted(rows),
          "%,d".formatted(versions),
          fewestSegments + "–" + mostSegments,
          finding.text(),
          write.text(),
          commit.text(),
          refresh.text(),
          refreshAfterMerge.text(),
          Integer.toString(merge.count()),
          Times.number(merge.totalMs() / commits),
          Report.number("%.2f", openSeconds));
    }

    private void put(ObjectNode node) {
      node.put("data", data)
          .put("rows", rows)
          .put("versions", versions)
          .put("fewest_segments", fewestSegments)
          .put("most_segments", mostSegments)
          .put("open_s", openSeconds);
      finding.put(node, "find_newest_ms");
      write.put(node, "write_ms");
      commit.put(node, "commit_ms");
      refresh.put(node, "refresh_ms");
      merge.put(node, "merge_ms");
      refreshAfterMerge.put(node, "refresh_after_merge_ms");
    }
  }

  /**
   * What adding some rows to an index took, and building it.
   *
   * @param wasBuilt whether the index was built by an earlier run
   * @param buildProcessorSeconds 0 if it is not known
   * @param add each time rows were added
   * @param addProcessorSeconds on average
   */
  record Adding(
      String data,
      long rows,
      boolean wasBuilt,
      double buildSeconds,
      double buildProcessorSeconds,
      Times add,
      double addProcessorSeconds) {
    double share() {
      return add.ms(MEDIAN) / 1e3 / buildSeconds;
    }

    double processorShare() {
      return buildProcessorSeconds > 0 ? addProcessorSeconds / buildProcessorSeconds : Double.NaN;
    }

    private List<String> row() {
      return List.of(
          data,
          "%,d".formatted(rows),
          Report.number("%.1f", buildSeconds) + (wasBuilt ? " (an earlier run)" : ""),
          Report.number("%.1f", buildProcessorSeconds > 0 ? buildProcessorSeconds : Double.NaN),
          add.text(),
          Report.number("%.1f", addProcessorSeconds * 1e3),
          Report.number("%.2f%%", 100 * share()),
          Report.number("%.2f%%", 100 * processorShare()));
    }

    private void put(ObjectNode node) {
      node.put("data", data)
          .put("rows", rows)
          .put("was_built", wasBuilt)
          .put("build_s", buildSeconds);
      if (buildProcessorSeconds > 0) {
        node.put("build_processor_s", buildProcessorSeconds)
            .put("processor_share", processorShare());
      }
      add.put(node, "add_ms");
      node.put("add_processor_s", addProcessorSeconds).put("share", share());
    }
  }

  /** Where and with what was measured, a sentence a line. */
  public String describe() {
    return Report.describe(environment);
  }

  /** The tables. */
  public List<Sheet> sheets() {
    return List.of(
        new Sheet(
            "Commits of %,d rows, ms, median / 99 of 100; %,d commits each"
                .formatted(rows, commits),
            1,
            List.of(
                "index",
                "rows",
                "versions",
                "segments",
                "find newest",
                "write",
                "commit",
                "refresh",
                "after a merge",
                "merges",
                "merging a commit",
                "open s"),
            indexes.stream().map(index -> index.row(commits)).toList()),
        new Sheet(
            "Adding %,d rows, beside building the index".formatted(rows),
            1,
            List.of(
                "index",
                "rows",
                "build s",
                "processor s",
                "add ms",
                "processor ms",
                "share",
                "of processor time"),
            adding.stream().map(Adding::row).toList()));
  }

  /** Writes {@code commits.json} and {@code commits.md} into a folder. */
  public void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    ObjectNode root = JSON.createObjectNode();
    Results.put(environment, root.putObject("environment"));
    root.put("rows_per_commit", rows).put("commits", commits);
    ArrayNode measured = root.putArray("indexes");
    indexes.forEach(index -> index.put(measured.addObject()));
    ArrayNode added = root.putArray("adding");
    adding.forEach(index -> index.put(added.addObject()));
    JSON.writeValue(folder.resolve("commits.json").toFile(), root);
    StringBuilder text = new StringBuilder("# Commits\n\n").append(describe());
    sheets().forEach(sheet -> text.append(Report.markdown(sheet)));
    Files.writeString(folder.resolve("commits.md"), text);
  }
}
