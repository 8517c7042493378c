package io.tarn.benchmark.lucene;

import io.tarn.benchmark.BenchmarkException;
import io.tarn.benchmark.Contender;
import io.tarn.benchmark.Engine;
import io.tarn.benchmark.Peer;
import io.tarn.benchmark.Phases;
import io.tarn.benchmark.Vectors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.NoMergePolicy;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.index.TieredMergePolicy;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.RescoreTopNQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.Version;

/**
 * An HNSW graph in one segment, searched through {@link MMapDirectory}.
 *
 * <p>Vectors are written first, in segments without graphs; then the graph of the one segment that
 * they are merged into is built by all threads. That is the fastest way Lucene has.
 *
 * @param encoding how vectors are kept, in a word
 * @param format how vectors are kept
 * @param rescored whether what the graph finds is ranked again by the full vectors
 */
record LuceneContender(Peer peer, String encoding, LuceneContenders.Format format, boolean rescored)
    implements Contender {
  private static final int MAX_CONNECTIONS = 16;
  private static final int BEAM_WIDTH = 100;
  private static final int NO_GRAPH = Integer.MAX_VALUE;
  private static final int ALWAYS_GRAPH = 0;

  /** More than one segment, or there would be nothing to merge. */
  private static final int FIRST_SEGMENTS = 4;

  private static final double BUFFER_MB = 1024;
  private static final String VECTOR = "vector";
  private static final String ROW = "row";

  @Override
  public String system() {
    return peer.toString();
  }

  @Override
  public String settings() {
    return "HNSW %s, M %d, efConstruction %d, one segment"
        .formatted(encoding, MAX_CONNECTIONS, BEAM_WIDTH);
  }

  @Override
  public String key() {
    return "%s-%s-m%d-ef%d".formatted(peer, version(), MAX_CONNECTIONS, BEAM_WIDTH);
  }

  @Override
  public String version() {
    return Version.LATEST.toString();
  }

  @Override
  public String kernels() {
    return LuceneKernels.said();
  }

  @Override
  public String effortName() {
    return "candidates";
  }

  @Override
  public void build(Vectors base, Path folder, int threads, Phases phases) throws IOException {
    LuceneKernels.check();
    ExecutorService mergers = Executors.newFixedThreadPool(threads);
    try (Directory directory = new MMapDirectory(folder)) {
      IndexWriterConfig flat =
          config(format.of(MAX_CONNECTIONS, BEAM_WIDTH, 1, null, NO_GRAPH))
              .setMergePolicy(NoMergePolicy.INSTANCE);
      try (IndexWriter writer = new IndexWriter(directory, flat)) {
        int rowsPerSegment = Math.max(1, (base.count() + FIRST_SEGMENTS - 1) / FIRST_SEGMENTS);
        for (int row = 0; row < base.count(); row++) {
          Document document = new Document();
          document.add(
              new KnnFloatVectorField(VECTOR, base.row(row), VectorSimilarityFunction.EUCLIDEAN));
          document.add(new NumericDocValuesField(ROW, row));
          writer.addDocument(document);
          if ((row + 1) % rowsPerSegment == 0) {
            writer.commit();
          }
        }
      }
      phases.done("write");
      // Lucene wants an executor exactly when there is more than one worker.
      IndexWriterConfig linked =
          config(
                  format.of(
                      MAX_CONNECTIONS,
                      BEAM_WIDTH,
                      threads,
                      threads > 1 ? mergers : null,
                      ALWAYS_GRAPH))
              .setMergePolicy(new TieredMergePolicy());
      try (IndexWriter writer = new IndexWriter(directory, linked)) {
        writer.forceMerge(1);
      }
      phases.done("graph");
    } finally {
      mergers.shutdownNow();
    }
  }

  private static IndexWriterConfig config(KnnVectorsFormat vectors) {
    return new IndexWriterConfig()
        .setUseCompoundFile(false)
        .setMergeScheduler(new SerialMergeScheduler())
        .setRAMBufferSizeMB(BUFFER_MB)
        .setCodec(
            new Lucene104Codec() {
              @Override
              public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
                return vectors;
              }
            });
  }

  @Override
  public Engine open(Vectors base, Path folder) throws IOException {
    LuceneKernels.check();
    MMapDirectory directory = new MMapDirectory(folder);
    directory.setPreload(MMapDirectory.ALL_FILES);
    DirectoryReader reader = DirectoryReader.open(directory);
    if (reader.leaves().size() != 1 || reader.numDocs() != base.count()) {
      throw new BenchmarkException(
          "%s has %d segments with %d vectors, not one with %d: delete it"
              .formatted(folder, reader.leaves().size(), reader.numDocs(), base.count()));
    }
    IndexSearcher searcher = new IndexSearcher(reader);
    searcher.setQueryCache(null);
    return new OpenIndex(
        directory, reader, searcher, rows(reader.leaves().get(0).reader()), rescored);
  }

  /** The row of each document: merging need not keep their order. */
  private static int[] rows(LeafReader leaf) throws IOException {
    int[] rows = new int[leaf.maxDoc()];
    NumericDocValues values = leaf.getNumericDocValues(ROW);
    while (values.nextDoc() != DocIdSetIterator.NO_MORE_DOCS) {
      rows[values.docID()] = (int) values.longValue();
    }
    return rows;
  }

  private record OpenIndex(
      Directory directory,
      DirectoryReader reader,
      IndexSearcher searcher,
      int[] rowOfDocument,
      boolean rescored)
      implements Engine {
    @Override
    public int search(float[] vector, int candidates, int[] rows) throws IOException {
      int k = rows.length;
      Query query = new KnnFloatVectorQuery(VECTOR, vector, Math.max(k, candidates));
      if (rescored) {
        query = RescoreTopNQuery.createFullPrecisionRescorerQuery(query, vector, VECTOR, k);
      }
      ScoreDoc[] hits = searcher.search(query, k).scoreDocs;
      for (int i = 0; i < hits.length; i++) {
        rows[i] = rowOfDocument[hits[i].doc];
      }
      return hits.length;
    }

    @Override
    public void close() throws IOException {
      reader.close();
      directory.close();
    }
  }
}
