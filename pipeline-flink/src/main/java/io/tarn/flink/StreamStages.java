package io.tarn.flink;

import io.tarn.index.storage.hadoop.StorageLocation;
import java.io.IOException;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * The first stages of the stream job, whose results are thrown away: what they take is not the
 * index's doing. They begin where the index ends, as the whole job does, and leave it as it is.
 */
public final class StreamStages {
  private StreamStages() {}

  /** Reads the topics: all that Kafka and Flink do themselves. */
  public static void read(StreamExecutionEnvironment env, StreamSettings settings) {
    discard(StreamJob.records(env, settings, opener(settings)));
  }

  /** Reads the topics and decodes the records; those that are bad are thrown away as well. */
  public static void decode(StreamExecutionEnvironment env, StreamSettings settings)
      throws IOException {
    StorageOpener opener = opener(settings);
    discard(
        StreamJob.features(
            StreamJob.records(env, settings, opener), opener, DecoderOptions.of(settings.kafka())));
  }

  private static StorageOpener opener(StreamSettings settings) {
    String index = settings.index();
    return () -> StorageLocation.open(index);
  }

  private static <T> void discard(DataStream<T> stream) {
    stream.sinkTo(new DiscardingSink<>()).name("nowhere").uid("nowhere");
  }
}
