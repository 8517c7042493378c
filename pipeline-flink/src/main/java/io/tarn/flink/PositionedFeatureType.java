package io.tarn.flink;

import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** Tells Flink to use {@link PositionedFeatureSerializer}. */
public final class PositionedFeatureType extends TypeInformation<PositionedFeature> {
  @Override
  public boolean isBasicType() {
    return false;
  }

  @Override
  public boolean isTupleType() {
    return false;
  }

  @Override
  public int getArity() {
    return 1;
  }

  @Override
  public int getTotalFields() {
    return 1;
  }

  @Override
  public Class<PositionedFeature> getTypeClass() {
    return PositionedFeature.class;
  }

  @Override
  public boolean isKeyType() {
    return false;
  }

  @Override
  public TypeSerializer<PositionedFeature> createSerializer(SerializerConfig config) {
    return PositionedFeatureSerializer.INSTANCE;
  }

  @Override
  public String toString() {
    return PositionedFeature.class.getSimpleName();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PositionedFeatureType;
  }

  @Override
  public int hashCode() {
    return PositionedFeatureType.class.hashCode();
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof PositionedFeatureType;
  }
}
