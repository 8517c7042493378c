package io.tarn.flink.sql;

import io.tarn.index.search.Probe;
import io.tarn.index.search.Query;
import io.tarn.index.snapshot.Snapshot;
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
 * @param planned what was known of recall when the query was planned, or null
 */
record ProbeChoice(Integer nprobe, Double recall, boolean exact, PlannedRecall planned)
    implements Serializable {

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
    ProbeChoice choice = new ProbeChoice(nprobe.orElse(null), recall.orElse(null), exact, null);
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

  /** The same choice, with what is known of recall by now. */
  ProbeChoice plannedWith(PlannedRecall known) {
    return new ProbeChoice(nprobe, recall, exact, known);
  }

  /**
   * Has a query look at the lists chosen.
   *
   * @param snapshot what is searched: when its lists were changed, as a stream changes them, what
   *     was measured of recall is gone from it until it is calibrated again
   */
  Query applyTo(Query query, Snapshot snapshot) {
    if (recall != null && planned != null && snapshot.calibration().isEmpty()) {
      int lists = snapshot.model().lists();
      return query.probing(Probe.nearest(planned.listsWanted(recall, query.k(), lists)));
    }
    return probe().map(query::probing).orElse(query);
  }
}
