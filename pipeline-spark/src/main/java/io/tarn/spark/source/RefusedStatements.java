package io.tarn.spark.source;

import io.tarn.spark.input.UnusableInputException;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.MergeIntoTable;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.catalyst.plans.logical.UpdateTable;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation;

/**
 * Says what to do in the place of {@code MERGE} and {@code UPDATE}. Spark itself would say that it
 * cannot find columns, as it leaves the columns of a table that takes any alone.
 */
final class RefusedStatements extends Rule<LogicalPlan> {
  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    if (plan instanceof MergeIntoTable merge && isIndex(merge.targetTable())) {
      throw new UnusableInputException(
          "MERGE INTO does not work on an index: INSERT INTO puts rows in the place of those with"
              + " their ids, and DELETE FROM … WHERE id IN (…) takes rows away; one table can do"
              + " both in one commit, by df.write with the option op-column");
    }
    if (plan instanceof UpdateTable update && isIndex(update.table())) {
      throw new UnusableInputException(
          "UPDATE does not work on an index: INSERT INTO … SELECT from the index itself what the"
              + " rows are to be; it puts them in the place of those with their ids");
    }
    return plan;
  }

  private static boolean isIndex(LogicalPlan target) {
    LogicalPlan table = target;
    while (table instanceof SubqueryAlias alias) {
      table = alias.child();
    }
    return table instanceof DataSourceV2Relation relation && relation.table() instanceof IndexTable;
  }
}
