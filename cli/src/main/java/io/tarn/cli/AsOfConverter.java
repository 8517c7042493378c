package io.tarn.cli;

import io.tarn.index.commit.AsOf;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A moment in the history of an index. */
final class AsOfConverter implements ITypeConverter<AsOf> {
  @Override
  public AsOf convert(String text) {
    try {
      return AsOf.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
