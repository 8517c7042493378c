package io.tarn.flink;

import io.tarn.index.feature.Feature;
import io.tarn.index.feature.FeatureId;
import io.tarn.index.feature.IdType;
import java.io.IOException;
import java.time.Instant;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.StringValue;

/**
 * Carries features from one task to another. The job chains its operators so that this is not
 * needed, but chaining is the cluster's to forbid.
 */
final class PositionedFeatureSerializer extends TypeSerializerSingleton<PositionedFeature> {
  static final PositionedFeatureSerializer INSTANCE = new PositionedFeatureSerializer();

  private static final byte NOTHING = 0;
  private static final byte DELETE = 1;
  private static final byte UPSERT = 2;

  @Override
  public void serialize(PositionedFeature record, DataOutputView out) throws IOException {
    StringValue.writeString(record.source(), out);
    out.writeInt(record.partition());
    out.writeLong(record.offset());
    out.writeLong(record.timestampMs());
    Feature feature = record.feature();
    if (feature == null) {
      out.writeByte(NOTHING);
      return;
    }
    out.writeByte(feature.deleted() ? DELETE : UPSERT);
    writeId(feature.id(), out);
    out.writeLong(feature.order());
    out.writeLong(feature.position());
    if (!feature.deleted()) {
      writeVector(feature.vector(), out);
      writeAttributes(feature.attributes(), out);
    }
  }

  @Override
  public PositionedFeature deserialize(DataInputView in) throws IOException {
    String source = StringValue.readString(in);
    int partition = in.readInt();
    long offset = in.readLong();
    long timestampMs = in.readLong();
    return new PositionedFeature(source, partition, offset, timestampMs, readFeature(in));
  }

  private static Feature readFeature(DataInputView in) throws IOException {
    byte kind = in.readByte();
    if (kind == NOTHING) {
      return null;
    }
    FeatureId id = readId(in);
    long order = in.readLong();
    long position = in.readLong();
    return kind == DELETE
        ? Feature.delete(id, order, position)
        : new Feature(id, readVector(in), order, position, readAttributes(in));
  }

  private static void writeId(FeatureId id, DataOutputView out) throws IOException {
    out.writeByte(id.type().ordinal());
    // if-chain: patterns in switch come with Java 21.
    if (id instanceof FeatureId.Text text) {
      StringValue.writeString(text.value(), out);
    } else {
      out.writeLong(((FeatureId.Int64) id).value());
    }
  }

  private static FeatureId readId(DataInputView in) throws IOException {
    return switch (IdType.values()[in.readByte()]) {
      case STRING -> FeatureId.of(StringValue.readString(in));
      case INT64 -> FeatureId.of(in.readLong());
    };
  }

  private static void writeVector(float[] vector, DataOutputView out) throws IOException {
    out.writeInt(vector.length);
    for (float value : vector) {
      out.writeFloat(value);
    }
  }

  private static float[] readVector(DataInputView in) throws IOException {
    float[] vector = new float[in.readInt()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = in.readFloat();
    }
    return vector;
  }

  private static void writeAttributes(Object[] attributes, DataOutputView out) throws IOException {
    out.writeInt(attributes.length);
    for (Object value : attributes) {
      if (value == null) {
        out.writeByte('-');
      } else if (value instanceof String text) {
        out.writeByte('s');
        StringValue.writeString(text, out);
      } else if (value instanceof Long number) {
        out.writeByte('l');
        out.writeLong(number);
      } else if (value instanceof Double number) {
        out.writeByte('d');
        out.writeDouble(number);
      } else if (value instanceof Boolean truth) {
        out.writeByte('b');
        out.writeBoolean(truth);
      } else {
        Instant instant = (Instant) value;
        out.writeByte('t');
        out.writeLong(instant.getEpochSecond());
        out.writeInt(instant.getNano());
      }
    }
  }

  private static Object[] readAttributes(DataInputView in) throws IOException {
    Object[] attributes = new Object[in.readInt()];
    for (int i = 0; i < attributes.length; i++) {
      int type = in.readByte();
      attributes[i] =
          switch (type) {
            case '-' -> null;
            case 's' -> StringValue.readString(in);
            case 'l' -> in.readLong();
            case 'd' -> in.readDouble();
            case 'b' -> in.readBoolean();
            case 't' -> Instant.ofEpochSecond(in.readLong(), in.readInt());
            default -> throw new IOException("attribute of unknown type " + type);
          };
    }
    return attributes;
  }

  @Override
  public boolean isImmutableType() {
    return true;
  }

  @Override
  public PositionedFeature createInstance() {
    return new PositionedFeature("", 0, 0, 0, null);
  }

  @Override
  public PositionedFeature copy(PositionedFeature from) {
    return from;
  }

  @Override
  public PositionedFeature copy(PositionedFeature from, PositionedFeature reuse) {
    return from;
  }

  @Override
  public void copy(DataInputView in, DataOutputView out) throws IOException {
    serialize(deserialize(in), out);
  }

  @Override
  public PositionedFeature deserialize(PositionedFeature reuse, DataInputView in)
      throws IOException {
    return deserialize(in);
  }

  @Override
  public int getLength() {
    return -1;
  }

  @Override
  public TypeSerializerSnapshot<PositionedFeature> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Public, with a constructor without arguments, as Flink demands. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<PositionedFeature> {
    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}
