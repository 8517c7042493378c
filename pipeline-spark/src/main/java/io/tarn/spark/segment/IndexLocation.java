package io.tarn.spark.segment;

import io.tarn.index.storage.LocalStorage;
import io.tarn.index.storage.Storage;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/** Where the index lies, for the driver and for every executor. */
public class IndexLocation implements Serializable {
  private final String location;
  private final Broadcast<SerializableConfiguration> hadoop;

  public IndexLocation(SparkContext context, String location) {
    this.location = location;
    this.hadoop = SerializableConfiguration.broadcast(context);
  }

  /** Opens the index's files with the Hadoop configuration of the job. */
  public Storage open() throws IOException {
    return new LocalStorage(Path.of(location));
  }

  @Override
  public String toString() {
    return location;
  }
}
