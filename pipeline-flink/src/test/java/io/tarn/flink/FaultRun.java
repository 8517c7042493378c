package io.tarn.flink;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.tarn.flink.TestJob.Plan;
import io.tarn.flink.TopicContent.Place;
import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.Committer;
import io.tarn.index.feature.Feature;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.maintain.Maintenance;
import io.tarn.index.maintain.MaintenanceTask;
import io.tarn.index.maintain.SplitSettings;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.write.ModelReassigner;
import io.tarn.kafka.EmbeddedKafka;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One index that a job feeds from one topic while random things happen to it: rounds of records and
 * events, after each of which the index must hold exactly what the topic says.
 */
final class FaultRun implements AutoCloseable {
  /** How many rows a list is meant to have. */
  private static final int LIST_ROWS = 20;

  private static final Logger LOG = LoggerFactory.getLogger(FaultRun.class);

  private static final int[] PARALLELISM = {1, 4, 2};
  private static final String[] BUFFER_BYTES = {"1500", "20000", "67108864"};
  private static final String[] CHECKPOINT_INTERVAL_MS = {"100", "200", "400"};
  private static final int MAX_PARTITIONS = 8;
  private static final int MAX_SEGMENTS = 60;
  private static final int MAX_EVENTS_A_ROUND = 3;
  private static final int MAX_RECORDS_A_STEP = 80;
  private static final int MAX_FAULTS_AT_ONCE = 4;

  /** What may happen to a job. */
  enum Event {
    STORAGE_FAILS,
    TASK_MANAGER_IS_KILLED,
    RESTART_WITHOUT_STATE,
    RESTART_FROM_SAVEPOINT,
    RESTART_FROM_CHECKPOINT,
    RESTART_FROM_OLD_SAVEPOINT,
    CHECKPOINTS_ARE_LOST,
    BROKER_RESTARTS,
    TRANSACTION_IS_ABORTED,
    TRANSACTION_IS_COMMITTED,
    PARTITIONS_ARE_ADDED,
    SECOND_JOB_STARTS,
    SEGMENTS_ARE_MERGED,
    MODEL_IS_REPLACED
  }

  private final Path dir;
  private final Random random;
  private final MiniCluster cluster;
  private final Broker broker;
  private final FaultTally tally;
  private final TestIndex index;
  private final RandomFaults faults;
  private final CheckpointFiles checkpoints;
  private final String topic;
  private final RandomRecords records;
  private final TopicContent content;
  private final List<String> savepoints = new ArrayList<>();
  private int partitions;
  private TestJob job;
  private Optional<TestJob> second = Optional.empty();

  /** Whether the job may be told at a commit that another one, or itself before, was faster. */
  private boolean mayConflict;

  /** A broker that can be restarted; its topics stay. */
  static final class Broker implements AutoCloseable {
    private final Path data;
    private final int port;
    private EmbeddedKafka kafka;

    Broker(Path data, int port) {
      this.data = data;
      this.port = port;
      this.kafka = EmbeddedKafka.start(data, port);
    }

    void restart() {
      kafka.close();
      kafka = EmbeddedKafka.start(data, port);
    }

    @Override
    public void close() throws Exception {
      kafka.close();
    }
  }

  FaultRun(
      Path dir, String topic, Random random, MiniCluster cluster, Broker broker, FaultTally tally)
      throws Exception {
    this.dir = dir;
    this.topic = topic;
    this.random = random;
    this.cluster = cluster;
    this.broker = broker;
    this.tally = tally;
    this.index = TestIndex.create(dir.resolve("index"));
    this.faults = new RandomFaults(index);
    this.checkpoints = new CheckpointFiles(dir.resolve("checkpoints"));
    this.partitions = 1 + random.nextInt(4);
    broker.kafka.createTopic(topic, partitions);
    String servers = broker.kafka.bootstrapServers();
    this.records = new RandomRecords(servers, topic, partitions, random);
    this.content = new TopicContent(servers, topic);
    this.job = startWithoutState();
  }

  void round() throws Exception {
    List<Event> events = new ArrayList<>();
    for (int i = 1 + random.nextInt(MAX_EVENTS_A_ROUND); i > 0; i--) {
      records.send(random.nextInt(MAX_RECORDS_A_STEP));
      Event event = tally.nextEvent(random);
      events.add(event);
      if (happens(event)) {
        tally.count(event);
      }
    }
    LOG.info("Round: {}", events);
    records.send(1 + random.nextInt(MAX_RECORDS_A_STEP));
    records.flush();
    content.readOn(partitions);
    awaitCaughtUp();
    faults.disarm().forEach(tally::countStrike);
    check();
    if (mayConflict) {
      // State of jobs that were overtaken may be refused at any later time.
      if (second.isPresent()) {
        second.get().cancelUnlessFailed();
      }
      second = Optional.empty();
      job.cancelUnlessFailed();
      savepoints.clear();
      mayConflict = false;
      job = startWithoutState();
    }
    Snapshot snapshot = index.newest();
    if (snapshot.segments().size() > MAX_SEGMENTS) {
      merge(snapshot, snapshot.segments());
    }
  }

