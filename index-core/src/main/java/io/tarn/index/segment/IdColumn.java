package io.tarn.index.segment;

import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The ids of a segment's rows, without an object for each. */
public abstract sealed class IdColumn {
  private static final long[] NO_NULLS = {};

  /** How many ids there are. */
  public abstract int size();

  /** Bytes of memory the ids take. */
  public abstract long memoryBytes();

  /** The id of a row. */
  public abstract FeatureId get(int row);

  /**
   * Reads a little of the id of a row, so that it is on its way from memory when it is needed.
   *
   * @return anything; to be used for something, or the reading is optimised away
   */
  public abstract int touch(int row);

  /** A hash that depends on the id alone, well mixed in its low bits. */
  public abstract int hash(int row);

  /** Whether a row here and a row there have the same id. */
  public abstract boolean sameId(int row, IdColumn other, int otherRow);

  /** Orders a row here and a row there as {@link FeatureId#compareTo} does. */
  public abstract int compare(int row, IdColumn other, int otherRow);

  /** The ids as values like any other: longs, or texts. */
  public abstract AttributeColumn values();

  /** The one id {@code id}, as a column to look it up with. */
  public static IdColumn single(FeatureId id) {
    Builder builder = new Builder(id.type(), 1);
    if (id instanceof FeatureId.Int64 number) {
      builder.add(number.value());
    } else {
      builder.add(((FeatureId.Text) id).value().getBytes(StandardCharsets.UTF_8));
    }
    return builder.build();
  }

  /** Collects ids in row order. */
  public static final class Builder {
    private final IdType type;
    private final Utf8Column.Builder texts;
    private long[] numbers;
    private int size;

    public Builder(IdType type, int expectedRows) {
      this.type = type;
      this.numbers = new long[type == IdType.INT64 ? expectedRows : 0];
      this.texts = new Utf8Column.Builder(type == IdType.STRING ? expectedRows : 0);
    }

    public void add(long id) {
      if (size == numbers.length) {
        numbers = Arrays.copyOf(numbers, Utf8Column.grown(size + 1));
      }
      numbers[size++] = id;
    }

    /** Adds the first {@code count} ids of an array. */
    public void add(long[] ids, int count) {
      if (size + count > numbers.length) {
        numbers = Arrays.copyOf(numbers, Utf8Column.grown(size + count));
      }
      System.arraycopy(ids, 0, numbers, size, count);
      size += count;
    }

    /**
     * Adds text ids given as UTF-8, one after the other.
     *
     * @param lengths how many bytes each has
     */
    public void add(byte[] utf8, long[] lengths, int count) {
      texts.add(utf8, lengths, count);
    }

    /** Adds a text id given as UTF-8. */
    public void add(byte[] utf8) {
      texts.add(utf8);
    }

    public IdColumn build() {
      return type == IdType.INT64
          ? new Numbers(size == numbers.length ? numbers : Arrays.copyOf(numbers, size))
          : new Texts(texts.build());
    }
  }

  private static final class Numbers extends IdColumn {
    private final long[] ids;

    Numbers(long[] ids) {
      this.ids = ids;
    }

    @Override
    public int size() {
      return ids.length;
    }

    @Override
    public long memoryBytes() {
      return (long) Long.BYTES * ids.length;
    }

    @Override
    public FeatureId get(int row) {
      return FeatureId.of(ids[row]);
    }

    @Override
    public int touch(int row) {
      return (int) ids[row];
    }

    @Override
    public int hash(int row) {
      return Utf8Column.mix(ids[row]);
    }

    @Override
    public boolean sameId(int row, IdColumn other, int otherRow) {
      return ids[row] == ((Numbers) other).ids[otherRow];
    }

    @Override
    public int compare(int row, IdColumn other, int otherRow) {
      return Long.compare(ids[row], ((Numbers) other).ids[otherRow]);
    }

    @Override
    public AttributeColumn values() {
      return new AttributeColumn.Numbers(AttributeType.LONG, ids, NO_NULLS);
    }
  }

  private static final class Texts extends IdColumn {
    private final Utf8Column ids;

    Texts(Utf8Column ids) {
      this.ids = ids;
    }

    @Override
    public int size() {
      return ids.size();
    }

    @Override
    public long memoryBytes() {
      return ids.memoryBytes();
    }

    @Override
    public FeatureId get(int row) {
      return FeatureId.of(ids.get(row));
    }

    @Override
    public int touch(int row) {
      return ids.touch(row);
    }

    @Override
    public int hash(int row) {
      return ids.hash(row);
    }

    @Override
    public boolean sameId(int row, IdColumn other, int otherRow) {
      return ids.sameText(row, ((Texts) other).ids, otherRow);
    }

    @Override
    public int compare(int row, IdColumn other, int otherRow) {
      return ids.compare(row, ((Texts) other).ids, otherRow);
    }

    @Override
    public AttributeColumn values() {
      return new AttributeColumn.Texts(ids, NO_NULLS);
    }
  }
}
