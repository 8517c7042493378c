package io.tarn.index.filter;

import io.tarn.index.segment.AttributeColumn;
import io.tarn.index.segment.TextCodes;
import io.tarn.index.segment.Utf8Column;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
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

    @Override
    public void select(AttributeColumn column, long[] rows) {
      long[] keys = ((AttributeColumn.Numbers) column).keys();
      for (int word = 0; word < keys.length >> 6; word++) {
        rows[word] = select(keys, word << 6, Long.SIZE);
      }
      if ((keys.length & 63) != 0) {
        rows[rows.length - 1] = select(keys, keys.length & -64, keys.length & 63);
      }
    }

    /**
     * Without a branch, as which rows pass can be anything. That key - low exceeds high - low, both
     * unsigned, is the borrow of their difference (Hacker's Delight, 2-13).
     */
    private long select(long[] keys, int start, int count) {
      long span = high - low;
      long outside = 0;
      for (int i = 0; i < count; i++) {
        long above = keys[start + i] - low;
        long borrow = ~span & above | (~span | above) & span - above;
        outside |= borrow >>> 63 << i;
      }
      return ~outside;
    }
  }

  /**
   * Numbers whose key is one of a set: a cuckoo hash table, so that a lookup compares two slots and
   * never branches (Pagh and Rodler, Cuckoo Hashing, 2004).
   *
   * @param table a power of two of slots, each with a member, free ones with any; none where the
   *     set is empty
   * @param one odd; a member is where the high bits of its product with this say, or
   * @param other with this
   */
  record KeySet(long[] table, long one, long other) implements ColumnTest {
    /** At least; so few slots are taken that nearly always every member finds its place. */
    private static final int SLOTS_PER_MEMBER = 4;

    /** A member that displaced so many others goes round in a circle. */
    private static final int MAX_DISPLACED = 64;

    private static final long SEED = 0x9e3779b97f4a7c15L;

    static KeySet of(LongStream keys) {
      long[] members = keys.distinct().toArray();
      if (members.length == 0) {
        return new KeySet(members, 1, 1);
      }
      SplittableRandom random = new SplittableRandom(SEED);
      int slots = Integer.highestOneBit(Math.multiplyExact(members.length, SLOTS_PER_MEMBER)) * 2;
      while (true) {
        KeySet set = new KeySet(new long[slots], random.nextLong() | 1, random.nextLong() | 1);
        if (set.holds(members)) {
          return set;
        }
        slots = Math.multiplyExact(slots, 2);
      }
    }

    /** Fills the table; false where not all members find a place. */
    private boolean holds(long[] members) {
      Arrays.fill(table, members[0]);
      boolean[] taken = new boolean[table.length];
      for (long member : members) {
        long homeless = member;
        int slot = slot(homeless, one);
        for (int displaced = 0; taken[slot]; displaced++) {
          if (displaced == MAX_DISPLACED) {
            return false;
          }
          long resident = table[slot];
          table[slot] = homeless;
          homeless = resident;
          slot = slot(homeless, one) == slot ? slot(homeless, other) : slot(homeless, one);
        }
        table[slot] = homeless;
        taken[slot] = true;
      }
      return true;
    }

    private int slot(long key, long factor) {
      // The highest bits: lower ones do not depend on those above them in the key.
      return (int) (key * factor >>> Long.numberOfLeadingZeros(table.length) + 1);
    }

    @Override
    public void select(AttributeColumn column, long[] rows) {
      if (table.length == 0) {
        return;
      }
      long[] keys = ((AttributeColumn.Numbers) column).keys();
      for (int word = 0; word < keys.length >> 6; word++) {
        rows[word] = select(keys, word << 6, Long.SIZE);
      }
      if ((keys.length & 63) != 0) {
        rows[rows.length - 1] = select(keys, keys.length & -64, keys.length & 63);
      }
    }

    private long select(long[] keys, int start, int count) {
      long outside = 0;
      for (int i = 0; i < count; i++) {
        long key = keys[start + i];
        long fromOne = table[slot(key, one)] ^ key;
        long fromOther = table[slot(key, other)] ^ key;
        long differs = (fromOne | -fromOne) & (fromOther | -fromOther);
        outside |= differs >>> 63 << i;
      }
      return ~outside;
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
      for (int word = 0; word < codes.length >> 6; word++) {
        rows[word] = select(codes, word << 6, Long.SIZE, passing);
      }
      if ((codes.length & 63) != 0) {
        rows[rows.length - 1] = select(codes, codes.length & -64, codes.length & 63, passing);
      }
    }

    private static long select(byte[] codes, int start, int count, long[] passing) {
      long bits = 0;
      for (int i = 0; i < count; i++) {
        int code = codes[start + i] & 0xff;
        bits |= (passing[code >> 6] >>> code & 1) << i;
      }
      return bits;
    }

    private static void selectShorts(short[] codes, long[] passing, long[] rows) {
      for (int word = 0; word < codes.length >> 6; word++) {
        rows[word] = select(codes, word << 6, Long.SIZE, passing);
      }
      if ((codes.length & 63) != 0) {
        rows[rows.length - 1] = select(codes, codes.length & -64, codes.length & 63, passing);
      }
    }

    private static long select(short[] codes, int start, int count, long[] passing) {
      long bits = 0;
      for (int i = 0; i < count; i++) {
        int code = codes[start + i] & 0xffff;
        bits |= (passing[code >> 6] >>> code & 1) << i;
      }
      return bits;
    }

    private static void selectInts(int[] codes, long[] passing, long[] rows) {
      for (int word = 0; word < codes.length >> 6; word++) {
        rows[word] = select(codes, word << 6, Long.SIZE, passing);
      }
      if ((codes.length & 63) != 0) {
        rows[rows.length - 1] = select(codes, codes.length & -64, codes.length & 63, passing);
      }
    }

    private static long select(int[] codes, int start, int count, long[] passing) {
      long bits = 0;
      for (int i = 0; i < count; i++) {
        int code = codes[start + i];
        bits |= (passing[code >> 6] >>> code & 1) << i;
      }
      return bits;
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
