package io.tarn.flink;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for what must come about, as long as it may take on a busy machine. */
public final class Waiting {
  private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(20);

  /** One look takes no longer: if it seems to, the machine was asleep, and so were all others. */
  private static final long MAX_LOOK_NS = TimeUnit.SECONDS.toNanos(10);

  private Waiting() {}

  public static void until(String what, long limitMs, Callable<Boolean> condition) {
    long waitedNs = 0;
    long lookedNs = System.nanoTime();
    try {
      while (!condition.call()) {
        long nowNs = System.nanoTime();
        waitedNs += Math.min(nowNs - lookedNs, MAX_LOOK_NS);
        lookedNs = nowNs;
        if (waitedNs > TimeUnit.MILLISECONDS.toNanos(limitMs)) {
          throw new AssertionError("not within " + limitMs + " ms: " + what);
        }
        LockSupport.parkNanos(PAUSE_NS);
      }
    } catch (Exception e) {
      throw new AssertionError("while waiting: " + what, e);
    }
  }
}
