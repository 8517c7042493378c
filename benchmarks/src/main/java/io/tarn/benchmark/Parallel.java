package io.tarn.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Work shared by a number of threads. */
final class Parallel {
  private Parallel() {}

  /** What to do with the numbers from {@code from} to before {@code to}. */
  interface Range {
    void run(int from, int to) throws Exception;
  }

  /** Divides the numbers below {@code count} among threads, and waits for all of them. */
  static void ranges(int count, int threads, Range work) {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> parts = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int from = (int) ((long) count * t / threads);
        int to = (int) ((long) count * (t + 1) / threads);
        parts.add(
            executor.submit(
                () -> {
                  work.run(from, to);
                  return null;
                }));
      }
      for (Future<?> part : parts) {
        part.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchmarkException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof BenchmarkException problem) {
        throw problem;
      }
      throw new IllegalStateException("a thread failed: " + e.getCause().getMessage(), e);
    } finally {
      executor.shutdownNow();
    }
  }
}
