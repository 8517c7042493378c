package io.tarn.it;

import io.tarn.kafka.EmbeddedKafka;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * Runs a broker until it is killed: {@code BrokerMain <data directory> <port> <node id> <controller
 * port>}. Node 1 is the controller as well.
 */
final class BrokerMain {
  static final String READY = "The broker is ready";

  private BrokerMain() {}

  public static void main(String[] args) throws Exception {
    Path data = Path.of(args[0]);
    int port = Integer.parseInt(args[1]);
    int nodeId = Integer.parseInt(args[2]);
    int controllerPort = Integer.parseInt(args[3]);
    try (EmbeddedKafka kafka =
        nodeId == 1
            ? EmbeddedKafka.startCluster(data, port, controllerPort)
            : EmbeddedKafka.join(data, port, nodeId, controllerPort)) {
      System.out.println(READY + " on " + kafka.bootstrapServers());
      new CountDownLatch(1).await();
    }
  }
}
