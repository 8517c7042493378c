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
 * A Kafka node in this JVM: broker and controller in one, or a further broker of such a cluster.
 * For tests and the demo: it listens on the loopback address only, replicates nothing unless a
 * topic is made so, and asks for no password. Topics are made by {@link #createTopic}; using one
 * that does not exist is an error, not a new topic.
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

  /** Others take over soon from a broker that was killed, as the controller cannot tell earlier. */
  private static final Map<String, String> SOON_MISSED =
      Map.of("broker.heartbeat.interval.ms", "500", "broker.session.timeout.ms", "4000");

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

  /**
   * Starts the broker and controller of a cluster which others can {@link #join}.
   *
   * @param dir as for {@link #start(Path, int)}
   * @param controllerPort where the other brokers find the controller
   */
  public static EmbeddedKafka startCluster(Path dir, int port, int controllerPort) {
    Map<String, String> settings = new HashMap<>(SOON_MISSED);
    settings.putAll(controllerAndBroker(port, controllerPort));
    return start(dir, NODE_ID, port, settings, Optional.empty());
  }

  /**
   * Starts one more broker of a cluster.
   *
   * @param dir as for {@link #start(Path, int)}
   * @param nodeId from 2 on; tells it from the others
   * @param controllerPort of the cluster's first node
   */
  public static EmbeddedKafka join(Path dir, int port, int nodeId, int controllerPort) {
    Map<String, String> settings = new HashMap<>(SOON_MISSED);
    settings.put("process.roles", "broker");
    settings.put("listeners", "BROKER://%s:%d".formatted(HOST, port));
    settings.put("controller.quorum.voters", voter(controllerPort));
    return start(dir, nodeId, port, settings, Optional.empty());
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
    try {
      int controllerPort = freePort();
      while (controllerPort == port) {
        controllerPort = freePort();
      }
      return start(dir, NODE_ID, port, controllerAndBroker(port, controllerPort), ownDir);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static EmbeddedKafka start(
      Path dir, int nodeId, int port, Map<String, String> settings, Optional<Path> ownDir) {
    KafkaRaftServer server = null;
    try {
      format(dir, nodeId);
      server = new KafkaRaftServer(config(dir, nodeId, settings), Time.SYSTEM);
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

  private static void format(Path dir, int nodeId) throws Exception {
    Files.createDirectories(dir);
    new Formatter()
        .setClusterId(CLUSTER_ID)
        .setNodeId(nodeId)
        .setControllerListenerName("CONTROLLER")
        .addDirectory(dir.toString())
        .setMetadataLogDirectory(dir.toString())
        .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
        .setIgnoreFormatted(true)
        .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
        .run();
  }

  private static Map<String, String> controllerAndBroker(int port, int controllerPort) {
    return Map.of(
        "process.roles", "broker,controller",
        "listeners", "BROKER://%s:%d,CONTROLLER://%1$s:%d".formatted(HOST, port, controllerPort),
        "controller.quorum.voters", voter(controllerPort));
  }

  private static String voter(int controllerPort) {
    return "%d@%s:%d".formatted(NODE_ID, HOST, controllerPort);
  }

  private static KafkaConfig config(Path dir, int nodeId, Map<String, String> settings) {
    Properties properties = new Properties();
    properties.putAll(
        Map.of(
            "node.id", String.valueOf(nodeId),
            "listener.security.protocol.map", "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name", "BROKER",
            "controller.listener.names", "CONTROLLER",
            "log.dirs", dir.toString(),
            "auto.create.topics.enable", "false"));
    properties.putAll(SMALL_AND_QUICK);
    properties.putAll(settings);
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
