package io.tarn.flink.sql;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Embedders;
import io.tarn.embedding.EmbeddingException;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.format.ChecksummedFile;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.util.Collection;
import java.util.List;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.PredictFunction;

/**
 * Embeds texts with the embedder of an index, as the stream job does. A text that has no vector
 * gets NULL. Public for Flink alone.
 */
public final class EmbedFunction extends PredictFunction {
  private static final long serialVersionUID = 1L;

  private final String location;
  private transient Embedder embedder;
  private transient Counter notEmbeddable;

  EmbedFunction(String location) {
    this.location = location;
  }

  @Override
  public void open(FunctionContext context) throws Exception {
    try (Storage storage = StorageLocation.open(location)) {
      // An index keeps its embedder for as long as it lives.
      EmbedderRef ref = new SnapshotLog(storage).newest().embedderIfAny().orElseThrow();
      embedder = Embedders.open(ref.kind(), ChecksummedFile.read(storage, ref.file()));
    }
    notEmbeddable = context.getMetricGroup().counter("notEmbeddable");
  }

  @Override
  public Collection<RowData> predict(RowData input) {
    return List.of(
        GenericRowData.of(input.isNullAt(0) ? null : vector(input.getString(0).toString())));
  }

  private Object vector(String text) {
    try {
      return TableColumns.toFlink(embedder.embed(text));
    } catch (EmbeddingException e) {
      notEmbeddable.inc();
      return null;
    }
  }
}
