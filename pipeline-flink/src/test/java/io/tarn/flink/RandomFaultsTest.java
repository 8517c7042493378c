package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.FaultRun.Broker;
import io.tarn.flink.FaultRun.Event;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.test.junit5.InjectMiniCluster;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Random records, and random faults while they are read; after each round the index holds what a
 * plain map says. A few rounds by default, as many as fit into a time with the profile {@code
 * soak}: docs/streaming.md has the command. What happens is set by the seed, though not at which
 * moment of the job it happens.
 */
class RandomFaultsTest {
  private static final Logger LOG = LoggerFactory.getLogger(RandomFaultsTest.class);

  private static final String MINUTES = "tarn.soak.minutes";
  private static final String SEED = "tarn.soak.seed";
  private static final int ROUNDS_OF_A_SHORT_RUN = 14;
  private static final int ROUNDS_AN_INDEX = 7;

  /** So that one that is killed leaves room for the job on the other. */
  @RegisterExtension static final MiniClusterExtension FLINK = TestJob.cluster(2);

  @TempDir Path dir;

  @Test
  void theIndexHoldsWhatTheTopicSaysWhateverHappens(@InjectMiniCluster MiniCluster cluster)
      throws Exception {
    long minutes = Long.getLong(MINUTES, 0);
    long seed = Long.getLong(SEED, minutes == 0 ? 1 : System.nanoTime() % 1_000_000);
    long endNs = System.nanoTime() + TimeUnit.MINUTES.toNanos(minutes);
    FaultTally tally = new FaultTally();
    LOG.info("Seed {}", seed);
    Random random = new Random(seed);
    try (Broker broker = new Broker(dir.resolve("kafka"), freePort())) {
      for (int i = 0; tally.rounds() < ROUNDS_OF_A_SHORT_RUN || System.nanoTime() < endNs; i++) {
        String name = "features-" + i;
        try (FaultRun run = new FaultRun(dir.resolve(name), name, random, cluster, broker, tally)) {
          for (int round = 0; round < ROUNDS_AN_INDEX; round++) {
            run.round();
          }
        } catch (Exception | AssertionError e) {
          throw new AssertionError("with -D" + SEED + "=" + seed + ", after " + tally, e);
        }
        LOG.info("Seed {} survived {}", seed, tally);
      }
    }
    assertThat(tally.events()).containsExactlyInAnyOrder(Event.values());
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
