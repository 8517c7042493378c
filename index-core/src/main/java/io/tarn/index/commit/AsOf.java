package io.tarn.index.commit;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A moment in the history of an index: the index as it was then. */
public sealed interface AsOf {

  /** The newest version that was committed at this time or before. */
  record Time(Instant instant) implements AsOf {
    @Override
    public String toString() {
      return instant.toString();
    }
  }

  /**
   * The first version that holds the record with this offset.
   *
   * @param source the source's name in snapshots, such as {@code kafka:features}
   */
  record Record(String source, int partition, long offset) implements AsOf {
    private static final Pattern FORM = Pattern.compile("(\\p{Alpha}+:[^:]+):(\\d+):(\\d+)");

    @Override
    public String toString() {
      return source + ":" + partition + ":" + offset;
    }
  }

  /**
   * Reads {@code 2026-11-21T10:00:00Z} or {@code kafka:features:3:12345}, that is, a source, a
   * partition and an offset.
   *
   * @throws IllegalArgumentException if the text is neither
   */
  static AsOf parse(String text) {
    try {
      Matcher record = Record.FORM.matcher(text);
      if (record.matches()) {
        return new Record(
            record.group(1), Integer.parseInt(record.group(2)), Long.parseLong(record.group(3)));
      }
      return new Time(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeException | NumberFormatException e) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is neither a time with its zone, such as 2026-11-21T10:00:00Z, nor an offset,"
              + " such as kafka:features:3:12345 for partition 3",
          e);
    }
  }
}
