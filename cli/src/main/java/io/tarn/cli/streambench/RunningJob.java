package io.tarn.cli.streambench;

import io.tarn.benchmark.BenchmarkException;
import io.tarn.cli.local.LocalFlink;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Waits for what a job brings about, as long as the job has not failed. */
final class RunningJob {
  private static final long POLL_MS = 5;

  private final CompletableFuture<Void> end;

  RunningJob(LocalFlink job) {
    end =
        CompletableFuture.runAsync(
            () -> {
              try {
                job.await();
              } catch (Exception e) {
                throw new CompletionException(e);
              }
            });
  }

  /** What may come about. */
  interface Condition {
    boolean holds() throws Exception;
  }

  /**
   * Waits.
   *
   * @throws BenchmarkException if the job ends before
   */
  void await(String what, Condition condition) throws Exception {
    while (!condition.holds()) {
      // What holds only since the job's end holds too.
      if (end.isDone() && !condition.holds()) {
        awaitEnd();
        throw new BenchmarkException("the job has ended before " + what);
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
    }
  }

  /** Waits for the job's end. */
  void awaitEnd() throws InterruptedException {
    try {
      end.get();
    } catch (ExecutionException e) {
      throw new BenchmarkException(
          "the job has failed: " + e.getCause().getMessage(), e.getCause());
    }
  }
}
