package io.tarn.spark.segment;

import io.tarn.index.storage.Storage;
import io.tarn.index.storage.hadoop.StorageLocation;
import java.io.IOException;
import java.io.Serializable;
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
    return StorageLocation.open(location, hadoop.value().value());
  }

  @Override
  public String toString() {
    return location;
  }
}
