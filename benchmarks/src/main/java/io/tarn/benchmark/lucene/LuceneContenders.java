package io.tarn.benchmark.lucene;

import io.tarn.benchmark.Contender;
import io.tarn.benchmark.Peer;
import java.util.concurrent.ExecutorService;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104HnswScalarQuantizedVectorsFormat;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.util.quantization.QuantizedByteVectorValues.ScalarEncoding;

/** Lucene's three ways to search vectors. */
public final class LuceneContenders implements Peer.Contenders {
  @Override
  public Contender of(Peer peer) {
    return switch (peer) {
      case LUCENE -> new LuceneContender(peer, "float", LuceneContenders::full, false);
      case LUCENE_INT8 ->
          new LuceneContender(peer, "int8", quantized(ScalarEncoding.UNSIGNED_BYTE), false);
      case LUCENE_1BIT ->
          new LuceneContender(
              peer, "1-bit, rescored", quantized(ScalarEncoding.SINGLE_BIT_QUERY_NIBBLE), true);
      case JVECTOR -> throw new IllegalArgumentException(peer + " is not Lucene");
    };
  }

  /** Makes the format that says how vectors are kept and linked. */
  interface Format {
    /**
     * @param graphThreshold the number of vectors from which on a segment gets a graph
     */
    KnnVectorsFormat of(
        int maxConnections,
        int beamWidth,
        int mergeWorkers,
        ExecutorService mergers,
        int graphThreshold);
  }

  private static KnnVectorsFormat full(
      int maxConnections,
      int beamWidth,
      int mergeWorkers,
      ExecutorService mergers,
      int graphThreshold) {
    return new Lucene99HnswVectorsFormat(
        maxConnections, beamWidth, mergeWorkers, mergers, graphThreshold);
  }

  private static Format quantized(ScalarEncoding encoding) {
    return (maxConnections, beamWidth, mergeWorkers, mergers, graphThreshold) ->
        new Lucene104HnswScalarQuantizedVectorsFormat(
            encoding, maxConnections, beamWidth, mergeWorkers, mergers, graphThreshold);
  }
}
