package io.tarn.index.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.feature.IdType;
import io.tarn.index.feature.Metric;
import io.tarn.index.feature.Schema;
import io.tarn.index.snapshot.CalibrationPoint;
import io.tarn.index.snapshot.Drift;
import io.tarn.index.snapshot.DriftSample;
import io.tarn.index.snapshot.EmbedderRef;
import io.tarn.index.snapshot.FileRef;
import io.tarn.index.snapshot.History;
import io.tarn.index.snapshot.ModelRef;
import io.tarn.index.snapshot.PastCommit;
import io.tarn.index.snapshot.RetrainRequest;
import io.tarn.index.snapshot.SegmentRef;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.snapshot.SourceState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Reads snapshots that are just as Tarn writes them. What binds JSON to classes takes half a second
 * to be loaded, which an index that is opened need not wait for; it is for the rest, and says what
 * is wrong with it.
 */
final class SnapshotParser {
  private static final JsonFactory JSON = new JsonFactory();

  /** Members are nested less deeply than this; snapshots are four deep. */
  private static final int MAX_DEPTH = 16;

  private SnapshotParser() {}

  /** The snapshot, or empty if anything about it is not as usual. */
  static Optional<Snapshot> parse(byte[] file) {
    try (JsonParser parser = JSON.createParser(file)) {
      parser.nextToken();
      return Optional.of(snapshot(new Members(value(parser, 0))));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static Object value(JsonParser parser, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("nested too deeply");
    }
    switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> members = new HashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          members.put(name, value(parser, depth + 1));
        }
        return members;
      }
      case START_ARRAY -> {
        List<Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(value(parser, depth + 1));
        }
        return items;
      }
      case VALUE_STRING -> {
        return parser.getText();
      }
      case VALUE_NUMBER_INT -> {
        return parser.getLongValue();
      }
      case VALUE_NUMBER_FLOAT -> {
        return parser.getDoubleValue();
      }
      case VALUE_NULL -> {
        return null;
      }
      case VALUE_TRUE -> {
        return true;
      }
      case VALUE_FALSE -> {
        return false;
      }
      default -> throw new IOException("a " + parser.currentToken());
    }
  }

  /** The members of an object, of the types that they have. */
  private record Members(Map<?, ?> members) {
    Members(Object value) {
      this((Map<?, ?>) value);
    }

    /** Absent in versions from before there was such a member. */
    String textOrNull(String name) {
      return (String) members.get(name);
    }

    private Object get(String name) {
      Object value = members.get(name);
      if (value == null) {
        throw new IllegalArgumentException("without " + name);
      }
      return value;
    }

    String text(String name) {
      return (String) get(name);
    }

    long number(String name) {
      return (Long) get(name);
    }

    int smallNumber(String name) {
      return Math.toIntExact(number(name));
    }

    double fraction(String name) {
      return ((Number) get(name)).doubleValue();
    }

    Members object(String name) {
      return new Members(get(name));
    }

    <T> List<T> list(String name, Function<Members, T> item) {
      List<T> items = new ArrayList<>();
      for (Object value : (List<?>) get(name)) {
        items.add(item.apply(new Members(value)));
      }
      return items;
    }
  }

  private static Snapshot snapshot(Members members) {
    int formatVersion = members.smallNumber("format_version");
    if (formatVersion < 1 || formatVersion > Format.VERSION) {
      throw new IllegalArgumentException("format version " + formatVersion);
    }
    return new Snapshot(
        formatVersion,
        members.text("index_id"),
        members.number("version"),
        members.text("commit_id"),
        members.text("operation"),
        members.number("timestamp_ms"),
        schema(members.object("schema")),
        model(members.object("model")),
        embedder(members),
        members.list("segments", SnapshotParser::segment),
        sources(members.object("sources")),
        members.list("calibration", SnapshotParser::calibrationPoint),
        history(members),
        drift(members));
  }

  /** Absent in versions from before anything was remembered. */
  private static History history(Members snapshot) {
    if (snapshot.members.get("history") == null) {
      return History.none();
    }
    Members members = snapshot.object("history");
    return new History(
        members.number("oldest_version"),
        members.list(
            "appends", append -> new PastCommit(append.text("id"), append.number("timestamp_ms"))));
  }

  /** Absent in versions from before it was measured. */
  private static Drift drift(Members snapshot) {
    if (snapshot.members.get("drift") == null) {
      return Drift.unknown();
    }
    Members members = snapshot.object("drift");
    return new Drift(
        members.number("trained_version"),
        members.number("baseline_rows"),
        members.fraction("baseline_error"),
        members.fraction("error"),
        driftSample(members, "first"),
        driftSample(members, "latest"),
        retrainRequest(members));
  }

  private static DriftSample driftSample(Members drift, String name) {
    if (drift.members.get(name) == null) {
      return null;
    }
    Members members = drift.object(name);
    return new DriftSample(
        members.number("version"),
        members.fraction("imbalance"),
        members.fraction("recall"),
        members.smallNumber("nprobe"),
        members.smallNumber("queries"));
  }

  private static RetrainRequest retrainRequest(Members drift) {
    if (drift.members.get("retrain") == null) {
      return null;
    }
    Members members = drift.object("retrain");
    return new RetrainRequest(members.number("since_version"), members.text("reason"));
  }

  private static Schema schema(Members members) {
    return new Schema(
        IdType.of(members.text("id_type")),
        members.smallNumber("dimension"),
        Metric.of(members.text("metric")),
        members.list(
            "attributes",
            attribute ->
                new Attribute(attribute.text("name"), AttributeType.of(attribute.text("type")))));
  }

  private static ModelRef model(Members members) {
    return new ModelRef(
        members.text("id"),
        file(members.object("file")),
        members.smallNumber("lists"),
        members.text("quantizer"));
  }

  private static FileRef file(Members members) {
    return new FileRef(members.text("path"), members.number("bytes"), members.text("crc32c"));
  }

  private static EmbedderRef embedder(Members snapshot) {
    if (snapshot.members.containsKey("embedder") && snapshot.members.get("embedder") == null) {
      return null;
    }
    Members members = snapshot.object("embedder");
    return new EmbedderRef(
        members.text("kind"), members.text("fingerprint"), file(members.object("file")));
  }

  private static SegmentRef segment(Members members) {
    return new SegmentRef(
        file(members.object("file")),
        members.number("sequence"),
        members.number("rows"),
        members.number("deletes"),
        members.number("min_order"),
        members.number("max_order"),
        // Absent in segments from before it was counted.
        members.members.get("squared_error") == null
            ? SegmentRef.UNKNOWN_ERROR
            : members.fraction("squared_error"));
  }

  private static SortedMap<String, SourceState> sources(Members members) {
    SortedMap<String, SourceState> sources = new TreeMap<>();
    for (Object name : members.members.keySet()) {
      Members source = members.object((String) name);
      SortedMap<Integer, Long> offsets = new TreeMap<>();
      Members next = source.object("next_offsets");
      for (Object partition : next.members.keySet()) {
        offsets.put(Integer.valueOf((String) partition), next.number((String) partition));
      }
      sources.put(
          (String) name,
          new SourceState(
              offsets, source.number("last_record_ms"), source.textOrNull("incarnation")));
    }
    return sources;
  }

  private static CalibrationPoint calibrationPoint(Members members) {
    return new CalibrationPoint(
        members.smallNumber("nprobe"),
        members.smallNumber("k"),
        members.fraction("recall"),
        // Absent in points from before there were such searches.
        Boolean.TRUE.equals(members.members.get("adaptive")));
  }
}
