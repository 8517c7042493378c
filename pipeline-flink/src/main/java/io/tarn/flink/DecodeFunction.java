package io.tarn.flink;

import io.tarn.embedding.Embedder;
import io.tarn.embedding.Embedders;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.RejectedFeatureException.Reason;
import io.tarn.index.format.ChecksummedFile;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Decodes every record that the index does not hold yet; bad ones go to {@link #DEAD_LETTERS}, and
 * only their position goes on.
 */
final class DecodeFunction extends ProcessFunction<KafkaRecord, PositionedFeature> {
  static final OutputTag<DeadLetter> DEAD_LETTERS =
      new OutputTag<>("dead-letters", TypeInformation.of(DeadLetter.class));

  private final StorageOpener opener;
  private final DecoderOptions options;

  private transient RecordDecoder decoder;
  private transient TakenPositions taken;
  private transient Map<String, String> sourceNames;
  private transient Counter upserts;
  private transient Counter deletes;
  private transient Counter badRecords;
  private transient Map<Reason, Counter> badRecordsByReason;
  private transient Counter knownRecords;

  DecodeFunction(StorageOpener opener, DecoderOptions options) {
    this.opener = opener;
    this.options = options;
  }

  @Override
  public void open(OpenContext context) throws IOException {
    try (Storage storage = opener.open()) {
      Snapshot snapshot = new SnapshotLog(storage).newest();
      taken = new TakenPositions(snapshot);
      decoder = decoder(storage, snapshot, options);
    }
    sourceNames = new HashMap<>();
    MetricGroup metrics = getRuntimeContext().getMetricGroup().addGroup(CommitMetrics.GROUP);
    upserts = metrics.counter("upserts");
    deletes = metrics.counter("deletes");
    badRecordsByReason = new EnumMap<>(Reason.class);
    for (Reason reason : Reason.values()) {
      badRecordsByReason.put(
          reason, metrics.addGroup("reason", reason.name()).counter("badRecords"));
    }
    badRecords = metrics.counter("badRecords");
    knownRecords = metrics.counter("knownRecords");
    metrics.gauge("ignoredFields", decoder::ignoredFields);
  }

  /** The decoder for an index, with the embedder that is stored in it. */
  static RecordDecoder decoder(Storage storage, Snapshot snapshot, DecoderOptions options)
      throws IOException {
    Optional<Embedder> embedder = Optional.empty();
    if (snapshot.embedder() != null) {
      EmbedderRef ref = snapshot.embedder();
      byte[] bytes = ChecksummedFile.read(storage, ref.file());
      embedder = Optional.of(Embedders.open(ref.kind(), bytes));
    }
    return new RecordDecoder(snapshot.schema(), embedder, options);
  }

  @Override
  public void processElement(
      KafkaRecord record, Context context, Collector<PositionedFeature> out) {
    String source = sourceNames.computeIfAbsent(record.topic(), TakenPositions::sourceName);
    if (taken.contain(source, record.partition(), record.offset())) {
      // If it was bad, it was set aside before its position was published.
      knownRecords.inc();
      return;
    }
    Feature feature = null;
    try {
      feature = decoder.decode(record.key(), record.value(), record.offset(), record.timestampMs());
      (feature.deleted() ? deletes : upserts).inc();
    } catch (RejectedFeatureException e) {
      badRecords.inc();
      badRecordsByReason.get(e.reason()).inc();
      context.output(DEAD_LETTERS, new DeadLetter(record, e.reason().name(), e.getMessage()));
    }
    out.collect(
        new PositionedFeature(
            source, record.partition(), record.offset(), record.timestampMs(), feature));
  }
}
