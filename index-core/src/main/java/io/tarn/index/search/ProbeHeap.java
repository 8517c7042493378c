package io.tarn.index.search;

import java.util.Arrays;

/**
 * The nearest lists seen so far, the farthest of them on top; sorted in the end. A list is one long
 * with its distance, made to order as an integer, in the upper half. Grows as needed and is reused.
 */
final class ProbeHeap {
  private long[] entries = new long[64];
  private int capacity;
  private int size;

  /** Empties it; it will keep {@code capacity} lists. */
  void clear(int capacity) {
    if (entries.length < capacity) {
      entries = new long[capacity];
    }
    this.capacity = capacity;
    this.size = 0;
  }

  int size() {
    return size;
  }

  /** Only lists nearer than this can enter. */
  float threshold() {
    return size < capacity ? Float.POSITIVE_INFINITY : distance(0);
  }

  void offer(float distance, int list) {
    long entry = (long) sortable(distance) << 32 | list;
    if (size < capacity) {
      int hole = size++;
      while (hole > 0 && entries[(hole - 1) / 2] < entry) {
        entries[hole] = entries[(hole - 1) / 2];
        hole = (hole - 1) / 2;
      }
      entries[hole] = entry;
    } else if (entry < entries[0]) {
      int hole = 0;
      for (int child = 1; child < size; child = 2 * hole + 1) {
        if (child + 1 < size && entries[child + 1] > entries[child]) {
          child++;
        }
        if (entries[child] <= entry) {
          break;
        }
        entries[hole] = entries[child];
        hole = child;
      }
      entries[hole] = entry;
    }
  }

  /** Ends the heap: the lists stand by ascending distance from now on. */
  void sort() {
    Arrays.sort(entries, 0, size);
  }

  int list(int i) {
    return (int) entries[i];
  }

  float distance(int i) {
    int bits = (int) (entries[i] >> 32);
    return Float.intBitsToFloat(bits ^ (bits >> 31 & Integer.MAX_VALUE));
  }

  /** An int that orders as the float does. */
  private static int sortable(float value) {
    int bits = Float.floatToIntBits(value);
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }
}
