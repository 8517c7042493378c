package io.tarn.spark.search;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.RejectedFeatureException;
import io.tarn.index.feature.Schema;
import io.tarn.index.feature.VectorRules;
import io.tarn.index.filter.Filter;
import io.tarn.index.search.ListRanking;
import io.tarn.index.search.Probe;
import io.tarn.index.search.Query;
import io.tarn.index.search.SearchEffort;
import io.tarn.index.search.SearchResult;
import io.tarn.index.snapshot.Snapshot;
import io.tarn.index.storage.Storage;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.input.VectorText;
import io.tarn.spark.live.LiveSegment;
import io.tarn.spark.live.SettledRows;
import io.tarn.spark.rows.ByNumber;
import io.tarn.spark.rows.FeatureTable;
import io.tarn.spark.rows.Packed;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * The stages of a join: queries go to the parts that have rows of the lists they probe, are
 * answered there, and their answers meet. Queries that found too little go to all parts.
 */
final class KnnJoin implements Serializable {
  static final String RANK = "rank";
  static final String DISTANCE = "distance";
  static final String NEIGHBOUR = "neighbour";

  /** So many queries are answered together: each list is read once for all of them. */
  private static final int BATCH_QUERIES = 256;

  /** As in searches of the whole index: with a filter, so many rows must have been looked at. */
  private static final int SELECTED_ROWS_PER_HIT = 20;

  private static final int QUERY_BITS = 40;

  /** Types of columns that tell one query from another. */
  private static final Set<DataType> TELLING =
      Set.of(
          DataTypes.StringType,
          DataTypes.LongType,
          DataTypes.IntegerType,
          DataTypes.ShortType,
          DataTypes.ByteType);

  private static final int MOST_TOLD = 3;
  private static final int MOST_TOLD_CHARS = 40;

  private final transient SparkSession spark;
  private final IndexLocation location;
  private final long version;
  private final Schema schema;
  private final Broadcast<Packed<Parts>> parts;
  private final int partCount;
  private final int slices;
  private final int tasks;
  private final int k;
  private final int possible;
  private final int nprobe;
  private final boolean exact;
  private final String filter;

  KnnJoin(
      SparkSession spark,
      IndexLocation location,
      Snapshot snapshot,
      Parts parts,
      int k,
      KnnOptions options) {
    this.spark = spark;
    this.location = location;
    this.version = snapshot.version();
    this.schema = snapshot.schema();
    this.parts =
        JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(Packed.of(parts));
    this.partCount = parts.count();
    this.tasks = spark.sparkContext().defaultParallelism();
    // Fewer parts than tasks: several tasks share a part.
    this.slices = partCount == 0 ? 1 : Math.max(1, (tasks + partCount - 1) / partCount);
    this.k = k;
    this.possible = (int) Math.min(k, parts.liveRows());
    this.exact = options.exact();
    this.nprobe = options.probe(snapshot, k).listsWanted(snapshot, k);
    this.filter = options.filter().orElse(null);
  }

  /**
   * Plans a join. Mistakes are found now; which rows are live, and all that follows, when the
   * result is first asked for.
   */
  static Dataset<Row> of(
      SparkSession spark,
      IndexLocation location,
      Snapshot snapshot,
      int k,
      KnnOptions options,
      Dataset<Row> queries,
      String vectorColumn) {
    options.probe(snapshot, k);
    StructType type = resultType(queries.schema(), snapshot.schema());
    List<Column> columns = new ArrayList<>();
    for (String name : queries.columns()) {
      columns.add(quoted(name));
    }
    columns.add(vectorColumn(queries, vectorColumn));
    Dataset<Row> selected = queries.select(columns.toArray(Column[]::new));
    StructType queryType = queries.schema();
    LaterRows.Plan plan =
        () -> {
          int tasks = spark.sparkContext().defaultParallelism();
          List<LiveSegment> segments = settled(spark, location, snapshot);
          Parts parts =
              options
                  .partBytes()
                  .map(bytes -> Parts.ofBytes(segments, bytes))
                  .orElseGet(() -> Parts.of(segments, tasks, spark.sparkContext().isLocal()));
          return new KnnJoin(spark, location, snapshot, parts, k, options)
              .rows(selected, queryType, vectorColumn)
              .rdd();
        };
    return ((org.apache.spark.sql.classic.SparkSession) spark)
        .internalCreateDataFrame(new LaterRows(spark.sparkContext(), plan), type, false);
  }

