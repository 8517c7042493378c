package io.tarn.spark.source;

import io.tarn.index.commit.SnapshotLog;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.live.SnapshotChoice;
import io.tarn.spark.segment.IndexLocation;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.StagedTable;
import org.apache.spark.sql.connector.catalog.StagingTableCatalog;
import org.apache.spark.sql.connector.catalog.SupportsWrite;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.apache.spark.sql.connector.catalog.TableInfo;
import org.apache.spark.sql.connector.write.LogicalWriteInfo;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * A catalog of indexes: {@code spark.sql.catalog.tarn = io.tarn.spark.source.TarnCatalog}.
 *
 * <p>{@code tarn.products} is the index in the directory {@code products} below that which {@code
 * spark.sql.catalog.tarn.warehouse} names; a name with a slash, in backticks, is the path of an
 * index. There are no namespaces. {@code CREATE TABLE … AS SELECT} builds an index, with the
 * settings of the build job as its table properties; {@code REPLACE} puts other rows in the place
 * of all that an index has; {@code ALTER TABLE … ADD COLUMN} adds an attribute. No index is ever
 * dropped or altered otherwise.
 */
public final class TarnCatalog implements StagingTableCatalog {
  private static final String WAREHOUSE = "warehouse";
  private static final String VERSIONS = "versions";

  /** Properties that Spark sets by itself. */
  private static final Set<String> SPARK_PROPERTIES =
      Set.of(
          PROP_PROVIDER,
          PROP_OWNER,
          PROP_EXTERNAL,
          PROP_IS_MANAGED_LOCATION,
          PROP_TABLE_TYPE,
          PROP_COLLATION);

  private String name;
  private Optional<String> warehouse = Optional.empty();

  @Override
  public void initialize(String catalogName, CaseInsensitiveStringMap options) {
    name = catalogName;
    warehouse = Optional.ofNullable(options.get(WAREHOUSE));
    for (String key : options.keySet()) {
      if (!key.equalsIgnoreCase(WAREHOUSE)) {
        throw new UnusableInputException(
            "unknown setting 'spark.sql.catalog."
                + name
                + "."
                + key
                + "': a catalog of indexes has warehouse");
      }
    }
  }

  @Override
  public String name() {
    return name;
  }

  /** Where the index lies that has a name in this catalog. */
  String location(String index) {
    Identifier identifier = Identifier.of(new String[0], index);
    return location(identifier)
        .orElseThrow(
            () ->
                new UnusableInputException(
                    "the catalog " + name + " has no warehouse, in which " + index + " could lie"));
  }

  /** Where the index lies that a name stands for. */
  private Optional<String> location(Identifier identifier) {
    if (identifier.namespace().length > 0) {
      return Optional.empty();
    }
    if (identifier.name().indexOf('/') >= 0) {
      return Optional.of(identifier.name());
    }
    return warehouse.map(directory -> directory + "/" + identifier.name());
  }

  @Override
  public Table loadTable(Identifier identifier) throws NoSuchTableException {
    return table(identifier, SnapshotChoice.NEWEST);
  }

  @Override
  public boolean tableExists(Identifier identifier) {
    Optional<String> location = location(identifier);
    return location.isPresent() && isIndex(location.get());
  }

  @Override
  public Table loadTable(Identifier identifier, String version) throws NoSuchTableException {
    CaseInsensitiveStringMap options =
        new CaseInsensitiveStringMap(Map.of(SnapshotChoice.VERSION, version));
    return table(
        identifier, SnapshotChoice.parse(options, SnapshotChoice.timeZone(SparkSession.active())));
  }

  @Override
  public Table loadTable(Identifier identifier, long timestampMicros) throws NoSuchTableException {
    long millis = Math.floorDiv(timestampMicros, TimeUnit.MILLISECONDS.toMicros(1));
    return table(identifier, new SnapshotChoice(OptionalLong.empty(), OptionalLong.of(millis)));
  }

  private Table table(Identifier identifier, SnapshotChoice version) throws NoSuchTableException {
    if (!tableExists(identifier)) {
      throw new NoSuchTableException(name, qualified(identifier));
    }
    String location = location(identifier).orElseThrow();
    return new IndexTable(SparkSession.active(), location, () -> version, Optional.empty());
  }

  private static String qualified(Identifier identifier) {
    List<String> parts = new ArrayList<>(List.of(identifier.namespace()));
    parts.add(identifier.name());
    return String.join(".", parts);
  }

