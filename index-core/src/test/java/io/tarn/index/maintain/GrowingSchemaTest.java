package io.tarn.index.maintain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tarn.index.centroid.Model;
import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.NewIndex;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.filter.Filter;
import io.tarn.index.format.ModelFile;
import io.tarn.index.format.SnapshotFile;
import io.tarn.index.quantize.Quantizer;
import io.tarn.index.search.IndexReader;
import io.tarn.index.search.IndexView;
import io.tarn.index.search.Query;
import io.tarn.index.snapshot.Change;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.OffsetRange;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceAdvance;
import io.tarn.index.storage.MemoryStorage;
import io.tarn.index.storage.Storage;
import io.tarn.index.verify.IndexVerifier;
import io.tarn.index.write.FeatureBuffer;
import io.tarn.index.write.ModelReassigner;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Attributes that come into an index while others write, maintain, overwrite and read it. */
class GrowingSchemaTest {
  private static final Attribute NAME = new Attribute("name", AttributeType.STRING);
  private static final List<Attribute> LATER =
      List.of(
          new Attribute("size", AttributeType.LONG),
          new Attribute("price", AttributeType.DOUBLE),
          new Attribute("sold", AttributeType.BOOLEAN),
          new Attribute("note", AttributeType.STRING));
  private static final Schema FIRST = new Schema(IdType.INT64, 1, Metric.L2, List.of(NAME));

  /** An index, the rows it should have, and someone who reads it all the time. */
  private static final class Tried {
    final Storage storage = new MemoryStorage();
    final SnapshotLog log = new SnapshotLog(storage);
    final Committer committer = new Committer(log, new ModelReassigner(storage));
    final Map<Long, Map<String, Object>> expected = new TreeMap<>();
    final Map<Long, Long> orders = new HashMap<>();
    final IndexReader reader;
    long order;

    Tried() throws Exception {
      ModelRef model =
          ModelFile.write(
              storage, Model.of(Metric.L2, 1, new float[] {0, 50, 100}, Quantizer.byDefault()));
      Committer.create(log, new NewIndex("test", FIRST, model, null, List.of()));
      reader = IndexReader.open(storage);
    }

    Snapshot newest() throws Exception {
      return log.newest();
    }

    /** Writes random rows with attributes of a schema, and notes what they say. */
    List<SegmentRef> write(Random random, Schema schema, Model model, int rows) throws Exception {
      FeatureBuffer buffer = new FeatureBuffer(storage, schema, model);
      for (int i = 0; i < rows; i++) {
        long id = random.nextInt(30);
        Object[] values = new Object[schema.attributes().size()];
        Map<String, Object> row = new HashMap<>();
        for (int a = 0; a < values.length; a++) {
          values[a] = value(random, schema.attributes().get(a).type());
          row.put(schema.attributes().get(a).name(), values[a]);
        }
        float at = random.nextInt(100);
        row.put("vector", at);
        buffer.add(new Feature(FeatureId.of(id), new float[] {at}, ++order, i, values));
        expected.put(id, row);
        orders.put(id, order);
      }
      return buffer.flush().map(List::of).orElse(List.of());
    }

    private static Object value(Random random, AttributeType type) {
      if (random.nextInt(4) == 0) {
        return null;
      }
      return switch (type) {
        case STRING -> "text " + random.nextInt(3);
        case LONG -> (long) random.nextInt(10);
        case DOUBLE -> random.nextInt(10) / 2.0;
        case BOOLEAN -> random.nextBoolean();
        case TIMESTAMP -> throw new IllegalArgumentException();
      };
    }

    void check() throws Exception {
      reader.refresh();
      check(reader.view());
      check(IndexReader.open(storage).view());
    }

    private void check(IndexView view) throws Exception {
      List<Attribute> attributes = view.snapshot().schema().attributes();
      Map<Long, Map<String, Object>> found = new TreeMap<>();
      view.forEachLive(
          feature -> {
            Map<String, Object> row = new HashMap<>();
            for (int a = 0; a < attributes.size(); a++) {
              row.put(attributes.get(a).name(), feature.attributes()[a]);
            }
            row.put("vector", feature.vector()[0]);
            found.put((Long) feature.id().toObject(), row);
          });
      assertThat(withoutNulls(found)).isEqualTo(withoutNulls(expected));
      for (Attribute attribute : attributes) {
        checkFilters(view, attribute.name());
      }
    }

