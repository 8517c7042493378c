package io.tarn.benchmark.lucene;

import io.tarn.benchmark.BenchmarkException;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.apache.lucene.util.VectorUtil;

/**
 * Whether Lucene computes distances with SIMD. It says so in its log, once, when the first distance
 * is computed; so nothing may use Lucene before this class does.
 */
final class LuceneKernels {
  private static final String LOGGER = "org.apache.lucene.internal.vectorization";
  private static final String ENABLED = "Java vector incubator API enabled";
  private static final String SAID = listen();

  private LuceneKernels() {}

  /** What Lucene's log says of its kernels. */
  static String said() {
    return SAID;
  }

  /**
   * Makes sure that SIMD is used, since without it Lucene would look slower than it is.
   *
   * @throws BenchmarkException if it is not
   */
  static void check() {
    if (!SAID.contains(ENABLED)) {
      throw new BenchmarkException(
          "Lucene would run without SIMD, which would be no fair comparison; it says: " + SAID);
    }
  }

  private static String listen() {
    StringBuilder said = new StringBuilder();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord message) {
            said.append(said.isEmpty() ? "" : "; ").append(message.getMessage());
          }

          @Override
          public void flush() {
            // Nothing is held back.
          }

          @Override
          public void close() {
            // Nothing is open.
          }
        };
    Logger logger = Logger.getLogger(LOGGER);
    Level level = logger.getLevel();
    logger.addHandler(handler);
    logger.setLevel(Level.INFO);
    // What is said here is said in the report; the console need not have it too.
    logger.setUseParentHandlers(false);
    try {
      VectorUtil.squareDistance(new float[] {1}, new float[] {2});
    } finally {
      logger.removeHandler(handler);
      logger.setLevel(level);
      logger.setUseParentHandlers(true);
    }
    return said.isEmpty() ? "nothing" : said.toString();
  }
}
