package io.tarn.index.segment;

import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The ids of a segment's rows, without an object for each. */
public abstract sealed class IdColumn {

  /** How many ids there are. */
  public abstract int size();

  /** The id of a row. */
  public abstract FeatureId get(int row);

  /** A hash that depends on the id alone, well mixed in its low bits. */
  public abstract int hash(int row);

  /** Whether a row here and a row there have the same id. */
  public abstract boolean sameId(int row, IdColumn other, int otherRow);

  /** Orders a row here and a row there as {@link FeatureId#compareTo} does. */
  public abstract int compare(int row, IdColumn other, int otherRow);

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

  private static int mix(long value) {
    long mixed = value * 0x9e3779b97f4a7c15L;
    mixed ^= mixed >>> 32;
    mixed *= 0x9e3779b97f4a7c15L;
    return (int) (mixed >>> 32);
  }

  /** Collects ids in row order. */
  public static final class Builder {
    private final IdType type;
    private long[] numbers = {};
    private byte[] text = {};
    private int[] textEnds = {};
    private int size;

    public Builder(IdType type, int expectedRows) {
      this.type = type;
      if (type == IdType.INT64) {
        numbers = new long[expectedRows];
      } else {
        textEnds = new int[expectedRows];
      }
    }

    public void add(long id) {
      if (size == numbers.length) {
        numbers = Arrays.copyOf(numbers, grown(size + 1));
      }
      numbers[size++] = id;
    }

    /** Adds a text id given as UTF-8. */
    public void add(byte[] utf8) {
      int start = size == 0 ? 0 : textEnds[size - 1];
      int end = Math.addExact(start, utf8.length);
      if (end > text.length) {
        text = Arrays.copyOf(text, grown(end));
      }
      if (size == textEnds.length) {
        textEnds = Arrays.copyOf(textEnds, grown(size + 1));
      }
      System.arraycopy(utf8, 0, text, start, utf8.length);
      textEnds[size++] = end;
    }

    private static int grown(int wanted) {
      return (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(16L, wanted * 3L / 2));
    }

    public IdColumn build() {
      if (type == IdType.INT64) {
        return new Numbers(Arrays.copyOf(numbers, size));
      }
      int bytes = size == 0 ? 0 : textEnds[size - 1];
      return new Texts(Arrays.copyOf(text, bytes), Arrays.copyOf(textEnds, size));
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
    public FeatureId get(int row) {
      return FeatureId.of(ids[row]);
    }

    @Override
    public int hash(int row) {
      return mix(ids[row]);
    }

    @Override
    public boolean sameId(int row, IdColumn other, int otherRow) {
      return ids[row] == ((Numbers) other).ids[otherRow];
    }

    @Override
    public int compare(int row, IdColumn other, int otherRow) {
      return Long.compare(ids[row], ((Numbers) other).ids[otherRow]);
    }
  }

  private static final class Texts extends IdColumn {
    private final byte[] utf8;
    private final int[] ends;

    Texts(byte[] utf8, int[] ends) {
      this.utf8 = utf8;
      this.ends = ends;
    }

    private int start(int row) {
      return row == 0 ? 0 : ends[row - 1];
    }

    @Override
    public int size() {
      return ends.length;
    }

    @Override
    public FeatureId get(int row) {
      int start = start(row);
      return FeatureId.of(new String(utf8, start, ends[row] - start, StandardCharsets.UTF_8));
    }

    @Override
    public int hash(int row) {
      long hash = 0;
      for (int i = start(row); i < ends[row]; i++) {
        hash = hash * 31 + utf8[i];
      }
      return mix(hash);
    }

    @Override
    public boolean sameId(int row, IdColumn other, int otherRow) {
      Texts texts = (Texts) other;
      return Arrays.equals(
          utf8, start(row), ends[row], texts.utf8, texts.start(otherRow), texts.ends[otherRow]);
    }

    @Override
    public int compare(int row, IdColumn other, int otherRow) {
      Texts texts = (Texts) other;
      return Arrays.compareUnsigned(
          utf8, start(row), ends[row], texts.utf8, texts.start(otherRow), texts.ends[otherRow]);
    }
  }
}
