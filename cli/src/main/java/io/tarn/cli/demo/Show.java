package io.tarn.cli.demo;

import io.tarn.cli.print.Amounts;
import io.tarn.index.search.Hit;
import io.tarn.index.search.SearchResult;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * What the audience sees: steps with what they do and why, searches with their hits, checks with
 * their outcome, and at the end a summary.
 */
final class Show implements AutoCloseable {
  private static final String INDENT = "    ";
  private static final int MAX_HIT_CHARS = 78;
  private static final long TICK_MS = 500;

  private final PrintWriter out;
  private final boolean terminal;
  private final long startNanos = System.nanoTime();
  private final List<Step> steps = new ArrayList<>();
  private final Thread ticker = new Thread(this::tick, "ticker");

  private int checks;
  private int failures;
  private String waitingFor;
  private long waitingSinceNanos;

  private record Step(String name, long nanos) {}

  /**
   * @param terminal whether a person watches: then colours are used, and waiting is shown
   */
  Show(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
    if (terminal) {
      ticker.setDaemon(true);
      ticker.start();
    }
  }

  interface Action {
    void run() throws Exception;
  }

  /** Does a step: tells what it is about, then runs it, and remembers how long it took. */
  void step(String name, String about, Action action) throws Exception {
    long begunNanos = System.nanoTime();
    line("");
    line(bold((steps.size() + 1) + " " + name) + "  " + about);
    action.run();
    steps.add(new Step(name, System.nanoTime() - begunNanos));
  }

  /** Says something within a step. */
  synchronized void say(String text) {
    line(INDENT + text);
  }

  /** Runs something that takes a while, with a clock ticking beside what is waited for. */
  <T> T waiting(String what, Callable<T> action) throws Exception {
    synchronized (this) {
      waitingFor = what;
      waitingSinceNanos = System.nanoTime();
    }
    try {
      return action.call();
    } finally {
      synchronized (this) {
        clearTick();
        waitingFor = null;
      }
    }
  }

  /** Shows the first hits of a search. */
  void hits(String query, SearchResult result, int count, long nanos) {
    say(
        cyan("“" + query + "”")
            + dim(
                "  "
                    + Amounts.count(result.effort().listsProbed())
                    + " of "
                    + Amounts.count(result.snapshot().model().lists(), "list")
                    + ", "
                    + Amounts.count(result.effort().rowsScanned(), "row")
                    + ", "
                    + Amounts.millis(nanos)));
    for (int i = 0; i < Math.min(count, result.hits().size()); i++) {
      Hit hit = result.hits().get(i);
      say(
          String.format(
              Locale.ROOT,
              "  %d  %.3f  %s",
              i + 1,
              hit.distance(),
              shortened(hit.id().toString())));
    }
  }

  /** Shows whether something that must hold holds; if it does not, the demo has failed. */
  void check(boolean holds, String what) {
    checks++;
    failures += holds ? 0 : 1;
    say(holds ? green("✓ ") + what : red("✗ NOT SO: " + what));
  }

  /** Shows the times and the checks; true if all of them hold. */
  boolean summary() {
    line("");
    line(bold("Summary"));
    for (Step step : steps) {
      line(INDENT + String.format(Locale.ROOT, "%-10s %6.1f s", step.name(), step.nanos() / 1e9));
    }
    line(
        INDENT
            + String.format(
                Locale.ROOT, "%-10s %6.1f s", "in all", (System.nanoTime() - startNanos) / 1e9));
    String outcome = (checks - failures) + " of " + checks + " checks hold";
    line(INDENT + (failures == 0 ? green(outcome) : red(outcome)));
    return failures == 0;
  }

  synchronized void line(String text) {
    clearTick();
    out.println(text);
    out.flush();
  }

  private void tick() {
    try {
      while (true) {
        Thread.sleep(TICK_MS);
        showTick();
      }
    } catch (InterruptedException e) {
      // The show is over.
    }
  }

  private synchronized void showTick() {
    if (waitingFor != null) {
      long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - waitingSinceNanos);
      out.print("\r" + INDENT + dim("… " + waitingFor + ", " + seconds + " s"));
      out.flush();
    }
  }

  private void clearTick() {
    if (terminal && waitingFor != null) {
      out.print("\r\u001b[K");
    }
  }

  private static String shortened(String id) {
    return id.length() <= MAX_HIT_CHARS ? id : id.substring(0, MAX_HIT_CHARS - 1) + "…";
  }

  private String bold(String text) {
    return coloured("1", text);
  }

  private String dim(String text) {
    return coloured("2", text);
  }

  private String cyan(String text) {
    return coloured("36", text);
  }

  private String green(String text) {
    return coloured("32", text);
  }

  private String red(String text) {
    return coloured("1;31", text);
  }

  private String coloured(String code, String text) {
    return terminal ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }

  @Override
  public void close() {
    ticker.interrupt();
  }
}
