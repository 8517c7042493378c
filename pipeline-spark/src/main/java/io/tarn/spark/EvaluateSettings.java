package io.tarn.spark;

import io.tarn.settings.Default;
import io.tarn.spark.input.InputFormat;
import java.util.List;
import java.util.Optional;

/**
 * How to measure the recall of an index.
 *
 * @param index the index
 * @param queries what to search with
 * @param k how many neighbours to look for
 * @param nprobe numbers of lists to look at; the powers of two and all lists by default
 * @param calibrate whether what was measured is recorded in the index, for searches that ask for a
 *     recall
 * @param version the version of the index; the newest by default
 * @param timestamp in place of it: the time at which the version was the newest
 */
public record EvaluateSettings(
    String index,
    Queries queries,
    @Default("10") int k,
    List<Integer> nprobe,
    @Default("true") boolean calibrate,
    Optional<String> version,
    Optional<String> timestamp) {
  /** What is drawn is brought to the driver, and so are its neighbours. */
  private static final int MAX_QUERIES = 100_000;

  public EvaluateSettings {
    SettingRules.index(index);
    SettingRules.atLeastOne("k", k);
    nprobe.forEach(lists -> SettingRules.atLeastOne("nprobe", lists));
  }

  /**
   * Queries drawn at random.
   *
   * @param path a table to draw them from: a file, a directory of files, or a pattern with {@code
   *     *}. By default they are drawn from the index, and then no query is its own neighbour
   * @param format the format of the files
   * @param vectorColumn the column of vectors: an array of numbers
   * @param count how many
   * @param seed decides which
   */
  public record Queries(
      Optional<String> path,
      @Default("parquet") InputFormat format,
      @Default("vector") String vectorColumn,
      @Default("1000") int count,
      @Default("42") long seed) {
    public Queries {
      SettingRules.atLeastOne("count", count);
      if (count > MAX_QUERIES) {
        throw new IllegalArgumentException("count " + count + " is more than " + MAX_QUERIES);
      }
    }
  }
}
