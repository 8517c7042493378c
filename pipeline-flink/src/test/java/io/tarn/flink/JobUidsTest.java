package io.tarn.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.TestJob.Plan;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * State is found again by the uid of its operator. Another uid makes every savepoint there is
 * useless, another name the dashboards: this list only grows.
 */
class JobUidsTest {
  private static final Map<String, String> NAMES_BY_UID =
      Map.of(
          "kafka-source", "Source: kafka source",
          "decode", "decode",
          "dead-letters", "dead letters: Writer",
          "Sink Committer: dead-letters", "dead letters: Committer",
          "index", "index: Writer",
          "index: merge", "index: merge",
          "Sink Committer: index", "index: Committer",
          "index: maintenance", "index: maintenance");

  @RegisterExtension static final KafkaExtension KAFKA = new KafkaExtension();

  @TempDir Path dir;

  @Test
  void everyOperatorHasTheUidAndNameItAlwaysHad() throws Exception {
    TestIndex index = TestIndex.create(dir.resolve("index"));
    try (TestTopic topic = KAFKA.topic(1)) {
      StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
      StreamJob.build(
          env, new Plan(KAFKA, index, topic).set("maintenance.enabled", "true").settings());

      // With this, Flink itself refuses an operator that has none.
      assertThat(env.getConfiguration().get(PipelineOptions.AUTO_GENERATE_UIDS)).isFalse();
      StreamGraph graph = env.getStreamGraph();
      assertThat(graph.getJobGraph().getNumberOfVertices()).isPositive();
      Map<String, String> found = new TreeMap<>();
      for (StreamNode node : graph.getStreamNodes()) {
        assertThat(node.getTransformationUID()).as(node.getOperatorName()).isNotNull();
        found.put(node.getTransformationUID(), node.getOperatorName());
      }
      assertThat(found).isEqualTo(NAMES_BY_UID);
      assertThat(graph.getStreamNodes()).hasSize(NAMES_BY_UID.size());
    }
  }
}
