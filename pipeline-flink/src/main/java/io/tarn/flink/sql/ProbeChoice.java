package io.tarn.flink.sql;

import io.tarn.index.search.Probe;
import io.tarn.index.search.Query;
import java.io.Serializable;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/**
 * How many lists searches look at: at most one of these is given.
 *
 * @param nprobe so many, or null
 * @param recall as many as this recall takes, or null
 * @param exact all
 */
record ProbeChoice(Integer nprobe, Double recall, boolean exact) implements Serializable {

  /**
   * Reads the options of a table, or those of one search.
   *
   * @param whose names them in messages
   * @throws ValidationException if more than one is given, or one is no such number
   */
  static ProbeChoice of(String whose, ReadableConfig options) {
    Optional<Integer> nprobe = options.getOptional(TarnTableOptions.NPROBE);
    Optional<Double> recall = options.getOptional(TarnTableOptions.RECALL);
    boolean exact = options.getOptional(TarnTableOptions.EXACT).orElse(false);
    if (Stream.of(nprobe.isPresent(), recall.isPresent(), exact).filter(given -> given).count()
        > 1) {
      throw new ValidationException(
          whose + ": give only one of the options nprobe, recall and exact");
    }
    ProbeChoice choice = new ProbeChoice(nprobe.orElse(null), recall.orElse(null), exact);
    try {
      choice.probe();
    } catch (IllegalArgumentException e) {
      throw new ValidationException(whose + ": " + e.getMessage(), e);
    }
    return choice;
  }

  /** Whether nothing is chosen, so that the default is used. */
  boolean isOpen() {
    return nprobe == null && recall == null && !exact;
  }

  /** The choice, if there is one. */
  Optional<Probe> probe() {
    if (exact) {
      return Optional.of(Probe.exact());
    }
    if (recall != null) {
      return Optional.of(Probe.recall(recall));
    }
    return Optional.ofNullable(nprobe).map(Probe::nearest);
  }

  Query applyTo(Query query) {
    return probe().map(query::probing).orElse(query);
  }
}
