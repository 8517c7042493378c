package io.tarn.flink;

import io.tarn.flink.FaultRun.Event;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a run of {@link FaultRun}s has survived, and what comes next. */
final class FaultTally {
  private final Deque<Event> toCome = new ArrayDeque<>();
  private final SortedMap<Event, Integer> events = new TreeMap<>();
  private final SortedMap<String, Integer> strikes = new TreeMap<>();
  private int rounds;
  private int fenced;
  private long rowsChecked;
  private int taskManagersKilled;

  /** All of them come equally often, in random order. */
  Event nextEvent(Random random) {
    if (toCome.isEmpty()) {
      List<Event> all = new ArrayList<>(List.of(Event.values()));
      Collections.shuffle(all, random);
      toCome.addAll(all);
    }
    return toCome.pop();
  }

  void count(Event event) {
    events.merge(event, 1, Integer::sum);
  }

  /** A job was refused its change, as others had made it. */
  void countFenced() {
    fenced++;
  }

  Set<Event> events() {
    return events.keySet();
  }

  /** Something in the storage went wrong. */
  void countStrike(String strike) {
    strikes.merge(strike, 1, Integer::sum);
  }

  void checked(int rows) {
    rounds++;
    rowsChecked += rows;
  }

  /** TaskManagers are numbered in the order of their start, and killed in it. */
  int nextTaskManager() {
    return taskManagersKilled++;
  }

  int rounds() {
    return rounds;
  }

  @Override
  public String toString() {
    return rounds
        + " rounds, "
        + rowsChecked
        + " rows looked for; events "
        + events.values().stream().mapToInt(Integer::intValue).sum()
        + " "
        + events
        + "; jobs refused at a commit "
        + fenced
        + "; failed operations of the storage "
        + strikes.values().stream().mapToInt(Integer::intValue).sum()
        + " "
        + strikes;
  }
}
