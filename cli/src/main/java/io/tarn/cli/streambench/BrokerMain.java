package io.tarn.cli.streambench;

import io.tarn.kafka.EmbeddedKafka;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * A broker that lives, with its data, until the process that started it goes away. Each line of its
 * input is the name of a topic to make, and its number of partitions.
 */
final class BrokerMain {
  /** Precedes where clients find it. */
  static final String READY = "listening on ";

  /** Precedes the name of a topic that can be written to. */
  static final String CREATED = "created ";

  private BrokerMain() {}

  public static void main(String[] args) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      say(READY + kafka.bootstrapServers());
      // The input ends with whoever holds its other side, however that comes about.
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] topic = line.split(" ");
        kafka.createTopic(topic[0], Integer.parseInt(topic[1]));
        say(CREATED + topic[0]);
      }
    }
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
