package io.tarn.index.segment;

/**
 * The codes of a segment's features as {@link io.tarn.index.quantize.RaBitQCoder} made them; the
 * i-th entry belongs to feature row {@code deletes + i}.
 *
 * @param bits the codes, row-major, each of the same number of bytes
 * @param offsets the part of the distance that does not depend on the query
 * @param scales what one unit of the query's signed sum takes off the distance
 * @param errors the standard error for each unit of the query's distance to the centroid
 */
public record CodeColumns(byte[] bits, float[] offsets, float[] scales, float[] errors) {
  /** Bytes of one code. */
  public int codeBytes() {
    return offsets.length == 0 ? 0 : bits.length / offsets.length;
  }

  /** Bytes of memory the codes take. */
  public long memoryBytes() {
    return bits.length + 3L * Float.BYTES * offsets.length;
  }
}
