package io.tarn.spark.input;

/** A row of a vector file, as a bean for Spark. */
public final class VectorRow {
  private long id;
  private float[] vector;

  public long getId() {
    return id;
  }

  public void setId(long id) {
    this.id = id;
  }

  public float[] getVector() {
    return vector;
  }

  public void setVector(float[] vector) {
    this.vector = vector;
  }
}