    private void checkFilters(IndexView view, String attribute) throws Exception {
      long nulls = expected.values().stream().filter(row -> row.get(attribute) == null).count();
      assertThat(hits(view, attribute + " is null")).isEqualTo(nulls);
      assertThat(hits(view, attribute + " is not null")).isEqualTo(expected.size() - nulls);
      if (attribute.equals("size")) {
        long small =
            expected.values().stream()
                .filter(row -> row.get(attribute) instanceof Long size && size < 5)
                .count();
        assertThat(hits(view, "size < 5")).isEqualTo(small);
        assertThat(hits(view, "not size >= 5")).isEqualTo(small);
      }
    }

    private static long hits(IndexView view, String filter) throws Exception {
      Query query =
          Query.nearest(new float[] {1}, 100).where(Filter.parse(filter, view.snapshot().schema()));
      return view.search(query).hits().size();
    }

    private static Map<Long, Map<String, Object>> withoutNulls(
        Map<Long, Map<String, Object>> rows) {
      Map<Long, Map<String, Object>> without = new TreeMap<>();
      rows.forEach(
          (id, row) -> {
            Map<String, Object> values = new TreeMap<>(row);
            values.values().removeIf(value -> value == null);
            without.put(id, values);
          });
      return without;
    }
  }

  /** Some of the attributes that an index may get, in any order. */
  private static List<Attribute> some(Random random) {
    List<Attribute> chosen = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      Attribute attribute = LATER.get(random.nextInt(LATER.size()));
      if (!chosen.contains(attribute)) {
        chosen.add(attribute);
      }
    }
    return chosen;
  }

  @Property(tries = 60)
  void everyRowKeepsItsAttributes(@ForAll Random random) throws Exception {
    Tried index = new Tried();
    Snapshot stale = index.newest();
    for (int step = 0; step < 12; step++) {
      Snapshot base = random.nextInt(3) == 0 ? stale : index.newest();
      switch (random.nextInt(6)) {
        case 0, 1, 2 -> append(index, base, some(random), random);
        case 3 -> mergeBesideAppend(index, random);
        case 4 -> overwriteBesideAppend(index, random);
        default -> stale = index.newest();
      }
      index.check();
    }
    assertThat(IndexVerifier.verify(index.storage).problems()).isEmpty();
  }

  /** With the schema and the model of a version that need not be the newest. */
  private static void append(Tried index, Snapshot base, List<Attribute> added, Random random)
      throws Exception {
    Schema schema = base.schema().withAttributes(added);
    Model model = ModelFile.read(index.storage, base.model());
    Change change =
        Change.append(
                "append",
                base.model().id(),
                index.write(random, schema, model, 1 + random.nextInt(8)))
            .adding(added);
    // As a writer does that keeps its changes for a while.
    index.committer.commit(SnapshotFile.changeFromBytes(SnapshotFile.changeToBytes(change)));
    assertThat(index.newest().schema().attributes()).containsAll(schema.attributes());
  }

  private static void mergeBesideAppend(Tried index, Random random) throws Exception {
    Snapshot base = index.newest();
    List<String> paths = base.segments().stream().map(SegmentRef::path).toList();
    var merged = new Maintenance(index.storage, base, Maintenance.KEEP_ALL_DELETES).merge(paths);
    append(index, base, some(random), random);
    if (merged.isPresent()) {
      index.committer.commit(merged.get());
    }
  }

  private static void overwriteBesideAppend(Tried index, Random random) throws Exception {
    Snapshot base = index.newest();
    List<Attribute> added = some(random);
    Model old = ModelFile.read(index.storage, base.model());
    Model model =
        Model.numberedFrom(
            old.nextListId(), Metric.L2, 1, new float[] {random.nextInt(50), 70}, old.quantizer());
    index.expected.clear();
    List<SegmentRef> rows = index.write(random, base.schema().withAttributes(added), model, 5);
    if (random.nextBoolean()) {
      append(index, base, some(random), random);
    }
    ModelRef ref = ModelFile.write(index.storage, model);
    Snapshot after =
        index.committer.commit(Change.overwrite("build", base, ref, rows).adding(added));
    assertThat(after.model()).isEqualTo(ref);
  }

  @Test
  void oneAttributeOfTwoTypesFailsForTheLater() throws Exception {
    Tried index = new Tried();
    Snapshot base = index.newest();
    Model model = ModelFile.read(index.storage, base.model());
    Attribute asLong = new Attribute("size", AttributeType.LONG);
    Attribute asText = new Attribute("size", AttributeType.STRING);
    Random random = new Random(1);
    append(index, base, List.of(asLong), random);
    List<SegmentRef> later =
        index.write(random, base.schema().withAttributes(List.of(asText)), model, 3);
    assertThatThrownBy(
            () ->
                index.committer.commit(
                    Change.append("append", base.model().id(), later).adding(List.of(asText))))
        .isInstanceOf(CommitConflictException.class)
        .hasMessageContaining("'size' of type string cannot be added")
        .hasMessageContaining("'size' of type long");
    append(index, base, List.of(asLong), random);
    assertThat(index.newest().schema().attributes()).containsExactly(NAME, asLong);
  }

  @Test
  void attributesCanComeWithoutRows() throws Exception {
    Tried index = new Tried();
    append(index, index.newest(), List.of(), new Random(1));
    Change change = Change.append("alter", index.newest().model().id(), List.of()).adding(LATER);
    Snapshot altered = index.committer.commit(change);
    assertThat(altered.schema().attributes()).hasSize(1 + LATER.size());
    assertThat(index.committer.commit(change.adding(LATER.subList(0, 2))).version())
        .as("there is nothing to add")
        .isEqualTo(altered.version());
    index.check();
  }

  /** Like a stream that was started before the schema grew, and takes up a new model meanwhile. */
  @Test
  void aWriterGoesOnWithFeaturesOfTheOldSchema() throws Exception {
    Tried index = new Tried();
    Random random = new Random(1);
    append(index, index.newest(), List.of(LATER.get(0)), random);
    overwriteBesideAppend(index, random);
    Snapshot grown = index.newest();
    FeatureBuffer buffer =
        new FeatureBuffer(
            index.storage, grown.schema(), ModelFile.read(index.storage, grown.model()));
    buffer.add(
        new Feature(FeatureId.of(3), new float[] {1}, ++index.order, 1, new Object[] {"old"}));
    index.committer.commit(
        Change.append("stream", grown.model().id(), List.of(buffer.flush().orElseThrow())));
    index.expected.put(3L, Map.of("name", "old", "vector", 1f));
    index.check();
  }

  @Test
  void anOverwriteMovesNoPositionsAndForgetsNoCommitBesideIt() throws Exception {
    Tried index = new Tried();
    Snapshot base = index.newest();
    Model model = ModelFile.read(index.storage, base.model());
    Random random = new Random(3);
    append(index, base, List.of(), random);
    Snapshot seen = index.newest();
    index.expected.clear();
    Model other =
        Model.numberedFrom(model.nextListId(), Metric.L2, 1, new float[] {7}, model.quantizer());
    List<SegmentRef> rows = index.write(random, seen.schema(), other, 4);
    TreeMap<Integer, OffsetRange> partitions = new TreeMap<>();
    partitions.put(0, new OffsetRange(OffsetRange.UNKNOWN, 0, 5));
    TreeMap<String, SourceAdvance> sources = new TreeMap<>();
    sources.put("kafka:t", new SourceAdvance(partitions, 1, null));
    List<SegmentRef> streamed = index.write(random, seen.schema(), model, 3);
    index.committer.commit(
        new Change("s", "stream", seen.model().id(), streamed, List.of(), sources));
    Change overwrite = Change.overwrite("build", seen, ModelFile.write(index.storage, other), rows);
    Snapshot after = index.committer.commit(overwrite);
    index.check();
    assertThat(after.source("kafka:t").nextOffsets()).containsEntry(0, 5L);
    assertThat(index.committer.commit(overwrite).version())
        .as("committed again it is recognised")
        .isEqualTo(after.version());
    assertThat(after.segments().stream().map(SegmentRef::sequence).collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(seen.version() + 1, after.version());
  }
}
