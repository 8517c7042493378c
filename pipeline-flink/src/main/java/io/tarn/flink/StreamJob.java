package io.tarn.flink;

import io.tarn.flink.StreamSettings.Kafka;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.format.ModelFile;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceState;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import io.tarn.index.write.ModelReassigner;
import io.tarn.settings.JobArguments;
import io.tarn.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folds Kafka topics into an index, exactly once: {@code flink run -c io.tarn.flink.StreamJob
 * tarn-flink.jar --conf-file stream.yaml [--set KEY=VALUE]…}.
 *
 * <pre>
 * kafka source ─ decode ─ index writer ─ merge ─ index committer ─ maintenance
 *                   └─ dead letters
 * </pre>
 *
 * <p>The positions of the records read are part of the version that holds their features. So a job
 * without state begins where the index ends, and what a job with state reads again is dropped. Dead
 * letters are written before the checkpoint is complete, hence before their positions are
 * published: none is lost, but some appear again after a failure.
 */
public final class StreamJob {
  private static final Logger LOG = LoggerFactory.getLogger(StreamJob.class);

  private static final Duration FIRST_RESTART_DELAY = Duration.ofSeconds(1);
  private static final Duration MAX_RESTART_DELAY = Duration.ofMinutes(1);

  /** Two hours at least, in which Kafka or the storage may come back. */
  private static final int RESTARTS_IN_A_ROW = 125;

  private static final Duration SOUND_AFTER = Duration.ofMinutes(10);

  private StreamJob() {}

  /**
   * @param args see {@link JobArguments}
   */
  public static void main(String[] args) throws Exception {
    StreamSettings settings = Settings.load(StreamSettings.class, JobArguments.parse(args));
    LOG.info("Settings:\n{}", Settings.describe(settings));
    StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
    build(env, settings);
    env.execute(jobName(settings));
  }

  /** What the job is called in Flink. */
  public static String jobName(StreamSettings settings) {
    return "tarn stream "
        + String.join(", ", settings.kafka().topics())
        + " to "
        + settings.index();
  }

  /**
   * Adds the job to an environment, having checked that index and topics are there. Waits for Kafka
   * if it has to.
   *
   * @throws IOException if the index cannot be used, Kafka does not answer in time, or a topic is
   *     missing; the message says what to do
   * @throws IllegalArgumentException if settings and index do not fit each other
   */
  public static void build(StreamExecutionEnvironment env, StreamSettings settings)
      throws IOException, InterruptedException {
    String index = settings.index();
    build(env, settings, () -> StorageLocation.open(index));
  }

  static void build(StreamExecutionEnvironment env, StreamSettings settings, StorageOpener opener)
      throws IOException, InterruptedException {
    DecoderOptions options = DecoderOptions.of(settings.kafka());
    checkIndex(opener, options);
    TopicIds topicIds = KafkaTopics.prepare(settings.kafka());
    checkSources(opener, settings.kafka(), topicIds);
    SingleOutputStreamOperator<PositionedFeature> features =
        features(records(env, settings, opener), opener, options);
    features
        .getSideOutput(DecodeFunction.DEAD_LETTERS)
        .sinkTo(deadLetterSink(settings.kafka()))
        .name("dead letters")
        .uid("dead-letters");
    features.sinkTo(IndexSink.ofTopics(opener, topicIds, settings)).name("index").uid("index");
  }

  /** Sets an environment up, and reads the topics from where the index ends. */
  static DataStream<KafkaRecord> records(
      StreamExecutionEnvironment env, StreamSettings settings, StorageOpener opener) {
    configure(env, settings);
    return env.fromSource(
            source(settings, opener), WatermarkStrategy.noWatermarks(), "kafka source")
        .uid("kafka-source");
  }

  /** Decodes records; bad ones are in a side output. */
  static SingleOutputStreamOperator<PositionedFeature> features(
      DataStream<KafkaRecord> records, StorageOpener opener, DecoderOptions options) {
    return records
        .process(new DecodeFunction(opener, options), new PositionedFeatureType())
        .name("decode")
        .uid("decode");
  }

