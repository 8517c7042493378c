package io.tarn.index.segment;

import java.util.Arrays;

/** Gives each distinct text a code: 0, 1, 2… in the order of their first appearance. */
final class TextDictionary {
  private static final int EMPTY = -1;
  private static final int MIN_SLOTS = 16;

  private final Utf8Column.Builder texts = new Utf8Column.Builder(0);

  /** Open addressing with linear probing, at most half full: codes, where their text hashes to. */
  private int[] table = newTable(MIN_SLOTS);

  /** The code of a text given as UTF-8. */
  int code(byte[] text) {
    int mask = table.length - 1;
    int slot = Utf8Column.hash(text) & mask;
    for (; table[slot] != EMPTY; slot = slot + 1 & mask) {
      if (texts.sameText(table[slot], text)) {
        return table[slot];
      }
    }
    int code = texts.size();
    texts.add(text);
    table[slot] = code;
    if (texts.size() > table.length / 2) {
      rehash();
    }
    return code;
  }

  /** The length in bytes of the text of a code. */
  int bytes(int code) {
    return texts.bytes(code);
  }

  /** The length in bytes of all texts together. */
  int bytes() {
    return texts.bytes();
  }

  /** How many codes there are. */
  int size() {
    return texts.size();
  }

  /** The texts, each at the row that is its code. */
  Utf8Column texts() {
    return texts.build();
  }

  private void rehash() {
    table = newTable(Math.multiplyExact(table.length, 2));
    int mask = table.length - 1;
    for (int code = 0; code < texts.size(); code++) {
      int slot = texts.hash(code) & mask;
      while (table[slot] != EMPTY) {
        slot = slot + 1 & mask;
      }
      table[slot] = code;
    }
  }

  private static int[] newTable(int slots) {
    int[] table = new int[slots];
    Arrays.fill(table, EMPTY);
    return table;
  }
}
