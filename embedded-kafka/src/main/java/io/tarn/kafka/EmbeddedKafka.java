package io.tarn.kafka;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;

/**
 * One Kafka node, broker and controller, in this JVM. For tests and the demo: it listens on the
 * loopback address only, replicates nothing and asks for no password. Topics are made by {@link
 * #createTopic}; using one that does not exist is an error, not a new topic.
 */
public final class EmbeddedKafka implements AutoCloseable {

  private static final String HOST = "127.0.0.1";
  private static final int NODE_ID = 1;
  private static final short REPLICAS = 1;

  private static final long TOPIC_TIMEOUT_MS = 30_000;
  private static final long TOPIC_POLL_MS = 10;

  /** The same for all, so that a directory can be started again without reading it first. */
  private static final String CLUSTER_ID = "dGFybi1lbWJlZGRlZC1rZg";

  /**
   * The defaults are for clusters: many replicas, buffers and partitions, and a wait for members.
   */
  private static final Map<String, String> SMALL_AND_QUICK =
      Map.of(
          "offsets.topic.replication.factor", "1",
          "offsets.topic.num.partitions", "1",
          "transaction.state.log.replication.factor", "1",
          "transaction.state.log.min.isr", "1",
          "transaction.state.log.num.partitions", "1",
          "share.coordinator.state.topic.replication.factor", "1",
          "share.coordinator.state.topic.min.isr", "1",
          "group.initial.rebalance.delay.ms", "0",
          "log.index.size.max.bytes", "1048576",
          "log.cleaner.dedupe.buffer.size", "4194304");

  private final KafkaRaftServer server;
  private final Optional<Path> ownDir;
  private final int port;

  private EmbeddedKafka(KafkaRaftServer server, Optional<Path> ownDir, int port) {
    this.server = server;
    this.ownDir = ownDir;
    this.port = port;
  }

  /**
   * Starts an empty broker on a free port; its data live until {@link #close}.
   *
   * @throws IllegalStateException if it does not start
   */
  public static EmbeddedKafka start() {
    try {
      Path dir = Files.createTempDirectory("tarn-kafka-");
      return start(dir, freePort(), Optional.of(dir));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Starts a broker on a port of the caller's, with the topics and records an earlier one left in
   * the directory. The directory is kept.
   *
   * @param dir made if it does not exist; used by one broker at a time
   * @throws IllegalStateException if it does not start
   */
  public static EmbeddedKafka start(Path dir, int port) {
    return start(dir, port, Optional.empty());
  }

  /** {@code host:port}, as clients want it. */
  public String bootstrapServers() {
    return HOST + ":" + port;
  }

  /**
   * Returns when the topic can be written to and read.
   *
   * @throws KafkaException as the broker gives it, for example when the topic exists
   */
  public void createTopic(String name, int partitions) {
    try (Admin admin =
        Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers()))) {
      admin.createTopics(List.of(new NewTopic(name, partitions, REPLICAS))).all().get();
      awaitLeader(admin, name, partitions);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while creating topic " + name, e);
    }
  }

  /**
   * The broker learns of a topic after it was created. Should it refuse a producer's first batch
   * and take the second, the first would be out of sequence until it expires.
   */
  private static void awaitLeader(Admin admin, String topic, int partitions)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> all = new HashMap<>();
    for (int partition = 0; partition < partitions; partition++) {
      all.put(new TopicPartition(topic, partition), OffsetSpec.latest());
    }
    long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TOPIC_TIMEOUT_MS);
    while (true) {
      try {
        admin.listOffsets(all).all().get();
        return;
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)
            || System.nanoTime() > deadlineNs) {
          throw e;
        }
      }
      TimeUnit.MILLISECONDS.sleep(TOPIC_POLL_MS);
    }
  }

  /**
   * Stops the broker; records that producers saw acknowledged are on disk afterwards. Closing again
   * does nothing.
   */
  @Override
  public void close() {
    server.shutdown();
    server.awaitShutdown();
    ownDir.filter(Files::exists).ifPresent(EmbeddedKafka::delete);
  }

  private static EmbeddedKafka start(Path dir, int port, Optional<Path> ownDir) {
    KafkaRaftServer server = null;
    try {
      format(dir);
      server = new KafkaRaftServer(config(dir, port), Time.SYSTEM);
      server.startup();
      return new EmbeddedKafka(server, ownDir, port);
    } catch (Exception e) {
      if (server != null) {
        server.shutdown();
      }
      ownDir.ifPresent(EmbeddedKafka::delete);
      throw new IllegalStateException(
          "embedded Kafka does not start on %s:%d with directory %s: %s"
              .formatted(HOST, port, dir, rootCause(e)),
          e);
    }
  }

  /** The outer exceptions only say that the start failed. */
  private static String rootCause(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage();
  }

  private static void format(Path dir) throws Exception {
    Files.createDirectories(dir);
    new Formatter()
        .setClusterId(CLUSTER_ID)
        .setNodeId(NODE_ID)
        .setControllerListenerName("CONTROLLER")
        .addDirectory(dir.toString())
        .setMetadataLogDirectory(dir.toString())
        .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
        .setIgnoreFormatted(true)
        .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
        .run();
  }

  private static KafkaConfig config(Path dir, int port) throws IOException {
    int controllerPort = freePort();
    while (controllerPort == port) {
      controllerPort = freePort();
    }
    Properties properties = new Properties();
    properties.putAll(
        Map.of(
            "process.roles", "broker,controller",
            "node.id", String.valueOf(NODE_ID),
            "listeners",
                "BROKER://%s:%d,CONTROLLER://%1$s:%d".formatted(HOST, port, controllerPort),
            "listener.security.protocol.map", "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name", "BROKER",
            "controller.listener.names", "CONTROLLER",
            "controller.quorum.voters", "%d@%s:%d".formatted(NODE_ID, HOST, controllerPort),
            "log.dirs", dir.toString(),
            "auto.create.topics.enable", "false"));
    properties.putAll(SMALL_AND_QUICK);
    return KafkaConfig.fromProps(properties);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(HOST))) {
      return socket.getLocalPort();
    }
  }

  private static void delete(Path dir) {
    try (Stream<Path> paths = Files.walk(dir)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + dir, e);
    }
  }
}