  private static List<LiveSegment> settled(
      SparkSession spark, IndexLocation location, Snapshot snapshot) {
    try {
      return SettledRows.of(spark, location, snapshot);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  private JavaRDD<InternalRow> rows(
      Dataset<Row> selected, StructType queryType, String vectorColumn) {
    if (partCount == 0) {
      return JavaSparkContext.fromSparkContext(spark.sparkContext()).emptyRDD();
    }
    if (partCount == 1) {
      return spread(internalRows(selected))
          .mapPartitionsWithIndex(
              (task, rows) ->
                  resultsOfOnePart(new Routed(this, rows, queryType, vectorColumn, task)),
              true);
    }
    JavaPairRDD<Integer, Asked> asked =
        JavaPairRDD.fromJavaRDD(
            internalRows(selected)
                .mapPartitionsWithIndex(
                    (task, rows) -> new Routed(this, rows, queryType, vectorColumn, task), true));
    JavaPairRDD<Long, Found> found = answered(asked, exact);
    if (!exact) {
      JavaPairRDD<Long, Found> complete = found.filter(each -> isComplete(each._2));
      JavaPairRDD<Integer, Asked> again =
          found.filter(each -> !isComplete(each._2)).flatMapToPair(this::everywhere);
      found = complete.union(answered(again, true));
    }
    return found.values().mapPartitions(each -> new ResultRows(each, queryType.length()));
  }

  /** Queries in as many partitions at least as there are processors to search with. */
  private JavaRDD<InternalRow> spread(JavaRDD<InternalRow> rows) {
    int atOnce =
        spark.sparkContext().isLocal()
            ? Math.min(tasks, Runtime.getRuntime().availableProcessors())
            : tasks;
    return rows.getNumPartitions() < atOnce
        ? rows.map(InternalRow::copy).repartition(atOnce)
        : rows;
  }

  /** Where one part has all rows, a query needs no other, and is answered where it is. */
  private Iterator<InternalRow> resultsOfOnePart(Routed asked) throws IOException {
    Iterator<Tuple2<Long, Found>> answers = answers(asked, 0, exact);
    Iterator<Found> found =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return answers.hasNext();
          }

          @Override
          public Found next() {
            return answers.next()._2;
          }
        };
    return new ResultRows(found, asked.vectorOrdinal);
  }

