package io.tarn.index.feature;

/**
 * One version of one id: an upsert, or a delete where {@code vector} is null.
 *
 * <p>Of several versions of an id the one with the largest {@code order} is live; at equal orders
 * the one committed later, then the one with the larger {@code position}.
 *
 * @param id the id
 * @param vector the vector as it is stored ({@link VectorRules#accept} makes it so), or null
 * @param order the event time, in whatever unit the sources agree on; milliseconds by default
 * @param position where the source held this version: a Kafka offset, an input row number
 * @param attributes values aligned with {@link Schema#attributes()}, each null or of the
 *     attribute's {@link AttributeType#valueClass()}; empty for a delete
 */
public record Feature(
    FeatureId id, float[] vector, long order, long position, Object[] attributes) {
  private static final Object[] NO_ATTRIBUTES = {};

  /** The delete of {@code id}. */
  public static Feature delete(FeatureId id, long order, long position) {
    return new Feature(id, null, order, position, NO_ATTRIBUTES);
  }

  /** Whether this version says that the id is gone. */
  public boolean deleted() {
    return vector == null;
  }

  /** Whether this version wins over another of the same id and the same commit. */
  public boolean supersedes(Feature other) {
    return order != other.order ? order > other.order : position > other.position;
  }
}
