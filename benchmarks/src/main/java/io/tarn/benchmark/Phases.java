package io.tarn.benchmark;

import java.util.LinkedHashMap;
import java.util.Map;

/** How long each phase of a work took, in the order in which they began. */
public final class Phases {
  private final Map<String, Double> seconds = new LinkedHashMap<>();
  private long begunNanos = System.nanoTime();

  /** Says that what was done since the last call, or since the beginning, was this phase. */
  public void done(String phase) {
    long nowNanos = System.nanoTime();
    seconds.merge(phase, (nowNanos - begunNanos) / 1e9, Double::sum);
    begunNanos = nowNanos;
  }

  /** The seconds of each phase. */
  public Map<String, Double> seconds() {
    return seconds;
  }
}
