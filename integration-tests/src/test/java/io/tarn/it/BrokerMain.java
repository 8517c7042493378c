package io.tarn.it;

import io.tarn.kafka.EmbeddedKafka;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** Runs a broker until it is killed: {@code BrokerMain <data directory> <port>}. */
final class BrokerMain {
  static final String READY = "The broker is ready";

  private BrokerMain() {}

  public static void main(String[] args) throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start(Path.of(args[0]), Integer.parseInt(args[1]))) {
      System.out.println(READY + " on " + kafka.bootstrapServers());
      new CountDownLatch(1).await();
    }
  }
}