  private static boolean isIndex(String location) {
    IndexLocation index = new IndexLocation(SparkSession.active().sparkContext(), location);
    try (var storage = index.open()) {
      return new SnapshotLog(storage).newestVersion() > 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
  }

  /** The indexes right below the warehouse. */
  @Override
  public Identifier[] listTables(String[] namespace) throws NoSuchNamespaceException {
    if (namespace.length > 0) {
      throw new NoSuchNamespaceException(namespace);
    }
    if (warehouse.isEmpty()) {
      return new Identifier[0];
    }
    List<Identifier> tables = new ArrayList<>();
    try {
      Path directory = directory(warehouse.get());
      FileSystem files =
          directory.getFileSystem(SparkSession.active().sparkContext().hadoopConfiguration());
      for (FileStatus file : files.listStatus(directory)) {
        if (file.isDirectory() && files.exists(new Path(file.getPath(), VERSIONS))) {
          tables.add(Identifier.of(namespace, file.getPath().getName()));
        }
      }
    } catch (FileNotFoundException e) {
      // What is not there yet holds no tables.
      return new Identifier[0];
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
    return tables.toArray(Identifier[]::new);
  }

  /** A path without a scheme is local here as well, whatever Hadoop's default is. */
  private static Path directory(String location) {
    Path path = new Path(location);
    return path.toUri().getScheme() == null
        ? new Path(java.nio.file.Path.of(location).toAbsolutePath().toUri())
        : path;
  }

  @Override
  public Table createTable(Identifier identifier, TableInfo info) {
    throw new UnsupportedOperationException(
        "an index is built of rows: CREATE TABLE "
            + name
            + "."
            + qualified(identifier)
            + " AS SELECT …");
  }

  /** Builds an index of the rows that are then written. */
  @Override
  public StagedTable stageCreate(Identifier identifier, TableInfo info)
      throws TableAlreadyExistsException, NoSuchNamespaceException {
    StagedTable table = stageCreateOrReplace(identifier, info);
    if (tableExists(identifier)) {
      throw new TableAlreadyExistsException(identifier);
    }
    return table;
  }

  /** Puts the rows that are then written in the place of all rows of an index. */
  @Override
  public StagedTable stageReplace(Identifier identifier, TableInfo info)
      throws NoSuchTableException, NoSuchNamespaceException {
    if (!tableExists(identifier)) {
      throw new NoSuchTableException(name, qualified(identifier));
    }
    return stageCreateOrReplace(identifier, info);
  }

  @Override
  public StagedTable stageCreateOrReplace(Identifier identifier, TableInfo info)
      throws NoSuchNamespaceException {
    if (identifier.namespace().length > 0) {
      throw new NoSuchNamespaceException(identifier.namespace());
    }
    String location =
        location(identifier)
            .orElseThrow(
                () ->
                    new UnusableInputException(
                        "set spark.sql.catalog."
                            + name
                            + ".warehouse to the directory in which indexes are to lie"));
    if (info.partitions().length > 0) {
      throw new UnusableInputException("an index has no partitions but its lists");
    }
    return new NewIndexTable(location, info, tableExists(identifier));
  }

  /** Adds attributes; nothing else of an index is ever altered. */
  @Override
  public Table alterTable(Identifier identifier, TableChange... changes)
      throws NoSuchTableException {
    if (!tableExists(identifier)) {
      throw new NoSuchTableException(name, qualified(identifier));
    }
    NewAttributes.of(changes)
        .addTo(
            new IndexLocation(
                SparkSession.active().sparkContext(), location(identifier).orElseThrow()));
    return loadTable(identifier);
  }

  @Override
  public boolean dropTable(Identifier identifier) {
    throw new UnsupportedOperationException(
        "an index is not dropped, as others may be using it: remove its directory, "
            + location(identifier).orElse(identifier.name()));
  }

  @Override
  public void renameTable(Identifier from, Identifier to) {
    throw new UnsupportedOperationException("an index cannot be renamed");
  }

  /** A table whose first rows make an index of it, in one commit. */
  private static final class NewIndexTable implements StagedTable, SupportsWrite {
    private final String location;
    private final Column[] columns;
    private final boolean replaces;
    private final Map<String, String> settings = new HashMap<>();

    /**
     * @param replaces whether it puts the rows in the place of those of an index
     */
    NewIndexTable(String location, TableInfo info, boolean replaces) {
      this.location = location;
      this.replaces = replaces;
      this.columns = info.columns();
      info.properties()
          .forEach(
              (key, value) -> {
                if (!SPARK_PROPERTIES.contains(key) && !key.startsWith(OPTION_PREFIX)) {
                  settings.put(key, value);
                }
              });
    }

    @Override
    public String name() {
      return location;
    }

    @Override
    public Column[] columns() {
      return columns;
    }

    @Override
    public Set<TableCapability> capabilities() {
      return Set.of(
          TableCapability.V1_BATCH_WRITE,
          TableCapability.TRUNCATE,
          TableCapability.ACCEPT_ANY_SCHEMA);
    }

    @Override
    public WriteBuilder newWriteBuilder(LogicalWriteInfo info) {
      Map<String, String> options = new HashMap<>(settings);
      options.putAll(info.options().asCaseSensitiveMap());
      JobWrite.Job write =
          table -> {
            TableWrite rows = new TableWrite(SparkSession.active(), location, options, table);
            if (replaces) {
              rows.overwrite();
            } else {
              rows.build();
            }
          };
      return new JobWrite(write, write);
    }

    /** The build committed what it wrote, or nothing. */
    @Override
    public void commitStagedChanges() {}

    @Override
    public void abortStagedChanges() {}
  }
}
