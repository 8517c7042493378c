package io.tarn.index.search;

import java.util.Arrays;

/**
 * The k nearest rows seen so far, as a heap with the worst on top. Of equally near rows the one
 * with the smaller id is nearer, so that answers do not depend on the order of scanning.
 */
final class TopK {
  private static final int INITIAL_CAPACITY = 128;

  private final IndexView view;
  private final int k;
  private final float radius;
  private float[] distances;
  private int[] segments;
  private int[] rows;
  private int size;

  /**
   * @param k how many rows to keep, at least 1
   * @param radius rows farther than this are not kept
   */
  TopK(IndexView view, int k, float radius) {
    this.view = view;
    this.k = k;
    this.radius = radius;
    int capacity = Math.min(k, INITIAL_CAPACITY);
    this.distances = new float[capacity];
    this.segments = new int[capacity];
    this.rows = new int[capacity];
  }

  int size() {
    return size;
  }

  boolean isFull() {
    return size == k;
  }

  /** The segment of one of the rows, which are in no particular order. */
  int segment(int slot) {
    return segments[slot];
  }

  /** One of the rows, as {@link #segment}. */
  int row(int slot) {
    return rows[slot];
  }

  /** No row farther than this can enter. */
  float threshold() {
    return isFull() ? distances[0] : radius;
  }

  void offer(float distance, int segment, int row) {
    if (!isFull()) {
      if (size == rows.length) {
        grow();
      }
      int hole = size++;
      while (hole > 0 && isWorse(distance, segment, row, (hole - 1) / 2)) {
        copy((hole - 1) / 2, hole);
        hole = (hole - 1) / 2;
      }
      put(hole, distance, segment, row);
    } else if (!isWorse(distance, segment, row, 0)) {
      sink(distance, segment, row);
    }
  }

  private void grow() {
    int capacity = (int) Math.min(k, 2L * size);
    distances = Arrays.copyOf(distances, capacity);
    segments = Arrays.copyOf(segments, capacity);
    rows = Arrays.copyOf(rows, capacity);
  }

  /** Removes the worst row from the heap and gives it to {@code receiver}. */
  void removeWorst(RowReceiver receiver) {
    receiver.accept(distances[0], segments[0], rows[0]);
    size--;
    sink(distances[size], segments[size], rows[size]);
  }

  interface RowReceiver {
    void accept(float distance, int segment, int row);
  }

  private void sink(float distance, int segment, int row) {
    int hole = 0;
    for (int child = 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && isWorse(child + 1, child)) {
        child++;
      }
      if (isWorse(distance, segment, row, child)) {
        break;
      }
      copy(child, hole);
      hole = child;
    }
    put(hole, distance, segment, row);
  }

  private boolean isWorse(int slot, int otherSlot) {
    return isWorse(distances[slot], segments[slot], rows[slot], otherSlot);
  }

  private boolean isWorse(float distance, int segment, int row, int slot) {
    return distance != distances[slot]
        ? distance > distances[slot]
        : view.compareIds(segment, row, segments[slot], rows[slot]) > 0;
  }

  private void copy(int from, int to) {
    put(to, distances[from], segments[from], rows[from]);
  }

  private void put(int slot, float distance, int segment, int row) {
    distances[slot] = distance;
    segments[slot] = segment;
    rows[slot] = row;
  }
}
