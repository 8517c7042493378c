package io.tarn.flink.sql;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.ModelProviderFactory;
import org.apache.flink.table.ml.ModelProvider;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.FloatType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.VarCharType;

/**
 * Makes models of {@code 'provider' = 'tarn'}: embedders of indexes. Flink finds it by its name.
 */
public final class TarnModelFactory implements ModelProviderFactory {
  private static final String IDENTIFIER = "tarn";

  @Override
  public String factoryIdentifier() {
    return IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(TarnTableOptions.INDEX);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of();
  }

  /**
   * {@inheritDoc}
   *
   * @throws ValidationException if there is no index, it has no embedder, or the model is not
   *     declared as one of texts to vectors
   */
  @Override
  public ModelProvider createModelProvider(Context context) {
    FactoryUtil.ModelProviderFactoryHelper helper =
        FactoryUtil.createModelProviderFactoryHelper(this, context);
    helper.validate();
    String model = "model " + context.getObjectIdentifier().asSummaryString();
    check(
        model,
        "INPUT",
        context.getCatalogModel().getResolvedInputSchema(),
        VarCharType.STRING_TYPE);
    check(
        model,
        "OUTPUT",
        context.getCatalogModel().getResolvedOutputSchema(),
        new ArrayType(new FloatType()));
    String location = helper.getOptions().get(TarnTableOptions.INDEX);
    try (Storage storage = StorageLocation.open(location)) {
      Snapshot newest = new SnapshotLog(storage).newest();
      if (newest.embedderIfAny().isEmpty()) {
        throw new ValidationException(
            model
                + ": the index at "
                + location
                + " has no embedder, as it was built of vectors: embed with what made these");
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new ValidationException(model + ": " + e.getMessage(), e);
    }
    return new EmbedderProvider(model, location);
  }

  private static void check(String model, String what, ResolvedSchema schema, LogicalType type) {
    List<LogicalType> declared =
        schema.getColumnDataTypes().stream().map(column -> column.getLogicalType()).toList();
    if (declared.size() != 1 || !TableColumns.areAlike(declared.get(0), type)) {
      throw new ValidationException(
          model
              + " declares "
              + what
              + " "
              + schema
              + ": an embedder has one column of "
              + type.asSummaryString());
    }
  }
}
