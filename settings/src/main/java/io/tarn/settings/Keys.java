package io.tarn.settings;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** How keys are spelled. */
final class Keys {

  private static final Pattern WORD_START = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])");

  /** Kafka hands over a private key under {@code ssl.keystore.key}, hence the last one. */
  private static final List<String> SECRET_PARTS =
      List.of("password", "secret", "sasl.jaas", "keystore.key");

  private static final int TYPING_ERRORS = 2;

  private Keys() {}

  /** {@code checkpointIntervalMs} becomes {@code checkpoint-interval-ms}. */
  static String kebabCase(String camelCase) {
    return WORD_START.matcher(camelCase).replaceAll("-").toLowerCase(Locale.ROOT);
  }

  /** Whether the value of this key must not be shown. */
  static boolean isSecret(String key) {
    String dotted = key.toLowerCase(Locale.ROOT).replace('-', '.').replace('_', '.');
    return SECRET_PARTS.stream().anyMatch(dotted::contains);
  }

  /** The known key most like this one, unless all are too far from it to be what was meant. */
  static Optional<String> nearest(String key, Collection<String> known) {
    int tolerated = Math.max(TYPING_ERRORS, key.length() / 3);
    return known.stream()
        .min(Comparator.comparingInt(candidate -> editDistance(key, candidate)))
        .filter(candidate -> editDistance(key, candidate) <= tolerated);
  }

  /** Letters to insert, delete or replace to get from one word to the other. */
  private static int editDistance(String from, String to) {
    int[] previous = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int[] current = new int[to.length() + 1];
      current[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = previous[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, Math.min(previous[j], current[j - 1]) + 1);
      }
      previous = current;
    }
    return previous[to.length()];
  }
}
