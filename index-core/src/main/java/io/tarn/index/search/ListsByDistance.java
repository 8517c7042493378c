package io.tarn.index.search;

import java.util.Arrays;

/**
 * Lists with their distances, sorted once all are there. A list is one long with its distance, made
 * to order as an integer, in the upper half. Grows as needed and is reused.
 */
final class ListsByDistance {
  private long[] entries = new long[64];
  private int size;

  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  void add(float distance, int list) {
    if (size == entries.length) {
      entries = Arrays.copyOf(entries, 2 * size);
    }
    entries[size++] = (long) Sortable.of(distance) << 32 | list;
  }

  /** Gives the i-th list another distance. */
  void set(int i, float distance) {
    entries[i] = (long) Sortable.of(distance) << 32 | list(i);
  }

  /** Forgets all but the first {@code count}. */
  void keep(int count) {
    size = Math.min(size, count);
  }

  /** Sorts them, the nearest first, of equally near ones the first; only so many are kept. */
  void sort(int kept) {
    Arrays.sort(entries, 0, size);
    size = Math.min(size, kept);
  }

  int list(int i) {
    return (int) entries[i];
  }

  float distance(int i) {
    return Sortable.toFloat((int) (entries[i] >> 32));
  }
}
