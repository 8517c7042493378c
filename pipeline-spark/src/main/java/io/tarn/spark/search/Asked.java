package io.tarn.spark.search;

import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;

/**
 * A query on its way to a part of the index. It says itself how it is written, as there are many,
 * and what Java writes of an object by itself takes longer than the search.
 *
 * <p>A class and no record, as Kryo cannot serialize these.
 */
final class Asked implements Externalizable {
  private long query;
  private float[] vector;
  private byte[] row;

  /** To be read into. */
  public Asked() {}

  /**
   * @param row the row of the query's table; null on all ways but one
   */
  Asked(long query, float[] vector, byte[] row) {
    this.query = query;
    this.vector = vector;
    this.row = row;
  }

  long query() {
    return query;
  }

  float[] vector() {
    return vector;
  }

  byte[] row() {
    return row;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    out.writeLong(query);
    Bytes.write(out, vector);
    Bytes.write(out, row);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    query = in.readLong();
    vector = Bytes.readFloats(in);
    row = Bytes.read(in);
  }
}
