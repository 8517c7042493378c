package io.tarn.index.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SegmentReader;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.segment.Segment;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An index of numbers on a line, for tests that want to know where each row is. */
final class MaintainedIndex {
  static final Schema SCHEMA = new Schema(IdType.INT64, 1, Metric.L2, List.of());

  final Storage storage;
  final SnapshotLog log;

  private MaintainedIndex(Storage storage) {
    this.storage = storage;
    this.log = new SnapshotLog(storage);
  }

  /** An empty index with a list at each of some places. */
  static MaintainedIndex of(float... centroids) throws IOException {
    MaintainedIndex index = new MaintainedIndex(new MemoryStorage());
    Model model = Model.of(Metric.L2, 1, centroids, Quantizer.byDefault());
    ModelRef ref = ModelFile.write(index.storage, model);
    Committer.create(index.log, new NewIndex("test", SCHEMA, ref, null, List.of()));
    return index;
  }

  static Feature at(long id, float value, long order) {
    return at(id, value, order, id);
  }

  static Feature at(long id, float value, long order, long position) {
    return new Feature(FeatureId.of(id), new float[] {value}, order, position, new Object[0]);
  }

  static Feature delete(long id, long order) {
    return Feature.delete(FeatureId.of(id), order, id);
  }

  /** Writes a segment, assigned with the newest model, without committing it. */
  SegmentRef write(Feature... features) throws IOException {
    FeatureBuffer buffer = new FeatureBuffer(storage, SCHEMA, model());
    List.of(features).forEach(buffer::add);
    return buffer.flush().orElseThrow();
  }

  /** The change that adds some segments which {@link #write} made just now. */
  Change appending(SegmentRef... segments) throws IOException {
    return Change.append("append", log.newest().model().id(), List.of(segments));
  }

  Snapshot append(Feature... features) throws IOException {
    return commit(appending(write(features)));
  }

  Snapshot commit(Change change) throws IOException {
    return new Committer(log, new ModelReassigner(storage)).commit(change);
  }

  Maintenance maintenance() throws IOException {
    return forgetting(Maintenance.KEEP_ALL_DELETES);
  }

  Maintenance forgetting(long deletesBelow) throws IOException {
    return new Maintenance(storage, log.newest(), deletesBelow);
  }

  /** The paths of the newest snapshot's segments, by ascending sequence. */
  List<String> paths() throws IOException {
    return log.newest().segments().stream().map(SegmentRef::path).toList();
  }

  List<Segment> segments() throws IOException {
    List<Segment> segments = new ArrayList<>();
    for (SegmentRef ref : log.newest().segments()) {
      segments.add(SegmentReader.read(storage, ref, SCHEMA));
    }
    return segments;
  }

  Model model() throws IOException {
    return ModelFile.read(storage, log.newest().model());
  }

  IndexView view() throws IOException {
    return IndexReader.open(storage).view();
  }

  /** The value of each live id. */
  Map<Long, Float> values() throws IOException {
    Map<Long, Float> values = new TreeMap<>();
    view().forEachLive(f -> values.put((Long) f.id().toObject(), f.vector()[0]));
    return values;
  }

  /** The list of each row, live or dead, by id; of ids with several rows that of the last. */
  Map<Long, Integer> lists() throws IOException {
    Map<Long, Integer> lists = new TreeMap<>();
    for (Segment segment : segments()) {
      for (int row = segment.deletes(); row < segment.rowCount(); row++) {
        lists.put((Long) segment.ids().get(row).toObject(), segment.lists().listOf(row));
      }
    }
    return lists;
  }

  /** How many rows, deletes included, all segments have. */
  long rows() throws IOException {
    return log.newest().segments().stream().mapToLong(s -> s.rows() + s.deletes()).sum();
  }
}
