package io.tarn.flink;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for what must come about, as long as it may take on a busy machine. */
final class Waiting {
  private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(20);

  private Waiting() {}

  static void until(String what, long limitMs, Callable<Boolean> condition) {
    long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMs);
    try {
      while (!condition.call()) {
        if (System.nanoTime() > deadlineNs) {
          throw new AssertionError("not within " + limitMs + " ms: " + what);
        }
        LockSupport.parkNanos(PAUSE_NS);
      }
    } catch (Exception e) {
      throw new AssertionError("while waiting: " + what, e);
    }
  }
}
