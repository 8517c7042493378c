package io.tarn.flink;

import io.tarn.embedding.Content;
import io.tarn.index.feature.RejectedFeatureException;
import java.util.OptionalLong;

/**
 * What the value of a record says, checked for its shape but not yet for its sense.
 *
 * @param id the id as text, or null if the value names none
 * @param vector all numbers given, however many, or null
 * @param content what is to be embedded, or null
 * @param attributes in the order of the schema, each null or of its type
 * @param order the event time, if given
 * @param op what to do
 * @param embedder the fingerprint of what made the vector, or null
 */
record RecordFields(
    String id,
    float[] vector,
    Content content,
    Object[] attributes,
    OptionalLong order,
    Op op,
    String embedder) {
  /**
   * What is to be embedded.
   *
   * @param text may be null
   * @param image may be null
   * @return null if both are
   */
  static Content content(String text, byte[] image) throws RejectedFeatureException {
    if (text != null && image != null) {
      throw JsonValues.unparsable("the record has a text and an image; it must have one of them");
    }
    if (image != null) {
      return new Content.Image(image);
    }
    return text == null ? null : new Content.Text(text);
  }

  enum Op {
    UPSERT,
    DELETE
  }
}
