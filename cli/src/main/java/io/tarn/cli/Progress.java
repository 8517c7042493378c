package io.tarn.cli;

import io.tarn.cli.print.Amounts;
import java.io.PrintWriter;
import java.util.function.IntConsumer;

/** Says now and then how far a long work is. Thread-safe. */
final class Progress implements IntConsumer {
  private static final long INTERVAL_NANOS = 10_000_000_000L;

  private final PrintWriter err;
  private final String what;
  private final int total;
  private long nextNanos = System.nanoTime() + INTERVAL_NANOS;

  /**
   * @param what what is being done, to be followed by "17 of 100"
   */
  Progress(PrintWriter err, String what, int total) {
    this.err = err;
    this.what = what;
    this.total = total;
  }

  @Override
  public synchronized void accept(int done) {
    if (System.nanoTime() - nextNanos >= 0) {
      err.println(what + ": " + Amounts.count(done) + " of " + Amounts.count(total));
      err.flush();
      nextNanos = System.nanoTime() + INTERVAL_NANOS;
    }
  }
}
