package io.tarn.spark.source;

import io.tarn.index.commit.CommitConflictException;
import io.tarn.index.commit.Committer;
import io.tarn.index.commit.SnapshotLog;
import io.tarn.index.feature.Attribute;
import io.tarn.index.feature.AttributeType;
import io.tarn.index.snapshot.Change;
import io.tarn.index.storage.Storage;
import io.tarn.index.write.ModelReassigner;
import io.tarn.spark.input.AttributeTypes;
import io.tarn.spark.input.UnusableInputException;
import io.tarn.spark.segment.IndexLocation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.connector.catalog.TableChange;

/** What {@code ALTER TABLE} can do to an index: add attributes. */
record NewAttributes(List<Attribute> attributes) {
  private static final String OPERATION = "alter";

  /**
   * @throws UnsupportedOperationException if the changes do anything else
   */
  static NewAttributes of(TableChange... changes) {
    List<Attribute> attributes = new ArrayList<>();
    for (TableChange change : changes) {
      if (!(change instanceof TableChange.AddColumn added)
          || added.fieldNames().length != 1
          || !added.isNullable()
          || added.position() != null
          || added.defaultValue() != null) {
        throw new UnsupportedOperationException(
            "of an index nothing can be altered, but nullable columns can be added at its end:"
                + " ALTER TABLE … ADD COLUMN price double");
      }
      attributes.add(attribute(added));
    }
    return new NewAttributes(attributes);
  }

  private static Attribute attribute(TableChange.AddColumn added) {
    String name = added.fieldNames()[0];
    AttributeType type =
        AttributeTypes.of(added.dataType())
            .orElseThrow(
                () ->
                    new UnusableInputException(
                        "column '"
                            + name
                            + "' has the type "
                            + added.dataType().simpleString()
                            + "; an attribute must be "
                            + AttributeTypes.SUPPORTED));
    try {
      return new Attribute(name, type);
    } catch (IllegalArgumentException e) {
      throw new UnusableInputException(e.getMessage(), e);
    }
  }

  /** Makes them part of the schema, as a version of its own. */
  void addTo(IndexLocation location) {
    try (Storage storage = location.open()) {
      SnapshotLog log = new SnapshotLog(storage);
      Change change =
          Change.append(OPERATION, log.newest().model().id(), List.of()).adding(attributes);
      new Committer(log, new ModelReassigner(storage)).commit(change);
    } catch (CommitConflictException e) {
      throw new UnusableInputException(e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }
}
