package io.tarn.benchmark.jvector;

import io.github.jbellis.jvector.disk.RandomAccessReader;
import io.github.jbellis.jvector.disk.SimpleReader;
import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.OnHeapGraphIndex;
import io.github.jbellis.jvector.graph.RandomAccessVectorValues;
import io.github.jbellis.jvector.graph.SearchResult;
import io.github.jbellis.jvector.graph.diversity.VamanaDiversityProvider;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.vector.DefaultVectorizationProvider;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.tarn.benchmark.BenchmarkException;
import io.tarn.benchmark.Contender;
import io.tarn.benchmark.Engine;
import io.tarn.benchmark.Peer;
import io.tarn.benchmark.Phases;
import io.tarn.benchmark.Vectors;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ForkJoinPool;

/**
 * JVector's graph over full vectors, both on the heap, which is where it searches fastest. Its ways
 * to set everything and to keep a graph for the heap are deprecated, with none to follow them.
 */
@SuppressWarnings("deprecation")
record JVectorContender() implements Contender {
  private static final int MAX_CONNECTIONS = 32;
  private static final int BEAM_WIDTH = 100;

  /** What JVector's own examples use. */
  private static final float NEIGHBOUR_OVERFLOW = 1.2f;

  private static final float ALPHA = 1.2f;
  private static final boolean HIERARCHY = true;
  private static final boolean REFINED = true;
  private static final VectorSimilarityFunction L2 = VectorSimilarityFunction.EUCLIDEAN;
  private static final String POM_PROPERTIES =
      "/META-INF/maven/io.github.jbellis/jvector-base/pom.properties";
  private static final String GRAPH_FILE = "graph";
  private static final String VECTORS_FILE = "vectors";

  private static final String VERSION = readVersion();

  @Override
  public String system() {
    return Peer.JVECTOR.toString();
  }

  @Override
  public String settings() {
    return "M %d, efConstruction %d".formatted(MAX_CONNECTIONS, BEAM_WIDTH);
  }

  @Override
  public String key() {
    return "jvector-%s-m%d-ef%d".formatted(version(), MAX_CONNECTIONS, BEAM_WIDTH);
  }

  @Override
  public String version() {
    return VERSION;
  }

  @Override
  public String kernels() {
    return VectorizationProvider.getInstance().getClass().getSimpleName();
  }

  @Override
  public String effortName() {
    return "candidates";
  }

  @Override
  public void build(Vectors base, Path folder, int threads, Phases phases) throws IOException {
    RandomAccessVectorValues rows = rows(base);
    ForkJoinPool pool = new ForkJoinPool(threads);
    try (GraphIndexBuilder builder =
        new GraphIndexBuilder(
            BuildScoreProvider.randomAccessScoreProvider(rows, L2),
            base.dimension(),
            MAX_CONNECTIONS,
            BEAM_WIDTH,
            NEIGHBOUR_OVERFLOW,
            ALPHA,
            HIERARCHY,
            REFINED,
            pool,
            pool)) {
      OnHeapGraphIndex graph = (OnHeapGraphIndex) builder.build(rows);
      phases.done("graph");
      try (DataOutputStream out = create(folder.resolve(GRAPH_FILE))) {
        graph.save(out);
      }
    } finally {
      pool.shutdownNow();
    }
    // Searches take them from the heap; who comes back another day would need them here.
    try (DataOutputStream out = create(folder.resolve(VECTORS_FILE))) {
      for (float value : base.values()) {
        out.writeFloat(value);
      }
    }
    phases.done("write");
  }

  private static String readVersion() {
    try (InputStream in = VectorizationProvider.class.getResourceAsStream(POM_PROPERTIES)) {
      Properties pom = new Properties();
      pom.load(in);
      return pom.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DataOutputStream create(Path file) throws IOException {
    return new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)));
  }

  private static RandomAccessVectorValues rows(Vectors base) {
    VectorizationProvider provider = VectorizationProvider.getInstance();
    if (provider instanceof DefaultVectorizationProvider) {
      throw new BenchmarkException(
          "JVector would run without SIMD, which would be no fair comparison: start java with"
              + " --add-modules jdk.incubator.vector");
    }
    List<VectorFloat<?>> rows = new ArrayList<>(base.count());
    for (int row = 0; row < base.count(); row++) {
      rows.add(provider.getVectorTypeSupport().createFloatVector(base.row(row)));
    }
    return new ListRandomAccessVectorValues(rows, base.dimension());
  }

  @Override
  public Engine open(Vectors base, Path folder) throws IOException {
    RandomAccessVectorValues rows = rows(base);
    try (SimpleReader.Supplier files = new SimpleReader.Supplier(folder.resolve(GRAPH_FILE));
        RandomAccessReader in = files.get()) {
      OnHeapGraphIndex graph =
          OnHeapGraphIndex.load(
              in,
              base.dimension(),
              NEIGHBOUR_OVERFLOW,
              new VamanaDiversityProvider(
                  BuildScoreProvider.randomAccessScoreProvider(rows, L2), ALPHA));
      graph.setAllMutationsCompleted();
      return new OpenIndex(rows, graph, ThreadLocal.withInitial(() -> new GraphSearcher(graph)));
    }
  }

  /** Searchers keep what they need from one search to the next, and are for one thread. */
  private record OpenIndex(
      RandomAccessVectorValues vectors, OnHeapGraphIndex graph, ThreadLocal<GraphSearcher> searcher)
      implements Engine {
    @Override
    public int search(float[] query, int candidates, int[] rows) {
      int k = rows.length;
      VectorFloat<?> vector =
          VectorizationProvider.getInstance().getVectorTypeSupport().createFloatVector(query);
      SearchResult.NodeScore[] found =
          searcher
              .get()
              .search(
                  DefaultSearchScoreProvider.exact(vector, L2, vectors),
                  k,
                  Math.max(k, candidates),
                  0,
                  0,
                  Bits.ALL)
              .getNodes();
      int count = Math.min(k, found.length);
      for (int i = 0; i < count; i++) {
        rows[i] = found[i].node;
      }
      return count;
    }

    @Override
    public void close() {
      searcher.remove();
      graph.close();
    }
  }
}