  /** False if it cannot happen now. */
  private boolean happens(Event event) throws Exception {
    switch (event) {
      case STORAGE_FAILS -> failAtCommits();
      case TASK_MANAGER_IS_KILLED -> killTaskManager();
      case RESTART_WITHOUT_STATE -> {
        job.cancelUnlessFailed();
        checkpoints.delete();
        job = startWithoutState();
      }
      case RESTART_FROM_SAVEPOINT -> restartFromSavepoint();
      case RESTART_FROM_CHECKPOINT -> {
        job.cancelUnlessFailed();
        job = start(checkpoints.newest(job));
      }
      case RESTART_FROM_OLD_SAVEPOINT -> {
        if (savepoints.isEmpty()
            && trySavepoint(() -> job.savepoint(dir.resolve("savepoints"))).isEmpty()) {
          return false;
        }
        records.send(random.nextInt(MAX_RECORDS_A_STEP));
        mayConflict = true;
        job.cancelUnlessFailed();
        job = start(Optional.of(savepoints.get(random.nextInt(savepoints.size()))));
      }
      case CHECKPOINTS_ARE_LOST -> {
        checkpoints.delete();
        killTaskManager();
        job.cancelUnlessFailed();
        job = startWithoutState();
      }
      case BROKER_RESTARTS -> broker.restart();
      case TRANSACTION_IS_ABORTED -> records.sendInTransaction(random.nextInt(20), false);
      case TRANSACTION_IS_COMMITTED -> records.sendInTransaction(random.nextInt(20), true);
      case PARTITIONS_ARE_ADDED -> {
        if (partitions == MAX_PARTITIONS) {
          return false;
        }
        addPartition();
      }
      case SECOND_JOB_STARTS -> {
        if (second.isPresent()) {
          return false;
        }
        mayConflict = true;
        second = Optional.of(startWithoutState());
      }
      case SEGMENTS_ARE_MERGED -> mergeSome();
      case MODEL_IS_REPLACED -> changeLists();
    }
    return true;
  }

  private Plan plan() {
    return new Plan(broker.kafka.bootstrapServers(), index.dir, topic)
        .set("parallelism", "" + PARALLELISM[random.nextInt(PARALLELISM.length)])
        .set("buffer-bytes", BUFFER_BYTES[random.nextInt(BUFFER_BYTES.length)])
        .set(
            "checkpoint-interval-ms",
            CHECKPOINT_INTERVAL_MS[random.nextInt(CHECKPOINT_INTERVAL_MS.length)])
        .set("kafka.properties.partition.discovery.interval.ms", "200")
        .set("maintenance.enabled", "" + random.nextBoolean())
        .set("maintenance.segments-per-tier", "3")
        .set("maintenance.target-list-rows", "" + LIST_ROWS)
        .set("maintenance.lists-interval-ms", "0")
        .set("maintenance.drift.interval-ms", "0")
        .set("maintenance.drift.queries", "5")
        .storage(faults)
        .keepingCheckpoints()
        .restartingAtOnce();
  }

  private TestJob startWithoutState() throws Exception {
    return start(Optional.empty());
  }

  /** Starts as often as it takes: the client, too, meets storage that fails. */
  private TestJob start(Optional<String> state) throws Exception {
    while (true) {
      Plan plan = plan();
      state.ifPresent(plan::from);
      try {
        return plan.start();
      } catch (IOException | IllegalStateException e) {
        if (!e.getMessage().contains("injected")) {
          throw e;
        }
      }
    }
  }

  private void restartFromSavepoint() throws Exception {
    boolean drain = random.nextInt(4) == 0;
    Optional<String> savepoint =
        trySavepoint(() -> job.stopWithSavepoint(dir.resolve("savepoints"), drain));
    if (savepoint.isEmpty()) {
      job.cancelUnlessFailed();
    }
    job = start(savepoint.isPresent() ? savepoint : checkpoints.newest(job));
  }

  /** Faults that come soon, over a few commits at least. */
  private void failAtCommits() {
    for (int i = 1 + random.nextInt(MAX_FAULTS_AT_ONCE); i > 0; i--) {
      faults.arm(random);
      records.send(1 + random.nextInt(MAX_RECORDS_A_STEP / 4));
      records.flush();
      content.readOn(partitions);
      awaitCaughtUp();
    }
  }