  private static JavaRDD<InternalRow> internalRows(Dataset<Row> rows) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) rows).queryExecution().toRdd().toJavaRDD();
  }

  private static Column quoted(String name) {
    return functions.col("`" + name.replace("`", "``") + "`");
  }

  private static Column vectorColumn(Dataset<Row> queries, String name) {
    StructType type = queries.schema();
    if (!Arrays.asList(type.fieldNames()).contains(name)) {
      throw new UnusableInputException(
          "the queries have no column '"
              + name
              + "'; their columns are "
              + String.join(", ", type.fieldNames()));
    }
    DataType found = type.apply(name).dataType();
    if (found instanceof StringType) {
      return quoted(name);
    }
    if (!(found instanceof ArrayType array && array.elementType() instanceof NumericType)) {
      throw new UnusableInputException(
          "column '"
              + name
              + "' of the queries has the type "
              + found.simpleString()
              + "; it must be an array of numbers, or text such as [0.5, 2]");
    }
    return quoted(name)
        .cast(DataTypes.createArrayType(DataTypes.FloatType, ((ArrayType) found).containsNull()));
  }

  private static StructType resultType(StructType queries, Schema schema) {
    for (String name : queries.fieldNames()) {
      if (List.of(RANK, DISTANCE, NEIGHBOUR).stream().anyMatch(name::equalsIgnoreCase)) {
        throw new UnusableInputException(
            "the queries have a column '"
                + name
                + "', which the result gives another meaning: rename it");
      }
    }
    StructType neighbour = new StructType();
    for (StructField field : FeatureTable.type(schema).fields()) {
      if (!field.name().equals("vector")) {
        neighbour = neighbour.add(field);
      }
    }
    return queries
        .add(RANK, DataTypes.IntegerType, false)
        .add(DISTANCE, DataTypes.FloatType, false)
        .add(NEIGHBOUR, neighbour, false);
  }

  /** Whether a query has found all that it can be expected to find. */
  private boolean isComplete(Found found) {
    return found.size() >= possible
        && (filter == null || found.selected() >= (long) SELECTED_ROWS_PER_HIT * possible);
  }

  private Iterator<Tuple2<Integer, Asked>> everywhere(Tuple2<Long, Found> query) {
    List<Tuple2<Integer, Asked>> all = new ArrayList<>();
    for (int part = 0; part < partCount; part++) {
      all.add(new Tuple2<>(place(part, query._1), query._2.asked(query._1, part == 0)));
    }
    return all.iterator();
  }

  /** The partition in which a part answers a query. */
  private int place(int part, long query) {
    return part * slices + Math.floorMod(Long.hashCode(query), slices);
  }

  private JavaPairRDD<Long, Found> answered(JavaPairRDD<Integer, Asked> asked, boolean everything) {
    int neighbours = k;
    int mergers = Math.max(tasks, asked.getNumPartitions());
    return JavaPairRDD.fromJavaRDD(
            asked
                .partitionBy(new ByNumber(partCount * slices))
                .mapPartitionsWithIndex(
                    (place, each) -> answers(each, place / slices, everything), true))
        // No task answers a query twice, so there is nothing to bring together before the shuffle.
        .combineByKey(
            each -> each,
            (some, others) -> some.with(others, neighbours),
            (some, others) -> some.with(others, neighbours),
            new HashPartitioner(mergers),
            false,
            null);
  }

  private Iterator<Tuple2<Long, Found>> answers(
      Iterator<Tuple2<Integer, Asked>> asked, int part, boolean everything) throws IOException {
    if (!asked.hasNext()) {
      return List.<Tuple2<Long, Found>>of().iterator();
    }
    SharedParts.Held held = SharedParts.hold(location, snapshot(), parts.value().get(), part);
    TaskCompletionListener end = task -> held.close();
    TaskContext.get().addTaskCompletionListener(end);
    return new Answers(this, asked, held, everything);
  }

  private Snapshot snapshot() throws IOException {
    try (Storage storage = location.open()) {
      return new SnapshotLog(storage).readPinned(version);
    }
  }

  /** Numbers the queries, checks their vectors, and finds out which parts they concern. */
  private static final class Routed implements Iterator<Tuple2<Integer, Asked>> {
    private final KnnJoin join;
    private final Iterator<InternalRow> rows;
    private final StructType queryType;
    private final UnsafeProjection queryRow;
    private final int vectorColumn;
    private final boolean textVectors;

    /** Of the vector as floats, or as text: behind the columns of the query. */
    private final int vectorOrdinal;

    /** Null if there is one part, which all queries go to. */
    private final ListRanking ranking;

    private final Parts parts;
    private final List<Tuple2<Integer, Asked>> pending = new ArrayList<>();
    private int given;
    private long nextQuery;

    Routed(
        KnnJoin join,
        Iterator<InternalRow> rows,
        StructType queryType,
        String vectorColumn,
        int task)
        throws IOException {
      this.join = join;
      this.rows = rows;
      this.queryType = queryType;
      this.queryRow = UnsafeProjection.create(queryType);
      this.vectorOrdinal = queryType.length();
      this.vectorColumn = queryType.fieldIndex(vectorColumn);
      this.textVectors = queryType.apply(vectorColumn).dataType() instanceof StringType;
      this.nextQuery = (long) task << QUERY_BITS;
      this.parts = join.parts.value().get();
      if (parts.count() == 1) {
        this.ranking = null;
        return;
      }
      try (Storage storage = join.location.open()) {
        this.ranking = SharedParts.ranking(storage, new SnapshotLog(storage).read(join.version));
      }
    }

    @Override
    public boolean hasNext() {
      return given < pending.size() || rows.hasNext();
    }

    @Override
    public Tuple2<Integer, Asked> next() {
      if (given == pending.size()) {
        pending.clear();
        given = 0;
        route(rows.next());
      }
      return pending.get(given++);
    }

    private void route(InternalRow row) {
      long query = nextQuery++;
      float[] vector = vector(row);
      float[] accepted = accepted(vector, row);
      BitSet concerned = parts.all();
      if (!join.exact && ranking != null) {
        concerned = parts.with(ranking.model().listIds(), ranking.nearest(accepted, join.nprobe));
      }
      if (concerned.isEmpty()) {
        // It will find nothing there, and then be sent everywhere.
        concerned.set(0);
      }
      byte[] bytes = queryRow.apply(row).getBytes();
      concerned.stream()
          .forEach(
              part ->
                  pending.add(
                      new Tuple2<>(
                          join.place(part, query),
                          new Asked(query, vector, pending.isEmpty() ? bytes : null))));
    }

    private float[] vector(InternalRow row) {
      if (row.isNullAt(vectorOrdinal)) {
        return null;
      }
      if (textVectors) {
        try {
          return VectorText.parse(row.getUTF8String(vectorOrdinal).toString());
        } catch (IllegalArgumentException e) {
          throw unusable(row, e);
        }
      }
      ArrayData values = row.getArray(vectorOrdinal);
      for (int i = 0; i < values.numElements(); i++) {
        if (values.isNullAt(i)) {
          throw unusable(
              row, new IllegalArgumentException("value " + i + " of its vector is null"));
        }
      }
      return values.toFloatArray();
    }

    private float[] accepted(float[] vector, InternalRow row) {
      try {
        return VectorRules.accept(join.schema, vector);
      } catch (RejectedFeatureException e) {
        throw unusable(row, e);
      }
    }

    private UnusableInputException unusable(InternalRow row, Exception problem) {
      return new UnusableInputException(
          named(row) + " cannot be used: " + problem.getMessage(), problem);
    }

    /** Tells people which query it is, by columns as ids have. */
    private String named(InternalRow row) {
      String columns =
          IntStream.range(0, vectorOrdinal)
              .filter(i -> i != vectorColumn && !row.isNullAt(i))
              .filter(i -> TELLING.contains(queryType.apply(i).dataType()))
              .limit(MOST_TOLD)
              .mapToObj(i -> queryType.apply(i).name() + " = " + value(row, i))
              .collect(Collectors.joining(", "));
      return columns.isEmpty() ? "a query" : "the query with " + columns;
    }

    private String value(InternalRow row, int column) {
      String text = row.get(column, queryType.apply(column).dataType()).toString();
      return text.length() <= MOST_TOLD_CHARS ? text : text.substring(0, MOST_TOLD_CHARS) + "…";
    }
  }

  /** Answers queries in one part, batch by batch. */
  private static final class Answers implements Iterator<Tuple2<Long, Found>> {
    private final KnnJoin join;
    private final Iterator<Tuple2<Integer, Asked>> asked;
    private final SharedParts.Held held;
    private final Probe probe;
    private final Optional<Filter> filter;
    private final List<Tuple2<Long, Found>> answered = new ArrayList<>();
    private int given;

    Answers(
        KnnJoin join,
        Iterator<Tuple2<Integer, Asked>> asked,
        SharedParts.Held held,
        boolean everything) {
      this.join = join;
      this.asked = asked;
      this.held = held;
      this.probe = everything ? Probe.exact() : Probe.nearest(join.nprobe);
      this.filter = Optional.ofNullable(join.filter).map(text -> Filter.parse(text, join.schema));
    }

    @Override
    public boolean hasNext() {
      return given < answered.size() || asked.hasNext();
    }

    @Override
    public Tuple2<Long, Found> next() {
      if (given == answered.size()) {
        if (!asked.hasNext()) {
          throw new NoSuchElementException();
        }
        answered.clear();
        given = 0;
        answerBatch();
      }
      return answered.get(given++);
    }

    private void answerBatch() {
      List<Asked> batch = new ArrayList<>();
      List<Query> queries = new ArrayList<>();
      while (asked.hasNext() && batch.size() < BATCH_QUERIES) {
        Asked next = asked.next()._2;
        Query query = Query.nearest(next.vector(), join.k).probing(probe);
        if (join.partCount > 1) {
          // Whether further lists are needed is for all parts together to say.
          query = query.stoppingAtProbes();
        }
        queries.add(filter.isPresent() ? query.where(filter.get()) : query);
        batch.add(next);
      }
      try {
        List<SearchResult> results = held.view().search(queries);
        for (int i = 0; i < results.size(); i++) {
          SearchEffort effort = results.get(i).effort();
          long selected = effort.rowsScanned() - effort.rowsFiltered() - effort.rowsDead();
          answered.add(
              new Tuple2<>(
                  batch.get(i).query(), Found.of(batch.get(i), results.get(i).hits(), selected)));
        }
      } catch (RejectedFeatureException e) {
        throw new IllegalStateException("a query that was accepted is refused", e);
      }
    }
  }

  /** A row for each neighbour of each query. */
  private static final class ResultRows implements Iterator<InternalRow> {
    private final Iterator<Found> found;
    private final UnsafeRow query;
    private final Object[] values = new Object[3];
    private final JoinedRow joined;
    private Found current;
    private int rank;

    ResultRows(Iterator<Found> found, int queryColumns) {
      this.found = found;
      this.query = new UnsafeRow(queryColumns);
      this.joined = new JoinedRow(query, new GenericInternalRow(values));
    }

    @Override
    public boolean hasNext() {
      while ((current == null || rank == current.size()) && found.hasNext()) {
        current = found.next();
        rank = 0;
        query.pointTo(current.row(), current.row().length);
      }
      return current != null && rank < current.size();
    }

    @Override
    public InternalRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Object[] attributes = current.attributes(rank);
      Object[] neighbour = new Object[attributes.length + 1];
      neighbour[0] = internal(current.id(rank));
      for (int i = 0; i < attributes.length; i++) {
        neighbour[i + 1] = internal(attributes[i]);
      }
      values[0] = rank + 1;
      values[1] = current.distance(rank);
      values[2] = new GenericInternalRow(neighbour);
      rank++;
      return joined;
    }

    /** A value as Spark holds it inside. */
    private static Object internal(Object value) {
      return value instanceof String text ? UTF8String.fromString(text) : value;
    }
  }
}
