package io.tarn.spark.maintain;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SnapshotFile;
import io.tarn.index.maintain.CompactionPlan;
import io.tarn.index.maintain.Rewriting;
import io.tarn.index.maintain.SegmentFate;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import io.tarn.index.write.PreparedReassigner;
import io.tarn.spark.rows.InputRow;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.rows.RowCodec;
import io.tarn.spark.segment.IndexLocation;
import io.tarn.spark.segment.ListSizes;
import io.tarn.spark.segment.SegmentNames;
import io.tarn.spark.segment.SegmentWrite;
import io.tarn.spark.segment.WrittenSegments;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * Writes segments of a snapshot anew, from executors. What is written belongs to nothing until
 * somebody commits it.
 *
 * @param spark the session
 * @param location the index
 * @param snapshot what is written anew
 */
public record Rewrite(SparkSession spark, IndexLocation location, Snapshot snapshot) {
  /** With fewer commits to catch up with, committing itself does it as fast. */
  private static final int FEW_COMMITS = 3;

  private static final int MAX_ROUNDS = 10;

  private JavaSparkContext context() {
    return JavaSparkContext.fromSparkContext(spark.sparkContext());
  }

  /** Writes groups of segments, a task each, without rows that are not kept. */
  public List<SegmentRef> groups(List<CompactionPlan.Group> groups, Model model) {
    Broadcast<Packed<Model>> sharedModel = context().broadcast(Packed.of(model));
    List<Packed<ArrayList<SegmentFate>>> packed =
        groups.stream().map(group -> Packed.of(new ArrayList<>(group.segments()))).toList();
    IndexLocation index = location;
    Schema schema = snapshot.schema();
    SegmentNames names = new SegmentNames();
    JavaRDD<Packed<ArrayList<SegmentRef>>> tasks =
        context()
            .parallelize(packed, Math.max(1, packed.size()))
            .map(
                group -> {
                  Model rows = sharedModel.value().get();
                  try (Storage storage = index.open()) {
                    return Packed.of(
                        new ArrayList<>(
                            Rewriting.merge(
                                storage, schema, rows, group.get(), true, names::next)));
                  }
                });
    return WrittenSegments.of(
        spark.sparkContext(),
        location,
        names,
        () -> {
          List<SegmentRef> written = new ArrayList<>();
          tasks.collect().forEach(part -> written.addAll(part.get()));
          return written;
        });
  }

  /** The rows and deletes that are kept of segments. */
  public JavaRDD<InputRow> rows(List<SegmentFate> fates) {
    return FateRows.of(spark, location, snapshot.schema(), fates, true);
  }

  /** Writes the rows and deletes that are kept of segments, assigned with another model. */
  public List<SegmentRef> assigned(
      List<SegmentFate> fates, ListSizes sizes, Model model, long segmentBytes) {
    Schema schema = snapshot.schema();
    SegmentWrite write =
        new SegmentWrite(location, schema, model, new RowCodec(schema.attributes()), segmentBytes);
    long bytes = fates.stream().mapToLong(fate -> fate.keptBytes(true)).sum();
    List<SegmentRef> written = write.writeStored(spark, rows(fates), sizes, bytes);
    SegmentWrite.checkComplete(written, sizes.features(), sizes.deletes());
    return written;
  }

  /**
   * Assigns what others committed after the snapshot with a model that is to come, in tasks, until
   * hardly anything is left to be done.
   *
   * @param remodelled this snapshot with that model
   */
  public PreparedReassigner catchUp(Snapshot remodelled, SnapshotLog log, Storage storage)
      throws IOException {
    PreparedReassigner prepared =
        new PreparedReassigner(remodelled.model().id(), new ModelReassigner(storage));
    for (int round = 0; round < MAX_ROUNDS; round++) {
      List<List<SegmentRef>> behind = new ArrayList<>();
      for (List<SegmentRef> together : laterThan(snapshot, log.newest())) {
        if (!prepared.holds(together)) {
          behind.add(together);
        }
      }
      if (behind.size() <= FEW_COMMITS) {
        break;
      }
      List<List<SegmentRef>> reassigned = reassign(behind, SnapshotFile.toBytes(remodelled));
      for (int i = 0; i < behind.size(); i++) {
        prepared.add(behind.get(i), reassigned.get(i));
      }
    }
    return prepared;
  }

  private static Iterable<List<SegmentRef>> laterThan(Snapshot made, Snapshot newest) {
    Map<Long, List<SegmentRef>> later = new TreeMap<>();
    for (SegmentRef ref : newest.segments()) {
      if (ref.sequence() > made.version()) {
        later.computeIfAbsent(ref.sequence(), sequence -> new ArrayList<>()).add(ref);
      }
    }
    return later.values();
  }

  private List<List<SegmentRef>> reassign(List<List<SegmentRef>> behind, byte[] remodelled) {
    IndexLocation index = location;
    List<Packed<ArrayList<SegmentRef>>> packed =
        behind.stream().map(together -> Packed.of(new ArrayList<>(together))).toList();
    List<List<SegmentRef>> reassigned = new ArrayList<>();
    context()
        .parallelize(packed, packed.size())
        .map(
            together -> {
              try (Storage storage = index.open()) {
                Snapshot model = SnapshotFile.fromBytes("versions/to-come.json", remodelled);
                return Packed.of(
                    new ArrayList<>(new ModelReassigner(storage).reassign(together.get(), model)));
              }
            })
        .collect()
        .forEach(part -> reassigned.add(part.get()));
    return reassigned;
  }
}
