package io.tarn.flink;

import io.tarn.index.maintain.DriftRules;
import io.tarn.index.maintain.GrowthRules;
import io.tarn.index.maintain.MaintenanceRules;
import io.tarn.settings.Default;
import java.io.Serializable;
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
 * @param maintenance how the index is kept in shape meanwhile
 */
public record StreamSettings(
    String index,
    Kafka kafka,
    Optional<Integer> parallelism,
    @Default("5000") long checkpointIntervalMs,
    Optional<String> checkpointDirectory,
    @Default("false") boolean bounded,
    @Default("67108864") long bufferBytes,
    Maintenance maintenance) {
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

  /**
   * @param enabled whether the job keeps the index in shape
   * @param segmentsPerTier so many segments of about one size are merged
   * @param segmentBytes merging makes no larger segments
   * @param lists whether it looks at lists as well, and at dead rows
   * @param listsIntervalMs how often it does, at most
   * @param listsGrowth by what share rows have to grow for it to look at once whether lists are
   *     crowded; 0: it goes by the interval alone
   * @param targetListRows how many live rows a list is meant to have; 0: what a build of the live
   *     rows would give it
   * @param splitAbove a list with more live rows than so many targets is split
   * @param dissolveBelow a list with fewer live rows than so large a share of the target is
   *     dissolved
   * @param maxDeadShare a segment or list of whose rows a larger share is dead is written anew
   * @param drift when it asks for lists to be trained anew
   */
  public record Maintenance(
      @Default("true") boolean enabled,
      @Default("8") int segmentsPerTier,
      @Default("67108864") long segmentBytes,
      @Default("true") boolean lists,
      @Default("60000") long listsIntervalMs,
      @Default("0.1") double listsGrowth,
      @Default("0") long targetListRows,
      @Default("2") double splitAbove,
      @Default("0.125") double dissolveBelow,
      @Default("0.25") double maxDeadShare,
      Drift drift)
      implements Serializable {
    public Maintenance {
      require(segmentsPerTier >= 2, "maintenance.segments-per-tier must be at least 2");
      require(segmentBytes >= 1, "maintenance.segment-bytes must be at least 1");
      require(listsIntervalMs >= 0, "maintenance.lists-interval-ms must not be negative");
      require(
          listsGrowth >= 0 && Double.isFinite(listsGrowth),
          "maintenance.lists-growth must not be negative");
      require(targetListRows >= 0, "maintenance.target-list-rows must not be negative");
      require(splitAbove > 1, "maintenance.split-above must be more than 1");
      require(
          dissolveBelow >= 0 && dissolveBelow < splitAbove / 2,
          "maintenance.dissolve-below must be at least 0 and less than half of"
              + " maintenance.split-above, or lists would be split and dissolved without end");
      require(
          maxDeadShare >= 0 && maxDeadShare < 1,
          "maintenance.max-dead-share must be at least 0 and less than 1");
    }

    /** Empty if looks go by the interval alone. */
    Optional<GrowthRules> growth() {
      return lists && listsGrowth > 0 ? Optional.of(GrowthRules.by(listsGrowth)) : Optional.empty();
    }

    MaintenanceRules rules() {
      return new MaintenanceRules(
          targetListRows, splitAbove, dissolveBelow, maxDeadShare, segmentsPerTier, segmentBytes);
    }
  }

  /**
   * @param intervalMs how often the index is measured, and judged, at most
   * @param queries how many recent rows are searched for to measure recall; 0: nothing is measured
   *     but assignment error
   * @param nprobe how many lists those searches look at; 0: as many as by default
   * @param maxErrorRatio see {@link DriftRules}
   * @param maxImbalanceRatio see {@link DriftRules}
   * @param maxRecallLoss see {@link DriftRules}
   */
  public record Drift(
      @Default("60000") long intervalMs,
      @Default("100") int queries,
      @Default("0") int nprobe,
      @Default("1.5") double maxErrorRatio,
      @Default("2") double maxImbalanceRatio,
      @Default("0.1") double maxRecallLoss)
      implements Serializable {
    private static final int MAX_QUERIES = 10_000;

    public Drift {
      double largest = io.tarn.index.snapshot.Drift.MAX_RATIO;
      require(intervalMs >= 0, "maintenance.drift.interval-ms must not be negative");
      require(
          queries >= 0 && queries <= MAX_QUERIES,
          "maintenance.drift.queries must be between 0 and " + MAX_QUERIES);
      require(nprobe >= 0, "maintenance.drift.nprobe must not be negative");
      require(
          maxErrorRatio > 1 && maxErrorRatio < largest,
          "maintenance.drift.max-error-ratio must be more than 1 and less than " + largest);
      require(maxImbalanceRatio > 1, "maintenance.drift.max-imbalance-ratio must be more than 1");
      require(
          maxRecallLoss > 0 && maxRecallLoss < 1,
          "maintenance.drift.max-recall-loss must be between 0 and 1");
    }

    DriftRules rules() {
      return new DriftRules(maxErrorRatio, maxImbalanceRatio, maxRecallLoss);
    }
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
