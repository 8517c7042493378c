package io.tarn.flink.sql;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.config.MLPredictRuntimeConfigOptions;
import org.apache.flink.table.functions.PredictFunction;
import org.apache.flink.table.ml.ModelProvider;
import org.apache.flink.table.ml.PredictRuntimeProvider;

/**
 * The embedder of an index as a model.
 *
 * @param model names it in messages
 * @param location the index
 */
record EmbedderProvider(String model, String location) implements PredictRuntimeProvider {

  @Override
  public PredictFunction createPredictFunction(Context context) {
    if (context.runtimeConfig() instanceof Configuration configuration) {
      Set<String> unknown = new TreeSet<>(configuration.keySet());
      MLPredictRuntimeConfigOptions.getSupportedOptions()
          .forEach(option -> unknown.remove(option.key()));
      Optional<String> first = unknown.stream().findFirst();
      if (first.isPresent()) {
        throw new ValidationException(
            "ML_PREDICT with " + model + " does not know the option '" + first.get() + "'");
      }
    }
    return new EmbedFunction(location);
  }

  @Override
  public ModelProvider copy() {
    return this;
  }
}
