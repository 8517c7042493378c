package io.tarn.flink;

import io.tarn.settings.Default;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Settings of the stream job; {@code conf/stream.yaml} explains them.
 *
 * @param index where the index lies
 * @param kafka where the records come from
 * @param parallelism subtasks of source and writer; by default that of the environment
 * @param checkpointIntervalMs how often what was read becomes a version of the index
 * @param checkpointDirectory where Flink keeps its state; by default the cluster's
 * @param bounded whether to stop at the ends the topics have at the start
 * @param bufferBytes what each subtask may hold in memory before it writes a segment
 */
public record StreamSettings(
    String index,
    Kafka kafka,
    Optional<Integer> parallelism,
    @Default("5000") long checkpointIntervalMs,
    Optional<String> checkpointDirectory,
    @Default("false") boolean bounded,
    @Default("67108864") long bufferBytes) {
  private static final long MIN_CHECKPOINT_INTERVAL_MS = 100;

  /** A segment is at most 2 GiB, and is built in memory beside the buffer. */
  private static final long MAX_BUFFER_BYTES = 1L << 30;

  public StreamSettings {
    require(!index.isBlank(), "index must name the index's location");
    require(parallelism.orElse(1) >= 1, "parallelism must be at least 1");
    require(
        checkpointIntervalMs >= MIN_CHECKPOINT_INTERVAL_MS,
        "checkpoint-interval-ms must be at least " + MIN_CHECKPOINT_INTERVAL_MS);
    require(
        bufferBytes >= 1 && bufferBytes <= MAX_BUFFER_BYTES,
        "buffer-bytes must be between 1 and " + MAX_BUFFER_BYTES);
  }

  /**
   * @param bootstrapServers host:port, or several with commas
   * @param topics what to read, all into the one index
   * @param readAnew those of the topics that may have been deleted and made anew
   * @param groupId under which Kafka shows how far the job is
   * @param deadLetterTopic where bad records go; made if it does not exist
   * @param format how values are written
   * @param avroSchema a file with the schema of all Avro records; by default each brings its own
   * @param keyFormat how keys spell ids; by default text, and json for Debezium
   * @param maxRecordBytes what key and value may have together
   * @param maxBadShare the share of bad records above which the job fails
   * @param startTimeoutMs how long the job waits for Kafka before it starts
   * @param properties handed to Kafka's clients as they are
   */
  public record Kafka(
      String bootstrapServers,
      List<String> topics,
      List<String> readAnew,
      @Default("tarn") String groupId,
      @Default("tarn-dead-letters") String deadLetterTopic,
      @Default("json") RecordFormat format,
      Optional<Path> avroSchema,
      Optional<KeyFormat> keyFormat,
      @Default("8388608") int maxRecordBytes,
      @Default("1") double maxBadShare,
      @Default("120000") long startTimeoutMs,
      Map<String, String> properties) {
    public Kafka {
      require(!bootstrapServers.isBlank(), "kafka.bootstrap-servers must name a broker");
      require(!topics.isEmpty(), "kafka.topics must name at least one topic");
      require(new HashSet<>(topics).size() == topics.size(), "kafka.topics names a topic twice");
      require(
          !topics.contains(deadLetterTopic),
          "kafka.dead-letter-topic must not be one of kafka.topics");
      require(
          topics.containsAll(readAnew),
          "kafka.read-anew names a topic that is not in kafka.topics");
      require(!groupId.isBlank(), "kafka.group-id must not be blank");
      require(maxRecordBytes >= 1, "kafka.max-record-bytes must be at least 1");
      require(maxBadShare >= 0 && maxBadShare <= 1, "kafka.max-bad-share must be between 0 and 1");
      require(
          avroSchema.isEmpty() || format == RecordFormat.AVRO,
          "kafka.avro-schema is given, but kafka.format is not avro");
      require(startTimeoutMs >= 0, "kafka.start-timeout-ms must not be negative");
    }

    /** The format of the keys, given or by default. */
    KeyFormat effectiveKeyFormat() {
      return keyFormat.orElse(
          format == RecordFormat.DEBEZIUM_JSON ? KeyFormat.JSON : KeyFormat.TEXT);
    }
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
