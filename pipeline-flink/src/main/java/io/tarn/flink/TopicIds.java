package io.tarn.flink;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.runtime.execution.SuppressRestartsException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Uuid;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which topics a job reads, by the ids that Kafka gave them. Where one is deleted and made anew
 * while the job runs, consumers go on at their old positions as if nothing had been. No id is used
 * twice; so if a topic has the same id before and after records were read, they are its records.
 */
final class TopicIds implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(TopicIds.class);

  private static final long ANSWER_LIMIT_MS = 30_000;

  private final Properties adminProperties;
  private final HashMap<String, String> idByTopic;

  /**
   * @param adminProperties how to reach Kafka
   * @param idByTopic without the topics to which the broker gave no id
   */
  TopicIds(Properties adminProperties, Map<String, String> idByTopic) {
    this.adminProperties = adminProperties;
    this.idByTopic = new HashMap<>(idByTopic);
  }

  /** The ids as the incarnations of sources. */
  SortedMap<String, String> bySource() {
    SortedMap<String, String> bySource = new TreeMap<>();
    idByTopic.forEach((topic, id) -> bySource.put(TakenPositions.sourceName(topic), id));
    return bySource;
  }

  /** The ids of topics that exist; old brokers give none. */
  static Map<String, String> of(Map<String, TopicDescription> topics) {
    Map<String, String> ids = new HashMap<>();
    topics.forEach(
        (topic, description) -> {
          if (!description.topicId().equals(Uuid.ZERO_UUID)) {
            ids.put(topic, description.topicId().toString());
          }
        });
    return ids;
  }

  Guard guard() {
    return new Guard();
  }

  /** Asks Kafka whether the topics are still the same. */
  final class Guard implements AutoCloseable {
    private final Admin admin = Admin.create(adminProperties);

    /** Checks as far as Kafka answers. */
    void checkIfPossible() throws InterruptedException {
      try {
        check();
      } catch (IOException e) {
        LOG.warn("Cannot tell yet whether the topics are still the same: {}", e.getMessage());
      }
    }

    /**
     * @throws IOException if Kafka does not say
     * @throws SuppressRestartsException if a topic is another: no restart brings the old one back
     */
    void check() throws IOException, InterruptedException {
      if (idByTopic.isEmpty()) {
        return;
      }
      Map<String, String> now = ask();
      idByTopic.forEach(
          (topic, id) -> {
            if (!id.equals(now.get(topic))) {
              throw new SuppressRestartsException(
                  new IllegalStateException(remade(topic, id, now.get(topic))));
            }
          });
    }

    private Map<String, String> ask() throws IOException, InterruptedException {
      try {
        return of(
            admin
                .describeTopics(List.copyOf(idByTopic.keySet()))
                .allTopicNames()
                .get(ANSWER_LIMIT_MS, TimeUnit.MILLISECONDS));
      } catch (ExecutionException e) {
        throw new IOException(
            "Kafka does not describe the topics: " + e.getCause().getMessage(), e);
      } catch (TimeoutException e) {
        throw new IOException(
            "Kafka has not described the topics for " + ANSWER_LIMIT_MS + " ms", e);
      }
    }

    @Override
    public void close() {
      admin.close();
    }
  }

  /** What to say of a topic that was deleted and made anew. */
  static String remade(String topic, String oldId, String newId) {
    return String.format(
        "topic %s was deleted and made anew since the index read it: its id was %s and is %s. To"
            + " keep what the index holds and read the new topic from its beginning, start the job"
            + " without state and with --set kafka.read-anew=[%s]; otherwise give the new topic"
            + " another name, or build a new index",
        topic, oldId, newId, topic);
  }
}
