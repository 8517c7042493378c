package io.tarn.spark.embed;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.EmbeddingException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Packed;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** Puts vectors in the place of texts or images; what has no vector is set aside. */
public final class ContentEmbedding {
  private ContentEmbedding() {}

  /** Embeds what rows hold, in the executors. */
  public static JavaRDD<InputRow> embed(JavaRDD<InputRow> rows, Embedder embedder) {
    Broadcast<Packed<Embedder>> shared =
        JavaSparkContext.fromSparkContext(rows.context()).broadcast(Packed.of(embedder));
    return rows.map(row -> embed(row, shared.value().get()));
  }

  static InputRow embed(InputRow row, Embedder embedder) {
    if (!(row instanceof InputRow.Readable readable) || readable.content() == null) {
      return row;
    }
    try {
      return readable.embedded(embedder.embed(readable.content()));
    } catch (EmbeddingException e) {
      return readable.rejected(Reason.NOT_EMBEDDABLE, e.getMessage());
    }
  }
}
