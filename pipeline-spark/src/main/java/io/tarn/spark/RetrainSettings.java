package io.tarn.spark;

import io.tarn.settings.Default;
import java.util.Optional;

/**
 * How to train the lists of an index anew.
 *
 * @param index the index
 * @param nlist how many lists; by default as many as a build of the live rows would make
 * @param quantizer how vectors are coded from then on; as before if not given
 * @param training how lists are trained
 * @param segmentBytes about how large a segment becomes
 * @param deleteRetention for how long deletes are remembered
 * @param forgetDeletesBelow instead: deletes of a smaller order are not remembered
 * @param attempts how many times it is begun anew because others changed the model, or replaced
 *     segments, meanwhile
 * @param ifAsked do nothing unless the index asks for a retrain
 * @param dryRun only say what would be done
 */
public record RetrainSettings(
    String index,
    Optional<Integer> nlist,
    Optional<String> quantizer,
    TrainingSettings training,
    @Default("268435456") long segmentBytes,
    @Default("7d") String deleteRetention,
    Optional<Long> forgetDeletesBelow,
    @Default("3") int attempts,
    @Default("false") boolean ifAsked,
    @Default("false") boolean dryRun) {
  public RetrainSettings {
    SettingRules.index(index);
    SettingRules.segmentBytes(segmentBytes);
    nlist.ifPresent(value -> SettingRules.atLeastOne("nlist", value));
    quantizer.ifPresent(SettingRules::quantizer);
    SettingRules.duration("delete-retention", deleteRetention);
    SettingRules.atLeastOne("attempts", attempts);
  }
}
