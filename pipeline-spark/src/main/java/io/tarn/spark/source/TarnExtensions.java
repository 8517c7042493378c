package io.tarn.spark.source;

import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.search.TarnIndex;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.expressions.FunctionTableSubqueryArgumentExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.connector.catalog.CatalogManager;
import org.apache.spark.sql.connector.catalog.CatalogPlugin;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;

/**
 * What SQL gets of Tarn: {@code spark.sql.extensions = io.tarn.spark.source.TarnExtensions}.
 *
 * <ul>
 *   <li>{@code vector_search('index', array(…), k [, map(options)])}: a table of the k nearest rows
 *       to a vector; see {@link TarnIndex#search}.
 *   <li>{@code knn_join('index', table(queries), 'vector', k [, map(options)])}: of each row of a
 *       table the k nearest rows; see {@link TarnIndex#knnJoin}.
 * </ul>
 *
 * <p>An index is named by its path, or by catalog and name if a {@link TarnCatalog} is configured.
 */
public final class TarnExtensions implements Function1<SparkSessionExtensions, BoxedUnit> {
  private static final String VECTOR_SEARCH = "vector_search";
  private static final String KNN_JOIN = "knn_join";

  /** What a function makes of its arguments. */
  private interface Result {
    Dataset<Row> of(SparkSession spark, Arguments arguments);
  }

  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    inject(
        extensions,
        VECTOR_SEARCH,
        "_FUNC_(index, vector, k [, options]) - the k rows of an index nearest to a vector",
        (spark, arguments) -> {
          arguments.checkCount(3);
          return TarnIndex.of(spark, location(spark, arguments.text(0, "the index")))
              .search(arguments.vector(1), arguments.wholeNumber(2, "k"), arguments.options(3));
        });
    inject(
        extensions,
        KNN_JOIN,
        "_FUNC_(index, TABLE(queries), column, k [, options]) - of each row of a table the k rows"
            + " of an index nearest to its vector",
        (spark, arguments) -> {
          arguments.checkCount(4);
          return TarnIndex.of(spark, location(spark, arguments.text(0, "the index")))
              .knnJoin(
                  arguments.table(spark, 1),
                  arguments.text(2, "the column of vectors"),
                  arguments.wholeNumber(3, "k"),
                  arguments.options(4));
        });
    extensions.injectResolutionRule(session -> new RefusedStatements());
    return BoxedUnit.UNIT;
  }

  private static void inject(
      SparkSessionExtensions extensions, String name, String usage, Result result) {
    Function1<Seq<Expression>, LogicalPlan> plan =
        expressions -> {
          SparkSession spark = SparkSession.active();
          Arguments arguments = new Arguments(name, CollectionConverters.asJava(expressions));
          return ((org.apache.spark.sql.classic.Dataset<Row>) result.of(spark, arguments))
              .queryExecution()
              .analyzed();
        };
    extensions.injectTableFunction(
        new Tuple3<>(
            FunctionIdentifier.apply(name),
            new ExpressionInfo(
                TarnExtensions.class.getName(), null, name, usage, "", "", "", "", "", "", ""),
            plan));
  }

  /** Where the index lies that a function names: as the catalog says, or there. */
  private static String location(SparkSession spark, String index) {
    int dot = index.indexOf('.');
    if (dot <= 0 || index.indexOf('/') >= 0) {
      return index;
    }
    CatalogManager catalogs =
        ((org.apache.spark.sql.classic.SparkSession) spark).sessionState().catalogManager();
    String first = index.substring(0, dot);
    if (!catalogs.isCatalogRegistered(first)) {
      return index;
    }
    CatalogPlugin catalog = catalogs.catalog(first);
    return catalog instanceof TarnCatalog tarn ? tarn.location(index.substring(dot + 1)) : index;
  }

  /** The arguments of a function. */
  private static final class Arguments {
    private final String function;
    private final List<Expression> expressions;

    Arguments(String function, List<Expression> expressions) {
      this.function = function;
      this.expressions = expressions;
    }

    /** One more than those required may be there: the options. */
    void checkCount(int required) {
      if (expressions.size() < required || expressions.size() > required + 1) {
        throw new UnusableInputException(
            function
                + " takes "
                + required
                + " arguments, and options, not "
                + expressions.size()
                + (function.equals(VECTOR_SEARCH)
                    ? ": vector_search('index', array(…), k, map('nprobe', '8'))"
                    : ": knn_join('index', table(queries), 'vector', k, map('nprobe', '8'))"));
      }
    }

    String text(int i, String what) {
      return (String) constant(i, what, "text", type(i) instanceof StringType);
    }

    int wholeNumber(int i, String what) {
      boolean isWhole = type(i) instanceof IntegerType || type(i) instanceof LongType;
      long value = ((Number) constant(i, what, "a whole number", isWhole)).longValue();
      if (value < 1 || value > Integer.MAX_VALUE) {
        throw new UnusableInputException(function + ": " + what + " cannot be " + value);
      }
      return (int) value;
    }

    float[] vector(int i) {
      boolean isVector = type(i) instanceof ArrayType a && a.elementType() instanceof NumericType;
      Object values = constant(i, "the vector", "an array of numbers", isVector);
      List<?> numbers = CollectionConverters.asJava((scala.collection.Seq<?>) values);
      float[] vector = new float[numbers.size()];
      for (int d = 0; d < vector.length; d++) {
        if (numbers.get(d) == null) {
          throw new UnusableInputException(function + ": value " + d + " of the vector is null");
        }
        vector[d] = ((Number) numbers.get(d)).floatValue();
      }
      return vector;
    }

    Map<String, String> options(int i) {
      Map<String, String> options = new HashMap<>();
      if (i < expressions.size()) {
        Object values = constant(i, "the options", "a map", type(i) instanceof MapType);
        CollectionConverters.asJava((scala.collection.Map<?, ?>) values)
            .forEach((key, value) -> options.put(String.valueOf(key), String.valueOf(value)));
      }
      return options;
    }

    Dataset<Row> table(SparkSession spark, int i) {
      if (!(expressions.get(i) instanceof FunctionTableSubqueryArgumentExpression table)) {
        throw new UnusableInputException(
            function + ": the queries must be a table, written table(queries)");
      }
      return org.apache.spark.sql.classic.Dataset.ofRows(
          (org.apache.spark.sql.classic.SparkSession) spark, table.plan());
    }

    private DataType type(int i) {
      return expressions.get(i).dataType();
    }

    private Object constant(int i, String what, String wanted, boolean isWanted) {
      Expression expression = expressions.get(i);
      Object value = expression.foldable() && isWanted ? expression.eval(null) : null;
      if (value == null) {
        throw new UnusableInputException(
            function
                + ": "
                + what
                + " must be "
                + wanted
                + " that does not depend on any row, not "
                + expression.sql());
      }
      return CatalystTypeConverters.convertToScala(value, expression.dataType());
    }
  }
}
