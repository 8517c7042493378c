package io.tarn.benchmark.open;

import io.tarn.index.centroid.Model;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Probe;
import io.tarn.index.search.Query;
import io.tarn.index.storage.LocalStorage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;

/**
 * Opens an index, answers one query, and prints what that took. {@link OpenBenchmark} starts it in
 * a JVM of its own, as it is the first time that is of interest.
 */
final class FirstAnswer {
  private static final int K = 10;

  private FirstAnswer() {}

  /**
   * @param args the index, and how many lists to look at
   */
  public static void main(String[] args) throws Exception {
    long startNanos = System.nanoTime();
    IndexView view = IndexReader.open(new LocalStorage(Path.of(args[0]))).view();
    long openedNanos = System.nanoTime();
    Model model = view.model();
    int list = model.listCount() / 2;
    float[] query =
        Arrays.copyOfRange(
            model.centroids(), list * model.dimension(), (list + 1) * model.dimension());
    int hits =
        view.search(Query.nearest(query, K).probing(Probe.nearest(Integer.parseInt(args[1]))))
            .hits()
            .size();
    long answeredNanos = System.nanoTime();
    Duration processor =
        ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ofNanos(-1));
    System.out.println(
        String.join(
            " ",
            OpenBenchmark.MARK,
            Long.toString(openedNanos - startNanos),
            Long.toString(answeredNanos - openedNanos),
            Long.toString(processor.toNanos()),
            Long.toString(view.liveRowCount()),
            Integer.toString(model.dimension()),
            Integer.toString(hits)));
  }
}
