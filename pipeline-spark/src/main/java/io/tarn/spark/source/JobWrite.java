package io.tarn.spark.source;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.connector.write.V1Write;
import org.apache.spark.sql.connector.write.Write;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.sources.InsertableRelation;

/** A write that hands the whole table to a job, which deals with tasks that fail by itself. */
final class JobWrite implements WriteBuilder {
  private final Job job;

  /** What is done with the table. */
  interface Job {
    void run(Dataset<Row> table);
  }

  JobWrite(Job job) {
    this.job = job;
  }

  @Override
  public Write build() {
    return new V1Write() {
      @Override
      public InsertableRelation toInsertableRelation() {
        return (table, overwrite) -> job.run(table);
      }
    };
  }
}