  private static void checkIndex(StorageOpener opener, DecoderOptions options) throws IOException {
    try (Storage storage = opener.open()) {
      Snapshot snapshot = new SnapshotLog(storage).newest();
      ModelFile.read(storage, snapshot.model());
      DecodeFunction.decoder(storage, snapshot, options);
      LOG.info("Index {} is at version {}", storage.location(), snapshot.version());
    }
  }

  /** Sees to it that the index has read these topics, and not others of their names. */
  private static void checkSources(StorageOpener opener, Kafka kafka, TopicIds topicIds)
      throws IOException {
    try (Storage storage = opener.open()) {
      SnapshotLog log = new SnapshotLog(storage);
      Snapshot snapshot = log.newest();
      Committer committer = new Committer(log, new ModelReassigner(storage));
      for (String topic : kafka.topics()) {
        String source = TakenPositions.sourceName(topic);
        String id = topicIds.bySource().get(source);
        SourceState state = snapshot.source(source);
        boolean mayBeOther =
            state.isOther(id) || (state.incarnation() == null && !state.nextOffsets().isEmpty());
        if (id != null && mayBeOther && kafka.readAnew().contains(topic)) {
          long version = committer.restartSource(source, id).version();
          LOG.warn("Version {} has read nothing of the new topic {}, id {}", version, topic, id);
        } else if (state.isOther(id)) {
          throw new IOException(TopicIds.remade(topic, state.incarnation(), id));
        }
      }
    }
  }

  private static void configure(StreamExecutionEnvironment env, StreamSettings settings) {
    Configuration config = new Configuration();
    config.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    config.set(
        CheckpointingOptions.CHECKPOINTING_INTERVAL,
        Duration.ofMillis(settings.checkpointIntervalMs()));
    settings
        .checkpointDirectory()
        .ifPresent(
            directory -> {
              config.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
              config.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, toUri(directory));
            });
    // Nothing in the job changes a record after handing it on.
    config.set(PipelineOptions.OBJECT_REUSE, true);
    config.set(PipelineOptions.GENERIC_TYPES, false);
    // Savepoints know operators by their uids.
    config.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
    if (env.getConfiguration().getOptional(RestartStrategyOptions.RESTART_STRATEGY).isEmpty()) {
      config.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
      config.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_INITIAL_BACKOFF,
          FIRST_RESTART_DELAY);
      config.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF, MAX_RESTART_DELAY);
      config.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_ATTEMPTS, RESTARTS_IN_A_ROW);
      config.set(
          RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_RESET_BACKOFF_THRESHOLD,
          SOUND_AFTER);
    }
    env.configure(config);
    settings.parallelism().ifPresent(env::setParallelism);
  }

  /** Flink takes a path without a scheme for one of whatever its default file system is. */
  private static String toUri(String directory) {
    return directory.contains(":/")
        ? directory
        : Path.of(directory).toAbsolutePath().toUri().toString();
  }

  private static KafkaSource<KafkaRecord> source(StreamSettings settings, StorageOpener opener) {
    Kafka kafka = settings.kafka();
    Properties properties = KafkaTopics.clientProperties(kafka);
    properties.putIfAbsent(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    KafkaSourceBuilder<KafkaRecord> builder =
        KafkaSource.<KafkaRecord>builder()
            .setProperties(properties)
            .setTopics(kafka.topics())
            .setGroupId(kafka.groupId())
            .setStartingOffsets(new SnapshotOffsets(opener))
            .setDeserializer(new KafkaRecord.FromKafka());
    if (settings.bounded()) {
      builder.setBounded(new EndOffsets());
    }
    return builder.build();
  }

  private static KafkaSink<DeadLetter> deadLetterSink(Kafka kafka) {
    Properties properties = KafkaTopics.clientProperties(kafka);
    // Whatever could be read can be written.
    properties.putIfAbsent(
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG, String.valueOf(Integer.MAX_VALUE));
    return KafkaSink.<DeadLetter>builder()
        .setBootstrapServers(kafka.bootstrapServers())
        .setKafkaProducerConfig(properties)
        .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
        .setRecordSerializer(new DeadLetter.ToKafka(kafka.deadLetterTopic()))
        .build();
  }
}
