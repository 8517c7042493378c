package io.tarn.spark.search;

import io.tarn.index.feature.FeatureId;
import io.tarn.index.search.Hit;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * What a query has found so far: of one part, or of several.
 *
 * <p>A class and no record, as Kryo cannot serialize these.
 */
final class Found implements Externalizable {
  private static final byte NULL = 0;
  private static final byte TEXT = 1;
  private static final byte LONG = 2;
  private static final byte DOUBLE = 3;
  private static final byte BOOLEAN = 4;

  /** The query's vector and row; null unless they came along. */
  private float[] vector;

  private byte[] row;

  /** The nearest first; ids are texts or longs. */
  private Object[] ids;

  private float[] distances;

  /** For each hit the values of all attributes; times are microseconds since the epoch. */
  private Object[][] attributes;

  private long selected;

  /** To be read into. */
  public Found() {}

  private Found(
      float[] vector,
      byte[] row,
      Object[] ids,
      float[] distances,
      Object[][] attributes,
      long selected) {
    this.vector = vector;
    this.row = row;
    this.ids = ids;
    this.distances = distances;
    this.attributes = attributes;
    this.selected = selected;
  }

  static Found of(Asked asked, List<Hit> hits, long selected) {
    Object[] ids = new Object[hits.size()];
    float[] distances = new float[hits.size()];
    Object[][] attributes = new Object[hits.size()][];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = hits.get(i).id().toObject();
      distances[i] = hits.get(i).distance();
      attributes[i] = hits.get(i).attributes().values().stream().map(Found::plain).toArray();
    }
    return new Found(
        asked.row() == null ? null : asked.vector(),
        asked.row(),
        ids,
        distances,
        attributes,
        selected);
  }

  /** Times are microseconds since the epoch, as Spark has them. */
  private static Object plain(Object value) {
    return value instanceof Instant instant
        ? ChronoUnit.MICROS.between(Instant.EPOCH, instant)
        : value;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    Bytes.write(out, vector);
    Bytes.write(out, row);
    out.writeLong(selected);
    out.writeInt(ids.length);
    out.writeInt(ids.length == 0 ? 0 : attributes[0].length);
    for (int i = 0; i < ids.length; i++) {
      write(out, ids[i]);
      out.writeFloat(distances[i]);
      for (Object value : attributes[i]) {
        write(out, value);
      }
    }
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    vector = Bytes.readFloats(in);
    row = Bytes.read(in);
    selected = in.readLong();
    int size = in.readInt();
    int attributeCount = in.readInt();
    ids = new Object[size];
    distances = new float[size];
    attributes = new Object[size][attributeCount];
    for (int i = 0; i < size; i++) {
      ids[i] = readValue(in);
      distances[i] = in.readFloat();
      for (int a = 0; a < attributeCount; a++) {
        attributes[i][a] = readValue(in);
      }
    }
  }

  private static void write(ObjectOutput out, Object value) throws IOException {
    if (value == null) {
      out.writeByte(NULL);
    } else if (value instanceof Long number) {
      out.writeByte(LONG);
      out.writeLong(number);
    } else if (value instanceof Double number) {
      out.writeByte(DOUBLE);
      out.writeDouble(number);
    } else if (value instanceof Boolean truth) {
      out.writeByte(BOOLEAN);
      out.writeBoolean(truth);
    } else {
      out.writeByte(TEXT);
      // Not writeUTF, which takes no long texts.
      Bytes.write(out, ((String) value).getBytes(StandardCharsets.UTF_8));
    }
  }

  private static Object readValue(ObjectInput in) throws IOException {
    byte type = in.readByte();
    return switch (type) {
      case NULL -> null;
      case LONG -> in.readLong();
      case DOUBLE -> in.readDouble();
      case BOOLEAN -> in.readBoolean();
      case TEXT -> new String(Bytes.read(in), StandardCharsets.UTF_8);
      default -> throw new IOException("a value of the type " + type);
    };
  }

  int size() {
    return ids.length;
  }

  byte[] row() {
    return row;
  }

  /** How many rows were looked at that were live and passed the filter. */
  long selected() {
    return selected;
  }

  Object id(int i) {
    return ids[i];
  }

  float distance(int i) {
    return distances[i];
  }

  Object[] attributes(int i) {
    return attributes[i];
  }

  /** The k nearest of what this and another found; no row is in both. */
  Found with(Found other, int k) {
    int size = (int) Math.min(k, (long) size() + other.size());
    Object[] mergedIds = new Object[size];
    float[] mergedDistances = new float[size];
    Object[][] mergedAttributes = new Object[size][];
    int mine = 0;
    int theirs = 0;
    for (int i = 0; i < size; i++) {
      boolean takeMine =
          theirs == other.size() || (mine < size() && compare(mine, other, theirs) <= 0);
      Found from = takeMine ? this : other;
      int at = takeMine ? mine++ : theirs++;
      mergedIds[i] = from.ids[at];
      mergedDistances[i] = from.distances[at];
      mergedAttributes[i] = from.attributes[at];
    }
    return new Found(
        vector != null ? vector : other.vector,
        row != null ? row : other.row,
        mergedIds,
        mergedDistances,
        mergedAttributes,
        selected + other.selected);
  }

  /** By distance; ties by id, as in a search of the whole index. */
  private int compare(int i, Found other, int j) {
    int byDistance = Float.compare(distances[i], other.distances[j]);
    return byDistance != 0 ? byDistance : id(ids[i]).compareTo(id(other.ids[j]));
  }

  private static FeatureId id(Object value) {
    return value instanceof Long number ? FeatureId.of(number) : FeatureId.of((String) value);
  }

  /** The query again, for another round. */
  Asked asked(long query, boolean withRow) {
    return new Asked(query, vector, withRow ? row : null);
  }
}
