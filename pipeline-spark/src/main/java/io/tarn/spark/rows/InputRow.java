package io.tarn.spark.rows;

import io.tarn.embedding.Content;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;

/** A row of the input: one that can be understood, or one that is set aside. */
public sealed interface InputRow {

  /** The row's number in its input. */
  long position();

  /**
   * A row that can be understood, though its vector may yet be one the index does not take.
   *
   * @param id the id
   * @param vector the vector as it was given; null if there is none (yet)
   * @param content the text or image to embed; null if there is none (any more)
   * @param order what tells which version of an id is the newest
   * @param position the row's number in its input
   * @param deleted whether the row says that the id is gone
   * @param attributes the values of the attributes asked for
   */
  record Readable(
      FeatureId id,
      float[] vector,
      Content content,
      long order,
      long position,
      boolean deleted,
      Object[] attributes)
      implements InputRow {

    /** A row that holds a feature as the index stores it. */
    public static Readable of(Feature feature) {
      return new Readable(
          feature.id(),
          feature.vector(),
          null,
          feature.order(),
          feature.position(),
          feature.deleted(),
          feature.attributes());
    }

    /** The feature that {@link #of} made this row of; its vector is not checked again. */
    public Feature storedFeature() {
      return deleted
          ? Feature.delete(id, order, position)
          : new Feature(id, vector, order, position, attributes);
    }

    /** This row with the vector its content was embedded to. */
    public Readable embedded(float[] embedding) {
      return new Readable(id, embedding, null, order, position, deleted, attributes);
    }

    /**
     * The feature, or delete, in the form in which the index stores it.
     *
     * @throws RejectedFeatureException if the index does not take the vector
     */
    public Feature toFeature(Schema schema) throws RejectedFeatureException {
      return deleted
          ? storedFeature()
          : new Feature(id, VectorRules.accept(schema, vector), order, position, attributes);
    }

    /** This row as one set aside. */
    public Rejected rejected(Reason reason, String message) {
      return new Rejected(id.toString(), position, reason, message);
    }
  }

  /**
   * A row set aside.
   *
   * @param id the id as it was given; null if it is missing
   * @param position the row's number in its input
   * @param reason why
   * @param message the particulars
   */
  record Rejected(String id, long position, Reason reason, String message) implements InputRow {}
}
