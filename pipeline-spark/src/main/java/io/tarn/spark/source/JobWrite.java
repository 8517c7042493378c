package io.tarn.spark.source;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.connector.write.SupportsTruncate;
import org.apache.spark.sql.connector.write.V1Write;
import org.apache.spark.sql.connector.write.Write;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.sources.InsertableRelation;

/** A write that hands the whole table to a job, which deals with tasks that fail by itself. */
final class JobWrite implements SupportsTruncate {
  private final Job overwrite;
  private final Job chosen;

  /** What is done with the table. */
  interface Job {
    void run(Dataset<Row> table);
  }

  /**
   * @param append adds the table to what is there
   * @param overwrite puts it in the place of all that is there
   */
  JobWrite(Job append, Job overwrite) {
    this.overwrite = overwrite;
    this.chosen = append;
  }

  /** Spark's word for: all rows that are there go, and those that are written come. */
  @Override
  public WriteBuilder truncate() {
    return new JobWrite(overwrite, overwrite);
  }

  @Override
  public Write build() {
    Job job = chosen;
    return new V1Write() {
      @Override
      public InsertableRelation toInsertableRelation() {
        return (table, unused) -> job.run(table);
      }
    };
  }
}
