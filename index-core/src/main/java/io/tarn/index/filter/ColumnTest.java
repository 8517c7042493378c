package io.tarn.index.filter;

import io.tarn.index.segment.AttributeColumn;
import io.tarn.index.segment.TextCodes;
import io.tarn.index.segment.Utf8Column;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

/** A test of the values of one column. */
sealed interface ColumnTest {

  /**
   * Sets the bit of each row whose value passes: row r is bit {@code r & 63} of word {@code r >>
   * 6}. For rows without a value, and behind the last row, it may be anything.
   *
   * @param column of the type that the test is for
   * @param rows a bitmap as long as the column, with no bit set
   */
  void select(AttributeColumn column, long[] rows);

  /** Numbers whose key is between two, both included. */
  record KeyRange(long low, long high) implements ColumnTest {

    /**
     * Without a branch, as which rows pass can be anything. That key - low exceeds high - low, both
     * unsigned, is the borrow of their difference (Hacker's Delight, 2-13).
     */
    @Override
    public void select(AttributeColumn column, long[] rows) {
      long[] keys = ((AttributeColumn.Numbers) column).keys();
      long base = low;
      long span = high - low;
      for (int word = 0; word < rows.length; word++) {
        int start = word << 6;
        int count = Math.min(Long.SIZE, keys.length - start);
        long outside = 0;
        for (int i = 0; i < count; i++) {
          long above = keys[start + i] - base;
          long borrow = ~span & above | (~span | above) & span - above;
          outside |= borrow >>> 63 << i;
        }
        rows[word] = ~outside;
      }
    }
  }

  /**
   * Numbers whose key is one of a set, a hash table with linear probing. Every slot holds a member,
   * free ones the first, so that a lookup compares a fixed number of slots and never branches.
   *
   * @param table a power of two of slots, and {@code probes - 1} more behind them; empty where the
   *     set is
   * @param probes in how many slots a member may be, from the one that it hashes to
   */
  record KeySet(long[] table, int probes) implements ColumnTest {
    /** So few slots are taken that members are near to where they hash to. */
    private static final int SLOTS_PER_MEMBER = 4;

    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    static KeySet of(LongStream keys) {
      long[] members = keys.distinct().toArray();
      if (members.length == 0) {
        return new KeySet(members, 0);
      }
      int slots = Integer.highestOneBit(Math.multiplyExact(members.length, SLOTS_PER_MEMBER)) * 2;
      long[] table = new long[slots + members.length];
      boolean[] taken = new boolean[table.length];
      Arrays.fill(table, members[0]);
      int probes = 1;
      for (long member : members) {
        int home = home(member, slots);
        int slot = home;
        while (taken[slot]) {
          slot++;
        }
        table[slot] = member;
        taken[slot] = true;
        probes = Math.max(probes, slot - home + 1);
      }
      return new KeySet(Arrays.copyOf(table, slots + probes - 1), probes);
    }

    private static int home(long key, int slots) {
      return (int) (key * GOLDEN >>> Long.numberOfLeadingZeros(slots) + 1);
    }

    @Override
    public void select(AttributeColumn column, long[] rows) {
      if (table.length == 0) {
        return;
      }
      long[] keys = ((AttributeColumn.Numbers) column).keys();
      int slots = table.length - probes + 1;
      for (int word = 0; word < rows.length; word++) {
        int start = word << 6;
        int count = Math.min(Long.SIZE, keys.length - start);
        long outside = 0;
        for (int i = 0; i < count; i++) {
          long key = keys[start + i];
          int home = home(key, slots);
          long differs = -1;
          for (int slot = home; slot < home + probes; slot++) {
            long difference = table[slot] ^ key;
            differs &= difference | -difference;
          }
          outside |= differs >>> 63 << i;
        }
        rows[word] = ~outside;
      }
    }
  }

  /** Booleans that are one of those wanted. */
  record Truths(boolean wantsTrue, boolean wantsFalse) implements ColumnTest {

    static Truths of(List<Literal> literals) {
      return new Truths(
          literals.contains(new Literal.Truth(true)), literals.contains(new Literal.Truth(false)));
    }

    @Override
    public void select(AttributeColumn column, long[] rows) {
      long[] bits = ((AttributeColumn.Booleans) column).bits();
      long ifTrue = wantsTrue ? -1 : 0;
      long ifFalse = wantsFalse ? -1 : 0;
      for (int word = 0; word < rows.length; word++) {
        rows[word] = bits[word] & ifTrue | ~bits[word] & ifFalse;
      }
    }
  }

  /** A test of texts: of each row, or once of each distinct text where they have codes. */
  sealed interface TextTest extends ColumnTest {

    /** Whether the text of a row passes. */
    boolean passes(Utf8Column texts, int row);

