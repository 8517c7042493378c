package io.tarn.benchmark;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The libraries Tarn can be compared with. */
public enum Peer {
  /** Lucene's HNSW graph over full vectors. */
  LUCENE(Peer.LUCENE_CONTENDERS),
  /** Lucene's HNSW graph over 8-bit codes. */
  LUCENE_INT8(Peer.LUCENE_CONTENDERS),
  /** Lucene's HNSW graph over 1-bit codes; what it finds is ranked again by full vectors. */
  LUCENE_1BIT(Peer.LUCENE_CONTENDERS),
  /** JVector's graph over full vectors. */
  JVECTOR("io.tarn.benchmark.jvector.JVectorContenders");

  private static final String LUCENE_CONTENDERS = "io.tarn.benchmark.lucene.LuceneContenders";

  /** Lucene does not run on an older one, and JVector has no SIMD there. */
  private static final int LEAST_JAVA = 21;

  private final String contenders;

  Peer(String contenders) {
    this.contenders = contenders;
  }

  /** Makes the contenders of a library; by name, since the library need not be there. */
  public interface Contenders {
    /** The contender that stands for a peer. */
    Contender of(Peer peer);
  }

  /**
   * How this library competes.
   *
   * @throws BenchmarkException if the library is not there, or needs a newer Java
   */
  Contender contender() {
    int java = Runtime.version().feature();
    if (java < LEAST_JAVA) {
      throw new BenchmarkException(
          "--peers %s needs a JDK %d or newer, and this is %d: set JAVA_HOME"
              .formatted(this, LEAST_JAVA, java));
    }
    try {
      Class<?> found = Class.forName(contenders);
      return ((Contenders) found.getDeclaredConstructor().newInstance()).of(this);
    } catch (ClassNotFoundException | LinkageError e) {
      throw new BenchmarkException(
          "%s is not on the class path: start ./tarn bench, on a JDK %d or newer"
              .formatted(this, LEAST_JAVA),
          e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make the contenders of " + this, e);
    }
  }

  /**
   * Reads the name of a peer.
   *
   * @throws IllegalArgumentException naming the peers there are
   */
  public static Peer of(String name) {
    for (Peer peer : values()) {
      if (peer.toString().equals(name)) {
        return peer;
      }
    }
    throw new IllegalArgumentException(
        "there is no peer '"
            + name
            + "': use "
            + Arrays.stream(values()).map(Peer::toString).collect(Collectors.joining(", ")));
  }

  /** The name on the command line and in reports: {@code lucene-int8}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
