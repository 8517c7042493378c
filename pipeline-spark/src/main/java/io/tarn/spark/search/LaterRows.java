package io.tarn.spark.search;

import java.util.List;
import org.apache.spark.Dependency;
import org.apache.spark.OneToOneDependency;
import org.apache.spark.Partition;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.collection.Iterator;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;

/**
 * Rows of which it is not known how they come about, not even in how many partitions, before an
 * action asks for them: planning a query, or explaining it, does nothing that takes long.
 */
final class LaterRows extends RDD<InternalRow> {
  private static final ClassTag<InternalRow> ROW = ClassTag.apply(InternalRow.class);

  private final transient Plan plan;
  private transient RDD<InternalRow> planned;

  /** Finds out how the rows come about; on the driver, and once. */
  interface Plan {
    RDD<InternalRow> rows();
  }

  LaterRows(SparkContext context, Plan plan) {
    super(context, none(), ROW);
    this.plan = plan;
  }

  private static Seq<Dependency<?>> none() {
    return CollectionConverters.asScala(List.<Dependency<?>>of()).toSeq();
  }

  private synchronized RDD<InternalRow> planned() {
    if (planned == null) {
      planned = plan.rows();
    }
    return planned;
  }

  @Override
  public Seq<Dependency<?>> getDependencies() {
    List<Dependency<?>> one = List.of(new OneToOneDependency<>(planned()));
    return CollectionConverters.asScala(one).toSeq();
  }

  @Override
  public Partition[] getPartitions() {
    return planned().partitions();
  }

  @Override
  public Iterator<InternalRow> compute(Partition partition, TaskContext task) {
    return firstParent(ROW).iterator(partition, task);
  }
}