    @Override
    default void select(AttributeColumn column, long[] rows) {
      if (column instanceof AttributeColumn.Texts plain) {
        selectTexts(plain.texts(), rows);
        return;
      }
      AttributeColumn.CodedTexts coded = (AttributeColumn.CodedTexts) column;
      // A word more than may be needed: rows without a value have a code even if there is none.
      long[] passing = new long[(coded.dictionary().size() >> 6) + 1];
      selectTexts(coded.dictionary(), passing);
      selectCodes(coded.codes(), passing, rows);
    }

    private void selectTexts(Utf8Column texts, long[] rows) {
      for (int row = 0; row < texts.size(); row++) {
        if (passes(texts, row)) {
          rows[row >> 6] |= 1L << row;
        }
      }
    }

    /** One loop for each width: a call for each row would take longer than the rest. */
    private static void selectCodes(TextCodes codes, long[] passing, long[] rows) {
      if (codes instanceof TextCodes.Bytes bytes) {
        selectBytes(bytes.codes(), passing, rows);
      } else if (codes instanceof TextCodes.Shorts shorts) {
        selectShorts(shorts.codes(), passing, rows);
      } else {
        selectInts(((TextCodes.Ints) codes).codes(), passing, rows);
      }
    }

    private static void selectBytes(byte[] codes, long[] passing, long[] rows) {
      for (int word = 0; word < rows.length; word++) {
        int start = word << 6;
        int count = Math.min(Long.SIZE, codes.length - start);
        long bits = 0;
        for (int i = 0; i < count; i++) {
          int code = codes[start + i] & 0xff;
          bits |= (passing[code >> 6] >>> code & 1) << i;
        }
        rows[word] = bits;
      }
    }

    private static void selectShorts(short[] codes, long[] passing, long[] rows) {
      for (int word = 0; word < rows.length; word++) {
        int start = word << 6;
        int count = Math.min(Long.SIZE, codes.length - start);
        long bits = 0;
        for (int i = 0; i < count; i++) {
          int code = codes[start + i] & 0xffff;
          bits |= (passing[code >> 6] >>> code & 1) << i;
        }
        rows[word] = bits;
      }
    }

    private static void selectInts(int[] codes, long[] passing, long[] rows) {
      for (int word = 0; word < rows.length; word++) {
        int start = word << 6;
        int count = Math.min(Long.SIZE, codes.length - start);
        long bits = 0;
        for (int i = 0; i < count; i++) {
          int code = codes[start + i];
          bits |= (passing[code >> 6] >>> code & 1) << i;
        }
        rows[word] = bits;
      }
    }
  }

  /** Texts that compare in some way with another. */
  record TextComparison(Operator operator, Utf8Column text) implements TextTest {
    TextComparison(Operator operator, String text) {
      this(operator, Utf8Column.single(text));
    }

    @Override
    public boolean passes(Utf8Column texts, int row) {
      return switch (operator) {
        case EQUAL -> texts.sameText(row, text, 0);
        case NOT_EQUAL -> !texts.sameText(row, text, 0);
        case LESS -> texts.compare(row, text, 0) < 0;
        case AT_MOST -> texts.compare(row, text, 0) <= 0;
        case GREATER -> texts.compare(row, text, 0) > 0;
        case AT_LEAST -> texts.compare(row, text, 0) >= 0;
      };
    }
  }

  /**
   * Texts that are one of a set.
   *
   * @param members the distinct texts
   * @param table open addressing with linear probing: members, where they hash to or after it
   */
  record TextSet(Utf8Column members, int[] table) implements TextTest {
    private static final int EMPTY = -1;
    private static final int SLOTS_PER_MEMBER = 2;

    static TextSet of(List<Literal> literals) {
      Set<String> distinct = new HashSet<>();
      Utf8Column.Builder builder = new Utf8Column.Builder(literals.size());
      for (Literal literal : literals) {
        String text = ((Literal.Text) literal).value();
        if (distinct.add(text)) {
          builder.add(text.getBytes(StandardCharsets.UTF_8));
        }
      }
      Utf8Column members = builder.build();
      int[] table =
          new int[Integer.highestOneBit(Math.multiplyExact(members.size(), SLOTS_PER_MEMBER)) * 2];
      Arrays.fill(table, EMPTY);
      for (int member = 0; member < members.size(); member++) {
        int slot = members.hash(member) & table.length - 1;
        while (table[slot] != EMPTY) {
          slot = slot + 1 & table.length - 1;
        }
        table[slot] = member;
      }
      return new TextSet(members, table);
    }

    @Override
    public boolean passes(Utf8Column texts, int row) {
      for (int slot = texts.hash(row) & table.length - 1;
          table[slot] != EMPTY;
          slot = slot + 1 & table.length - 1) {
        if (members.sameText(table[slot], texts, row)) {
          return true;
        }
      }
      return false;
    }
  }
}