  /** Tries until the job runs, with all its parts, or has ended. */
  private Optional<String> trySavepoint(Callable<String> savepoint) {
    List<String> taken = new ArrayList<>();
    Waiting.until(
        "a savepoint",
        TestJob.LIMIT_MS,
        () -> {
          try {
            taken.add(savepoint.call());
          } catch (ExecutionException e) {
            LOG.info("No savepoint: {}", e.getMessage());
          }
          return !taken.isEmpty() || job.ended();
        });
    savepoints.addAll(taken);
    return taken.stream().findFirst();
  }

  private void killTaskManager() throws Exception {
    cluster.terminateTaskManager(tally.nextTaskManager()).get();
    cluster.startTaskManager();
  }

  private void addPartition() throws Exception {
    partitions++;
    records.flush();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.kafka.bootstrapServers()))) {
      admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(partitions))).all().get();
    }
    records.partitionsAdded(partitions);
  }

  private void mergeSome() throws IOException {
    Snapshot snapshot = index.newest();
    List<SegmentRef> some = new ArrayList<>(snapshot.segments());
    some.removeIf(segment -> random.nextBoolean());
    merge(snapshot, some);
  }

  private void merge(Snapshot snapshot, List<SegmentRef> segments) throws IOException {
    commit(maintenance(snapshot).merge(segments.stream().map(SegmentRef::path).toList()));
  }

  private void changeLists() throws IOException {
    Snapshot snapshot = index.newest();
    int[] lists = ModelFile.read(index.storage, snapshot.model()).listIds();
    int one = lists[random.nextInt(lists.length)];
    Maintenance maintenance = maintenance(snapshot);
    if (random.nextInt(3) == 0) {
      // As if all rows had come since the last look at lists, and these lists been made meanwhile.
      List<String> all = snapshot.segments().stream().map(SegmentRef::path).toList();
      commit(maintenance.perform(new MaintenanceTask.AddLists(all, one, 0, LIST_ROWS / 4, "test")));
    } else if (lists.length < 3 || random.nextBoolean()) {
      commit(maintenance.split(Set.of(one), SplitSettings.defaults()));
    } else {
      commit(maintenance.dissolve(Set.of(one)));
    }
  }

  private Maintenance maintenance(Snapshot snapshot) {
    return new Maintenance(index.storage, snapshot, Maintenance.KEEP_ALL_DELETES);
  }

  private void commit(Optional<Change> change) throws IOException {
    if (change.isEmpty()) {
      return;
    }
    try {
      new Committer(index.log, new ModelReassigner(index.storage)).commit(change.get());
    } catch (CommitConflictException e) {
      LOG.debug("The job's own maintenance was faster", e);
    }
  }

  private void awaitCaughtUp() {
    Waiting.until(
        "the index has read all, " + content.positions(),
        TestJob.LIMIT_MS,
        () -> {
          if (job.failed()) {
            Throwable failure = job.awaitFailure();
            if (!mayConflict
                || ExceptionUtils.findThrowable(failure, CommitConflictException.class).isEmpty()) {
              throw new AssertionError("the job failed for good", failure);
            }
            tally.countFenced();
            job = startWithoutState();
          }
          return index.positions(topic).equals(content.positions());
        });
  }

  private void check() throws Exception {
    assertThat(index.positions(topic)).isEqualTo(content.positions());
    index.assertHolds(content.live());
    assertEachRecordIsThereOnce();
    assertBadRecordsAreSetAside();
    tally.checked(content.live().size());
  }

  private void assertEachRecordIsThereOnce() throws IOException {
    Snapshot snapshot = index.newest();
    Set<String> rows = new HashSet<>();
    for (SegmentRef ref : snapshot.segments()) {
      Segment segment = SegmentReader.read(index.storage, ref, snapshot.schema());
      for (int i = 0; i < segment.rowCount(); i++) {
        Feature feature = segment.feature(i);
        String row = TopicContent.row(feature.id(), feature.position(), feature.order());
        assertThat(rows.add(row)).as(row + " is in the index once").isTrue();
      }
    }
    assertThat(content.written()).containsAll(rows);
  }

  private void assertBadRecordsAreSetAside() {
    Set<Place> deadLetters = new HashSet<>();
    for (ConsumerRecord<byte[], byte[]> letter :
        TestTopic.read(broker.kafka.bootstrapServers(), topic + "-dead")) {
      deadLetters.add(
          new Place(
              Integer.parseInt(header(letter, "tarn.partition")),
              Long.parseLong(header(letter, "tarn.offset"))));
    }
    assertThat(deadLetters).isEqualTo(content.bad());
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return new String(header.value(), UTF_8);
  }

  @Override
  public void close() throws Exception {
    if (second.isPresent()) {
      second.get().cancelUnlessFailed();
    }
    job.cancelUnlessFailed();
    records.close();
    content.close();
  }
}
