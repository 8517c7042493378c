package io.tarn.index.write;

import io.tarn.index.centroid.Assigner;
import io.tarn.index.centroid.Model;
import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.Schema;
import io.tarn.index.format.SegmentWriter;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Collects features and deletes in memory and writes them as one segment: of each id only the
 * newest version, assigned to lists, sorted by list. Not thread-safe.
 */
public final class FeatureBuffer {
  /** What a buffered feature costs beside its vector and texts: objects, map entry. */
  private static final int OVERHEAD_BYTES = 200;

  /** What a text costs beside its characters: two objects, a reference. */
  private static final int TEXT_BYTES = 56;

  private static final int VALUE_BYTES = 28;

  private final Storage storage;
  private final Schema schema;
  private final Model model;
  private final Assigner assigner;
  private final Map<FeatureId, Feature> newest = new LinkedHashMap<>();
  private long estimatedBytes;

  public FeatureBuffer(Storage storage, Schema schema, Model model) {
    this.storage = storage;
    this.schema = schema;
    this.model = model;
    this.assigner = new Assigner(model);
  }

  /** Adds a version of an id; its vector is in stored form, and is not copied. */
  public void add(Feature feature) {
    Feature old = newest.get(feature.id());
    if (old == null || feature.supersedes(old)) {
      newest.put(feature.id(), feature);
      estimatedBytes += estimatedBytes(feature) - (old == null ? 0 : estimatedBytes(old));
    }
  }

  public boolean isEmpty() {
    return newest.isEmpty();
  }

  /** About how much memory the buffered rows take. */
  public long estimatedBytes() {
    return estimatedBytes;
  }

  private static long estimatedBytes(Feature feature) {
    long bytes = OVERHEAD_BYTES;
    if (feature.id() instanceof FeatureId.Text id) {
      bytes += id.value().length();
    }
    if (!feature.deleted()) {
      bytes += (long) feature.vector().length * Float.BYTES;
    }
    for (Object attribute : feature.attributes()) {
      if (attribute instanceof String text) {
        bytes += TEXT_BYTES + text.length();
      } else if (attribute != null) {
        bytes += VALUE_BYTES;
      }
    }
    return bytes;
  }

  /** Writes what was added as a segment and empties the buffer; empty if nothing was added. */
  public Optional<SegmentRef> flush() throws IOException {
    if (newest.isEmpty()) {
      return Optional.empty();
    }
    List<Feature> deletes = new ArrayList<>();
    List<Feature> features = new ArrayList<>();
    newest.values().forEach(f -> (f.deleted() ? deletes : features).add(f));
    try (SegmentWriter segment = new SegmentWriter(storage, schema, model)) {
      for (Feature delete : deletes) {
        segment.addDelete(delete);
      }
      for (Assigned assigned : assign(features)) {
        segment.add(model.listIds()[assigned.list], assigned.feature);
      }
      SegmentRef ref = segment.finish();
      newest.clear();
      estimatedBytes = 0;
      return Optional.of(ref);
    }
  }

  private record Assigned(int list, Feature feature) {}

  private List<Assigned> assign(List<Feature> features) {
    int dimension = schema.dimension();
    int batch = Math.min(features.size(), 1024);
    float[] rows = new float[batch * dimension];
    int[] lists = new int[batch];
    List<Assigned> assigned = new ArrayList<>(features.size());
    for (int done = 0; done < features.size(); done += batch) {
      int count = Math.min(batch, features.size() - done);
      for (int i = 0; i < count; i++) {
        System.arraycopy(features.get(done + i).vector(), 0, rows, i * dimension, dimension);
      }
      assigner.assign(rows, 0, count, lists, 0);
      for (int i = 0; i < count; i++) {
        assigned.add(new Assigned(lists[i], features.get(done + i)));
      }
    }
    assigned.sort(Comparator.comparingInt(Assigned::list));
    return assigned;
  }
}
